-- Prices from price lists: what they say, and pricing unbilled work anew.

CREATE FUNCTION @extschema@.price_for(contract bigint, transaction_class @extschema@.transaction_class, on_date date, role bigint DEFAULT NULL, resource bigint DEFAULT NULL, category bigint DEFAULT NULL, product bigint DEFAULT NULL, unit text DEFAULT NULL, cost_price numeric DEFAULT NULL)
    RETURNS TABLE (context @extschema@.price_context, price numeric, currency text, price_list_id bigint, price_rate_id bigint, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'price_for';
COMMENT ON FUNCTION @extschema@.price_for(bigint, @extschema@.transaction_class, date, bigint, bigint, bigint, bigint, text, numeric) IS
    'What the price lists say of one unit of work for a contract on a day: a row for the cost and one for the sales price, each with list, rate and how the price came about. Without a price list or rate the price is 0. A cost price given is used instead of the list''s, also for mark-ups.';
REVOKE ALL ON FUNCTION @extschema@.price_for(bigint, @extschema@.transaction_class, date, bigint, bigint, bigint, bigint, text, numeric) FROM PUBLIC;

CREATE FUNCTION @extschema@.explain_prices(entries bigint[])
    RETURNS TABLE (entry_id bigint, context @extschema@.price_context, contract_id bigint, price numeric, currency text, price_list_id bigint, price_rate_id bigint, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'explain_prices';
COMMENT ON FUNCTION @extschema@.explain_prices(bigint[]) IS
    'What each entry would cost and sell for today, and why: typed, or which rate of which price list. rerate() with preview compares that with what stands in the ledger.';
REVOKE ALL ON FUNCTION @extschema@.explain_prices(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.rerate(contracts bigint[] DEFAULT NULL, price_lists bigint[] DEFAULT NULL, from_date date DEFAULT NULL, typed boolean DEFAULT false, preview boolean DEFAULT false)
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text, contract_id bigint, contract_line_id bigint, customer_id bigint,
        transaction_type @extschema@.transaction_type, billing_type @extschema@.billing_type, nte_status @extschema@.nte_status,
        old_actual_id bigint, new_actual_id bigint, quantity numeric, old_price numeric, new_price numeric, old_amount numeric, new_amount numeric, difference numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'rerate';
COMMENT ON FUNCTION @extschema@.rerate(bigint[], bigint[], date, boolean, boolean) IS
    'Prices approved work of contracts, or of all contracts that use the lists, anew from the price lists of today: what differs is reversed and written again, one row per actual with old and new price. Work on a draft or a confirmed invoice comes back refused. Prices typed with the entry or on an invoice stay unless typed is true. With preview it writes nothing.';
REVOKE ALL ON FUNCTION @extschema@.rerate(bigint[], bigint[], date, boolean, boolean) FROM PUBLIC;
