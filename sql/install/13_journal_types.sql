-- Vocabularies of journals.

CREATE TYPE @extschema@.journal_type AS ENUM ('entry', 'time_correction', 'expense_correction', 'material_correction', 'cancellation');
COMMENT ON TYPE @extschema@.journal_type IS 'what a journal is for: actuals of its own, other values for approved work, or taking back what entry journals wrote';
CREATE CAST (pg_catalog.text AS @extschema@.journal_type) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.journal_status AS ENUM ('draft', 'confirmed');
COMMENT ON TYPE @extschema@.journal_status IS 'whether a journal has become actuals';
CREATE CAST (pg_catalog.text AS @extschema@.journal_status) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.amount_method AS ENUM ('multiply_quantity_by_price', 'fixed_price');
COMMENT ON TYPE @extschema@.amount_method IS 'where the amount of a journal line comes from';
CREATE CAST (pg_catalog.text AS @extschema@.amount_method) WITH INOUT AS ASSIGNMENT;
