-- Marks everything up to 30 November; milestones only when they are reached.
SELECT clock_timestamp() AS start \gset
CREATE TABLE demo.marked AS
SELECT * FROM mark_ready_to_invoice(
    actuals    => ARRAY(SELECT actual_id FROM time_and_material_backlog WHERE transaction_date <= '2025-11-30'),
    milestones => ARRAY(SELECT milestone_split_id FROM fixed_price_milestones WHERE milestone_date <= '2025-11-30'),
    products   => ARRAY(SELECT contract_line_id FROM product_backlog));
SELECT took(:'start') AS took, sum(item_count) AS items FROM demo.marked \gset

\echo 'Everything up to 30 November is marked ready:' :items 'items in' :took
SELECT m.outcome AS "Outcome", m.item AS "Item", number(sum(m.item_count)) AS "Count", coalesce(m.reason, '') AS "Reason",
       CASE WHEN m.outcome = 'refused' THEN c.name ELSE '' END AS "Contract"
  FROM demo.marked m JOIN contract c USING (contract_id)
 GROUP BY m.outcome, m.item, m.reason, 5 ORDER BY m.outcome, m.item, m.reason;

\echo 'The backlog now, chargeable and without tax:'
\ir backlog.sql
SELECT require(bool_or(outcome = 'refused' AND reason LIKE '%not-to-exceed%'), 'some work exceeds a limit') FROM demo.marked \g /dev/null
