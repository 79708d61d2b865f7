-- Retainers and advances.

CREATE FUNCTION @extschema@.retainer_saved()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'retainer_saved';
COMMENT ON FUNCTION @extschema@.retainer_saved() IS
    'Trigger: refuses a retainer with more decimals than its contract''s currency knows, and another customer for one that was billed.';
REVOKE ALL ON FUNCTION @extschema@.retainer_saved() FROM PUBLIC;

CREATE FUNCTION @extschema@.retainer_removed()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'retainer_removed';
COMMENT ON FUNCTION @extschema@.retainer_removed() IS
    'Trigger: a retainer that was billed stays, even if that was credited.';
REVOKE ALL ON FUNCTION @extschema@.retainer_removed() FROM PUBLIC;

CREATE FUNCTION @extschema@.generate_retainers(contract bigint, customer bigint, total numeric, dates date[], description text DEFAULT NULL)
    RETURNS TABLE (retainer_id bigint, invoice_date date, amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'generate_retainers';
COMMENT ON FUNCTION @extschema@.generate_retainers(bigint, bigint, numeric, date[], text) IS
    'Divides a total into one retainer per date, equal parts; what does not divide is on the last one.';
REVOKE ALL ON FUNCTION @extschema@.generate_retainers(bigint, bigint, numeric, date[], text) FROM PUBLIC;

CREATE FUNCTION @extschema@.add_invoice_retainer(invoice bigint, amount numeric, description text DEFAULT NULL, invoice_date date DEFAULT NULL)
    RETURNS TABLE (retainer_id bigint, invoice_id bigint, amount numeric, detail_amount numeric, total_amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'add_invoice_retainer';
COMMENT ON FUNCTION @extschema@.add_invoice_retainer(bigint, numeric, text, date) IS
    'Creates a retainer of a draft''s contract and customer and puts it on that draft. If the draft is deleted the retainer stays, ready to invoice.';
REVOKE ALL ON FUNCTION @extschema@.add_invoice_retainer(bigint, numeric, text, date) FROM PUBLIC;

CREATE FUNCTION @extschema@.set_advance(invoice bigint, retainer bigint, amount numeric)
    RETURNS TABLE (invoice_id bigint, retainer_id bigint, available_amount numeric, amount numeric, balance_after numeric,
        detail_amount numeric, total_amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'set_advance';
COMMENT ON FUNCTION @extschema@.set_advance(bigint, bigint, numeric) IS
    'Limits how much a draft takes of a retainer: 0 up to what the retainer has left and other drafts do not hold. NULL takes the limit away: as much as the draft has room for.';
REVOKE ALL ON FUNCTION @extschema@.set_advance(bigint, bigint, numeric) FROM PUBLIC;

CREATE FUNCTION @extschema@.stage_refunds(retainers bigint[], invoice bigint DEFAULT NULL)
    RETURNS TABLE (retainer_id bigint, contract_id bigint, outcome @extschema@.item_outcome, reason text, amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stage_refunds';
COMMENT ON FUNCTION @extschema@.stage_refunds(bigint[], bigint) IS
    'Stages the whole balance of retainers for refund: on the given draft, else on the next draft of their contract and customer. Confirming that draft pays it back.';
REVOKE ALL ON FUNCTION @extschema@.stage_refunds(bigint[], bigint) FROM PUBLIC;

CREATE FUNCTION @extschema@.cancel_refunds(retainers bigint[])
    RETURNS TABLE (retainer_id bigint, contract_id bigint, outcome @extschema@.item_outcome, reason text, amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'cancel_refunds';
COMMENT ON FUNCTION @extschema@.cancel_refunds(bigint[]) IS
    'Takes staged refunds back, also off a draft: the retainers can be applied again.';
REVOKE ALL ON FUNCTION @extschema@.cancel_refunds(bigint[]) FROM PUBLIC;
