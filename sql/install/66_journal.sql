-- Journals: actuals typed in, approved work corrected, and typed actuals taken back.

CREATE FUNCTION @extschema@.journal_line_rules()
    RETURNS TABLE (billing_method @extschema@.billing_method, transaction_type @extschema@.transaction_type,
        transaction_class @extschema@.transaction_class, is_allowed boolean)
    LANGUAGE C IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'journal_line_rules';
COMMENT ON FUNCTION @extschema@.journal_line_rules() IS
    'Which lines an entry journal may have: every combination of billing method, type and class, and whether it is allowed.';

CREATE FUNCTION @extschema@.journal_line_saved()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'journal_line_saved';
COMMENT ON FUNCTION @extschema@.journal_line_saved() IS
    'Trigger: refuses lines of journals that are confirmed or no entry journals, and combinations that no journal may have.';
REVOKE ALL ON FUNCTION @extschema@.journal_line_saved() FROM PUBLIC;

CREATE FUNCTION @extschema@.select_for_correction(journal bigint, entries bigint[] DEFAULT NULL, actuals bigint[] DEFAULT NULL)
    RETURNS TABLE (item text, item_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'select_for_correction';
COMMENT ON FUNCTION @extschema@.select_for_correction(bigint, bigint[], bigint[]) IS
    'Puts approved work, named by entries or by actuals of theirs, on a draft correction journal. Its actuals are in process until the journal is confirmed or lets go of them. Set the new values in journal_correction.';
REVOKE ALL ON FUNCTION @extschema@.select_for_correction(bigint, bigint[], bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.select_for_cancellation(journal bigint, actuals bigint[])
    RETURNS TABLE (item text, item_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'select_for_cancellation';
COMMENT ON FUNCTION @extschema@.select_for_cancellation(bigint, bigint[]) IS
    'Puts actuals that entry journals wrote on a draft cancellation journal; others come back refused. They are in process until the journal is confirmed or lets go of them.';
REVOKE ALL ON FUNCTION @extschema@.select_for_cancellation(bigint, bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.release_from_journal(journal bigint, entries bigint[] DEFAULT NULL, actuals bigint[] DEFAULT NULL)
    RETURNS TABLE (item text, item_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'release_from_journal';
COMMENT ON FUNCTION @extschema@.release_from_journal(bigint, bigint[], bigint[]) IS
    'Takes entries off a draft correction journal, or actuals off a draft cancellation journal; their actuals are adjustable again.';
REVOKE ALL ON FUNCTION @extschema@.release_from_journal(bigint, bigint[], bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.preview_journal(journal bigint)
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text, actual_id bigint, reverses_id bigint, contract_id bigint,
        contract_line_id bigint, customer_id bigint, transaction_type @extschema@.transaction_type, billing_type @extschema@.billing_type,
        nte_status @extschema@.nte_status, quantity numeric, price numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'preview_journal';
COMMENT ON FUNCTION @extschema@.preview_journal(bigint) IS
    'The actuals that confirm_journal() would write, reversals and new ones, without their ids, or what it would refuse. Writes nothing.';
REVOKE ALL ON FUNCTION @extschema@.preview_journal(bigint) FROM PUBLIC;

CREATE FUNCTION @extschema@.confirm_journal(journal bigint)
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text, actual_id bigint, reverses_id bigint, contract_id bigint,
        contract_line_id bigint, customer_id bigint, transaction_type @extschema@.transaction_type, billing_type @extschema@.billing_type,
        nte_status @extschema@.nte_status, quantity numeric, price numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'confirm_journal';
COMMENT ON FUNCTION @extschema@.confirm_journal(bigint) IS
    'Confirms a journal, whole or not at all: an entry journal becomes one actual per line, a correction reverses the work it holds and writes it again with the new values, a cancellation reverses its actuals. Returns the actuals written, or only what is refused.';
REVOKE ALL ON FUNCTION @extschema@.confirm_journal(bigint) FROM PUBLIC;

CREATE FUNCTION @extschema@.delete_journals(journals bigint[])
    RETURNS TABLE (journal_id bigint, contract_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'delete_journals';
COMMENT ON FUNCTION @extschema@.delete_journals(bigint[]) IS
    'Deletes draft journals with their lines; the actuals they hold are adjustable again.';
REVOKE ALL ON FUNCTION @extschema@.delete_journals(bigint[]) FROM PUBLIC;
