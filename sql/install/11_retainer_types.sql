-- Vocabularies of retainers.

CREATE TYPE @extschema@.retainer_status AS ENUM ('not_ready_to_invoice', 'ready_to_invoice', 'customer_invoice_created', 'customer_invoice_posted');
COMMENT ON TYPE @extschema@.retainer_status IS 'where a retainer stands on its way to a posted invoice of its own';
CREATE CAST (pg_catalog.text AS @extschema@.retainer_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.refund_status AS ENUM ('not_refunded', 'ready_to_refund', 'refunded');
COMMENT ON TYPE @extschema@.refund_status IS 'whether the balance of a retainer goes, or went, back to the customer';
CREATE CAST (pg_catalog.text AS @extschema@.refund_status) WITH INOUT AS ASSIGNMENT;
