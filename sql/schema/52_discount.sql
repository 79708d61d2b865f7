-- Discount and fee of time-and-material lines. The amount of a sale is what the customer owes without tax: quantity x
-- price less the discount plus the fee. So everything that sums amounts counts both without knowing of them; the
-- columns here say how an amount came about, and are NULL where the line has neither: such rows cost nothing.

ALTER TABLE billing.contract_line ADD COLUMN IF NOT EXISTS discount_percent numeric(7,4) NOT NULL DEFAULT 0
    CONSTRAINT contract_line_discount_is_a_percentage CHECK (discount_percent BETWEEN 0 AND 100)
    CONSTRAINT contract_line_discount_needs_time_and_material CHECK (discount_percent = 0 OR billing_method = 'time_and_material');
ALTER TABLE billing.contract_line ADD COLUMN IF NOT EXISTS fee_percent numeric(7,4) NOT NULL DEFAULT 0
    CONSTRAINT contract_line_fee_is_not_negative CHECK (fee_percent >= 0)
    CONSTRAINT contract_line_fee_needs_time_and_material CHECK (fee_percent = 0 OR billing_method = 'time_and_material');
COMMENT ON COLUMN billing.contract_line.discount_percent IS 'Percentage of quantity x price taken off every chargeable sale of work approved from now on; reevaluate_work() applies it to the backlog. Time and material only.';
COMMENT ON COLUMN billing.contract_line.fee_percent IS 'Percentage of quantity x price, before the discount, added to every chargeable sale; otherwise like discount_percent.';

ALTER TABLE billing.actual ADD COLUMN IF NOT EXISTS discount_percent numeric;
ALTER TABLE billing.actual ADD COLUMN IF NOT EXISTS fee_percent numeric;
ALTER TABLE billing.actual ADD COLUMN IF NOT EXISTS discount_amount numeric;
ALTER TABLE billing.actual ADD COLUMN IF NOT EXISTS fee_amount numeric;
COMMENT ON COLUMN billing.actual.amount IS 'Without tax; sales in the contract''s currency, costs in the company''s. Of a sale quantity x price less discount_amount plus fee_amount: what the customer owes, and what every total and limit counts.';
COMMENT ON COLUMN billing.actual.discount_percent IS 'Of its contract line when the sale was written; the four columns of discount and fee are all set or all NULL (neither).';
COMMENT ON COLUMN billing.actual.fee_percent IS 'Like discount_percent.';
COMMENT ON COLUMN billing.actual.discount_amount IS 'Contained in amount, which is less by it. 0 if not chargeable.';
COMMENT ON COLUMN billing.actual.fee_amount IS 'Contained in amount, which is more by it. 0 if not chargeable.';

ALTER TABLE billing.invoice_detail ADD COLUMN IF NOT EXISTS discount_amount numeric;
ALTER TABLE billing.invoice_detail ADD COLUMN IF NOT EXISTS fee_amount numeric;
COMMENT ON COLUMN billing.invoice_detail.discount_amount IS 'Contained in amount; worked out with the percentages of the source. NULL where that has none.';
COMMENT ON COLUMN billing.invoice_detail.fee_amount IS 'Contained in amount, like discount_amount.';

CREATE OR REPLACE VIEW billing.discounts_and_fees AS
SELECT a.contract_id, a.contract_line_id, a.customer_id, a.actual_id, a.reverses_id, a.entry_id, a.invoice_id, a.transaction_type,
       a.transaction_class, a.transaction_date, a.billing_type, a.billing_status, a.quantity, a.price,
       a.amount + a.discount_amount - a.fee_amount AS base_amount,
       a.discount_percent, a.discount_amount, a.fee_percent, a.fee_amount, a.amount, a.tax, a.amount + a.tax AS extended_amount,
       c.currency
  FROM billing.actual a
  JOIN billing.contract c ON c.contract_id = a.contract_id
 WHERE a.discount_percent IS NOT NULL;
COMMENT ON VIEW billing.discounts_and_fees IS 'Sales of lines with discount or fee, unbilled and billed with their reversals: how quantity and price became the amount.';
COMMENT ON COLUMN billing.discounts_and_fees.base_amount IS 'Quantity x price, before discount and fee.';
