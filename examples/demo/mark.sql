\echo 'Everything up to 30 November is marked; milestones only when they are reached.'
\echo
SELECT clock_timestamp() AS start \gset
CREATE TABLE demo.marked AS
SELECT * FROM mark_ready_to_invoice(
    actuals    => ARRAY(SELECT actual_id FROM time_and_material_backlog WHERE transaction_date <= '2025-11-30'),
    milestones => ARRAY(SELECT milestone_split_id FROM fixed_price_milestones WHERE milestone_date <= '2025-11-30'),
    products   => ARRAY(SELECT contract_line_id FROM product_backlog));
SELECT took(:'start') AS took \gset

SELECT m.outcome AS "Outcome", m.item AS "Item", c.name AS "Contract", number(m.item_count) AS "Count", coalesce(m.reason, '') AS "Reason"
  FROM demo.marked m LEFT JOIN contract c USING (contract_id)
 ORDER BY m.outcome, m.item, c.contract_id;
\echo 'Took' :took
\echo
SELECT require(bool_or(outcome = 'refused' AND reason LIKE '%not-to-exceed%'), 'some work exceeds a limit') FROM demo.marked \g /dev/null
