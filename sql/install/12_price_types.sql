-- Vocabulary of price lists.

CREATE TYPE @extschema@.price_context AS ENUM ('cost', 'sales');
COMMENT ON TYPE @extschema@.price_context IS 'what the prices of a list are: what work costs the company, or what its customers pay';
CREATE CAST (pg_catalog.text AS @extschema@.price_context) WITH INOUT AS ASSIGNMENT;
