-- Vocabularies. One enum each; the C++ catalog (src/domain/vocabulary.cpp) holds the same labels, a test compares both.

CREATE TYPE @extschema@.billing_status AS ENUM ('not_ready_to_invoice', 'ready_to_invoice', 'customer_invoice_created', 'customer_invoice_posted', 'canceled');
COMMENT ON TYPE @extschema@.billing_status IS 'where an unbilled sales actual stands on its way to a posted invoice';
CREATE CAST (pg_catalog.text AS @extschema@.billing_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.milestone_status AS ENUM ('not_ready_to_invoice', 'ready_to_invoice', 'customer_invoice_created', 'customer_invoice_posted');
COMMENT ON TYPE @extschema@.milestone_status IS 'where one customer''s share of a milestone stands on its way to a posted invoice';
CREATE CAST (pg_catalog.text AS @extschema@.milestone_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.product_status AS ENUM ('not_ready_to_invoice', 'ready_to_invoice', 'customer_invoice_created', 'customer_invoice_posted');
COMMENT ON TYPE @extschema@.product_status IS 'where a product line stands on its way to a posted invoice';
CREATE CAST (pg_catalog.text AS @extschema@.product_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.milestone_header_status AS ENUM ('not_started', 'in_progress', 'completed');
COMMENT ON TYPE @extschema@.milestone_header_status IS 'progress of a whole milestone, derived from the shares of its customers';
CREATE CAST (pg_catalog.text AS @extschema@.milestone_header_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.invoice_status AS ENUM ('active', 'paid');
COMMENT ON TYPE @extschema@.invoice_status IS 'active or paid';
CREATE CAST (pg_catalog.text AS @extschema@.invoice_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.project_invoice_status AS ENUM ('draft', 'in_review', 'confirmed', 'posted');
COMMENT ON TYPE @extschema@.project_invoice_status IS 'where an invoice stands between draft and ledger; draft and in_review are editable';
CREATE CAST (pg_catalog.text AS @extschema@.project_invoice_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.nte_status AS ENUM ('not_applicable', 'not_evaluated', 'committed', 'failed');
COMMENT ON TYPE @extschema@.nte_status IS 'what the not-to-exceed limits say of an unbilled sales actual';
CREATE CAST (pg_catalog.text AS @extschema@.nte_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.nte_level AS ENUM ('contract_line_customer', 'contract_line', 'contract_customer', 'contract');
COMMENT ON TYPE @extschema@.nte_level IS 'the level whose not-to-exceed limit an actual would break, in order of evaluation';
CREATE CAST (pg_catalog.text AS @extschema@.nte_level) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.adjustment_status AS ENUM ('adjustable', 'in_process', 'adjusted', 'unadjustable');
COMMENT ON TYPE @extschema@.adjustment_status IS 'whether an actual stands, is being corrected, was superseded, or is itself a reversal';
CREATE CAST (pg_catalog.text AS @extschema@.adjustment_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.entry_status AS ENUM ('draft', 'submitted', 'approved', 'returned', 'rejected', 'recall_requested');
COMMENT ON TYPE @extschema@.entry_status IS 'where a work entry stands between draft and approval';
CREATE CAST (pg_catalog.text AS @extschema@.entry_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.contract_status AS ENUM ('draft', 'active', 'closed');
COMMENT ON TYPE @extschema@.contract_status IS 'draft, active (confirmed by the customer) or closed (lost or finished)';
CREATE CAST (pg_catalog.text AS @extschema@.contract_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.contract_kind AS ENUM ('customer', 'internal');
COMMENT ON TYPE @extschema@.contract_kind IS 'a deal with customers, or the company''s container of internal and presales work';
CREATE CAST (pg_catalog.text AS @extschema@.contract_kind) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.billing_method AS ENUM ('time_and_material', 'fixed_price', 'product');
COMMENT ON TYPE @extschema@.billing_method IS 'how a contract line is billed';
CREATE CAST (pg_catalog.text AS @extschema@.billing_method) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.billing_type AS ENUM ('chargeable', 'non_chargeable', 'complimentary', 'not_available');
COMMENT ON TYPE @extschema@.billing_type IS 'who pays: chargeable is invoiced; complimentary and non_chargeable are shown but cost nothing; not_available has no paying contract line';
CREATE CAST (pg_catalog.text AS @extschema@.billing_type) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.transaction_type AS ENUM ('cost', 'project_contract', 'unbilled_sales', 'billed_sales', 'inter_organizational_sales', 'resourcing_unit_cost');
COMMENT ON TYPE @extschema@.transaction_type IS 'what kind of fact an actual records';
CREATE CAST (pg_catalog.text AS @extschema@.transaction_type) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.transaction_class AS ENUM ('time', 'expense', 'material', 'fee', 'milestone', 'retainer', 'tax');
COMMENT ON TYPE @extschema@.transaction_class IS 'what was worked, used or agreed';
CREATE CAST (pg_catalog.text AS @extschema@.transaction_class) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.included_tasks AS ENUM ('all_project_tasks', 'selected_project_tasks');
COMMENT ON TYPE @extschema@.included_tasks IS 'whether a contract line covers every task of its project or only those listed';
CREATE CAST (pg_catalog.text AS @extschema@.included_tasks) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.item_outcome AS ENUM ('changed', 'unchanged', 'refused');
COMMENT ON TYPE @extschema@.item_outcome IS 'what a verb did with one item: changed it, found nothing to do, or refused it with a reason';
CREATE CAST (pg_catalog.text AS @extschema@.item_outcome) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.detail_kind AS ENUM ('actual', 'milestone', 'product', 'manual', 'correction', 'milestone_correction', 'product_correction', 'retainer', 'advance', 'refund');
COMMENT ON TYPE @extschema@.detail_kind IS 'what stands behind an invoice line detail';
CREATE CAST (pg_catalog.text AS @extschema@.detail_kind) WITH INOUT AS ASSIGNMENT;
