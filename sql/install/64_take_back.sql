-- Taking back: recalls, canceled approvals, and work that is evaluated again.

CREATE FUNCTION @extschema@.recall_entries(entries bigint[])
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'recall_entries';
COMMENT ON FUNCTION @extschema@.recall_entries(bigint[]) IS
    'Takes back ones own entries: submitted ones become draft; for approved ones it requests the recall, unless a sale of the entry is on an invoice that is not credited in full.';
REVOKE ALL ON FUNCTION @extschema@.recall_entries(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.approve_recall(entries bigint[], return_actuals boolean DEFAULT true)
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text, actual_id bigint, reverses_id bigint, contract_id bigint,
        contract_line_id bigint, customer_id bigint, transaction_type @extschema@.transaction_type, billing_type @extschema@.billing_type,
        nte_status @extschema@.nte_status, quantity numeric, price numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'approve_recall';
COMMENT ON FUNCTION @extschema@.approve_recall(bigint[], boolean) IS
    'Grants requested recalls: reverses the actuals of the entries, time becomes returned, expense, material and fee rejected. Returns the reversals; an entry with a sale on an invoice comes back refused and changes nothing. With return_actuals false only refused entries come back.';
REVOKE ALL ON FUNCTION @extschema@.approve_recall(bigint[], boolean) FROM PUBLIC;

CREATE FUNCTION @extschema@.reject_recall(entries bigint[])
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'reject_recall';
COMMENT ON FUNCTION @extschema@.reject_recall(bigint[]) IS
    'Turns requested recalls down: the entries stay approved, nothing else changes.';
REVOKE ALL ON FUNCTION @extschema@.reject_recall(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.cancel_approval(entries bigint[], return_actuals boolean DEFAULT true)
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text, actual_id bigint, reverses_id bigint, contract_id bigint,
        contract_line_id bigint, customer_id bigint, transaction_type @extschema@.transaction_type, billing_type @extschema@.billing_type,
        nte_status @extschema@.nte_status, quantity numeric, price numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'cancel_approval';
COMMENT ON FUNCTION @extschema@.cancel_approval(bigint[], boolean) IS
    'Takes approvals back: reverses the actuals of the entries, which become submitted again. Returns the reversals; an entry with a sale on an invoice that is not credited in full comes back refused and changes nothing. With return_actuals false only refused entries come back.';
REVOKE ALL ON FUNCTION @extschema@.cancel_approval(bigint[], boolean) FROM PUBLIC;

CREATE FUNCTION @extschema@.confirm_contract(contracts bigint[])
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text, actual_id bigint, reverses_id bigint, contract_id bigint,
        contract_line_id bigint, customer_id bigint, transaction_type @extschema@.transaction_type, billing_type @extschema@.billing_type,
        nte_status @extschema@.nte_status, quantity numeric, price numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'confirm_contract';
COMMENT ON FUNCTION @extschema@.confirm_contract(bigint[]) IS
    'Confirms draft contracts. Their approved work that is on no invoice is evaluated again at the current terms; what differs is reversed and written again, the rest is left alone. Returns one row per contract and one per actual written.';
REVOKE ALL ON FUNCTION @extschema@.confirm_contract(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.close_contract(contracts bigint[])
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text, actual_id bigint, reverses_id bigint, contract_id bigint,
        contract_line_id bigint, customer_id bigint, transaction_type @extschema@.transaction_type, billing_type @extschema@.billing_type,
        nte_status @extschema@.nte_status, quantity numeric, price numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'close_contract';
COMMENT ON FUNCTION @extschema@.close_contract(bigint[]) IS
    'Closes draft contracts as lost: unbilled sales on no invoice are reversed, the lines pay for nothing any more. Returns one row per contract and one per reversal.';
REVOKE ALL ON FUNCTION @extschema@.close_contract(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.reevaluate_work(contracts bigint[] DEFAULT NULL, projects bigint[] DEFAULT NULL, entries bigint[] DEFAULT NULL, preview boolean DEFAULT false)
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text, actual_id bigint, reverses_id bigint, contract_id bigint,
        contract_line_id bigint, customer_id bigint, transaction_type @extschema@.transaction_type, billing_type @extschema@.billing_type,
        nte_status @extschema@.nte_status, quantity numeric, price numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'reevaluate_work';
COMMENT ON FUNCTION @extschema@.reevaluate_work(bigint[], bigint[], bigint[], boolean) IS
    'Evaluates approved work again after lines, tasks, roles, percentages or limits changed: compares it with what it would become today, reverses and writes again what differs. Of a contract it looks at the backlog and at all work on the projects of its lines. With preview it writes nothing and returns the same rows without new ids.';
REVOKE ALL ON FUNCTION @extschema@.reevaluate_work(bigint[], bigint[], bigint[], boolean) FROM PUBLIC;

CREATE FUNCTION @extschema@.entries_removed()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'entries_removed';
COMMENT ON FUNCTION @extschema@.entries_removed() IS
    'Trigger: keeps entries that the ledger knows, if only by reversed actuals.';
REVOKE ALL ON FUNCTION @extschema@.entries_removed() FROM PUBLIC;
