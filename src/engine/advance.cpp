// Advances on drafts: applied by themselves whenever the totals of a draft are computed, limited by set_advance().

#include "engine/advance.hpp"

#include <set>

#include "engine/contract_book.hpp"
#include "engine/invoice_list.hpp"
#include "engine/invoice_totals.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// Balances that can be applied, the oldest first. $1: contracts, $2: drafts that are planned anew.
#define BILLING_FREE_BALANCE                                                                                           \
    " r.amount - r.used_amount"                                                                                        \
    " - coalesce((SELECT pg_catalog.sum(a.amount) FROM billing.invoice_advance a"                                      \
    "              WHERE a.contract_id = r.contract_id AND a.retainer_id = r.retainer_id AND a.used_before IS NULL"    \
    "                AND a.invoice_id <> ALL ($2)), 0)"
#define BILLING_CAN_BE_APPLIED                                                                                         \
    " r.retainer_status = 'customer_invoice_posted' AND r.refund_status = 'not_refunded'"                              \
    " AND NOT EXISTS (SELECT 1 FROM billing.retainer_correction k"                                                     \
    "                  WHERE k.contract_id = r.contract_id AND k.retainer_id = r.retainer_id"                          \
    "                    AND k.detail_kind = 'retainer')"

Ids contracts_of(const std::vector<AdvanceTarget>& targets) {
    std::set<std::int64_t> ids;
    for (AdvanceTarget const& target : targets) {
        ids.insert(target.contract_id);
    }
    return Ids(ids.begin(), ids.end());
}

Ids invoices_of(const std::vector<AdvanceTarget>& targets) {
    Ids ids;
    for (AdvanceTarget const& target : targets) {
        ids.push_back(target.invoice_id);
    }
    return ids;
}

} // namespace

AdvancePlan::AdvancePlan(std::vector<AdvanceTarget> targets)
    : targets_(std::move(targets)), totals_(targets_.size()), totals_before_(targets_.size()) {
    if (targets_.empty()) {
        return;
    }
    read_balances();
    read_held();
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        share(i);
    }
}

void AdvancePlan::read_balances() {
    static pg::Statement read{
        "SELECT r.contract_id, r.customer_id, r.retainer_id," BILLING_FREE_BALANCE "  FROM billing.retainer r"
        " WHERE r.contract_id = ANY ($1) AND" BILLING_CAN_BE_APPLIED "   AND r.used_amount < r.amount"
        " ORDER BY r.contract_id, r.customer_id, r.invoice_date, r.retainer_id",
        {INT8ARRAYOID, INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(contracts_of(targets_)).ids(invoices_of(targets_)));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        balances_[{rows.id(i, 1), rows.id(i, 2)}].push_back({rows.id(i, 3), rows.decimal(i, 4)});
    }
}

void AdvancePlan::read_held() {
    static pg::Statement read{R"(
        SELECT a.invoice_id, a.retainer_id, a.amount, a.limit_amount
          FROM billing.invoice_advance a
         WHERE a.contract_id = ANY ($1) AND a.invoice_id = ANY ($2) AND a.used_before IS NULL)",
                              {INT8ARRAYOID, INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(contracts_of(targets_)).ids(invoices_of(targets_)));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        held_[{rows.id(i, 1), rows.id(i, 2)}] = {rows.decimal(i, 3), rows.decimal_or_null(i, 4)};
    }
}

void AdvancePlan::share(std::size_t target) {
    AdvanceTarget const& draft = targets_[target];
    std::vector<Balance>& balances = balances_[{draft.contract_id, draft.customer_id}];
    std::vector<AdvanceOffer> offers;
    std::set<std::int64_t> offered;
    for (Balance const& balance : balances) {
        auto const held = held_.find({draft.invoice_id, balance.retainer_id});
        offers.push_back({balance.free, held == held_.end() ? std::nullopt : held->second.limit});
        offered.insert(balance.retainer_id);
    }
    std::vector<Decimal> const taken = apply_advances(offers, draft.room);
    for (std::size_t i = 0; i < balances.size(); ++i) {
        balances[i].free -= taken[i];
        totals_[target] += taken[i];
        rows_.push_back({target, balances[i].retainer_id, taken[i]});
    }
    // What the draft held of a retainer that can no longer be applied.
    for (auto held = held_.lower_bound({draft.invoice_id, 0});
         held != held_.end() && held->first.first == draft.invoice_id; ++held) {
        totals_before_[target] += held->second.amount;
        if (offered.count(held->first.second) == 0) {
            rows_.push_back({target, held->first.second, Decimal()});
        }
    }
}

bool AdvancePlan::stands_already(const Row& row) const {
    auto const held = held_.find({targets_[row.target].invoice_id, row.retainer_id});
    return held == held_.end() ? row.amount.is_zero() : row.amount == held->second.amount;
}

void AdvancePlan::write(const Ids& invoice_ids) const {
    static pg::Statement upsert{R"(
        INSERT INTO billing.invoice_advance AS a (contract_id, invoice_id, retainer_id, amount)
        SELECT * FROM unnest($1, $2, $3, $4)
        ON CONFLICT (contract_id, invoice_id, retainer_id) DO UPDATE SET amount = excluded.amount)",
                                {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID}};
    static pg::Statement clear{R"(
        DELETE FROM billing.invoice_advance
         WHERE contract_id = ANY ($1) AND invoice_id = ANY ($2) AND amount = 0 AND limit_amount IS NULL)",
                               {INT8ARRAYOID, INT8ARRAYOID}};
    Ids contracts;
    Ids invoices;
    Ids retainers;
    std::vector<Decimal> amounts;
    for (Row const& row : rows_) {
        if (!stands_already(row)) {
            contracts.push_back(targets_[row.target].contract_id);
            invoices.push_back(invoice_ids[row.target]);
            retainers.push_back(row.retainer_id);
            amounts.push_back(row.amount);
        }
    }
    if (!contracts.empty()) {
        guard::write_upsert(upsert, "invoice_advance",
                            pg::Parameters().ids(contracts).ids(invoices).ids(retainers).decimals(amounts));
    }
    if (!held_.empty()) {
        guard::write(clear, "invoice_advance", guard::Write::remove,
                     pg::Parameters().ids(contracts_of(targets_)).ids(invoice_ids));
    }
}

std::map<std::int64_t, Decimal> reapply_advances(const Ids& invoice_ids) {
    // A corrective draft credits what was billed; nothing is set against it.
    static pg::Statement read{R"(
        SELECT v.contract_id, v.customer_id, v.invoice_id,
               CASE WHEN v.has_corrections THEN 0
                    ELSE coalesce((SELECT pg_catalog.sum(l.amount) FROM billing.invoice_line l
                                    WHERE l.invoice_id = v.invoice_id AND l.contract_id = v.contract_id), 0) END
          FROM billing.invoice v
         WHERE v.invoice_id = ANY ($1)
         ORDER BY v.invoice_id)",
                              {INT8ARRAYOID}};
    if (invoice_ids.empty()) {
        return {};
    }
    std::vector<AdvanceTarget> targets;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(invoice_ids));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        targets.push_back({rows.id(i, 1), rows.id(i, 2), rows.id(i, 3), rows.decimal(i, 4)});
    }
    Ids const ids = invoices_of(targets);
    AdvancePlan const plan(std::move(targets));
    plan.write(ids);
    std::map<std::int64_t, Decimal> growth;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        growth[ids[i]] = plan.total(i) - plan.total_before(i);
    }
    return growth;
}

Decimal free_balance(std::int64_t retainer_id, std::int64_t contract_id, std::int64_t invoice_id) {
    static pg::Statement read{"SELECT" BILLING_FREE_BALANCE "  FROM billing.retainer r"
                              " WHERE r.retainer_id = $1 AND r.contract_id = $3 AND" BILLING_CAN_BE_APPLIED,
                              {INT8OID, INT8ARRAYOID, INT8OID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().id(retainer_id).ids(Ids{invoice_id}).id(contract_id));
    return rows.empty() ? Decimal() : rows.decimal(0, 1);
}

namespace {

// --- set_advance ----------------------------------------------------------------------------------------------------

// The draft that the call is about.
ListedInvoice draft_for_advances(std::int64_t invoice_id) {
    static pg::Statement read{"SELECT has_corrections FROM billing.invoice WHERE invoice_id = $1", {INT8OID}};
    ListedInvoice invoice = lock_editable_invoice(invoice_id);
    if (pg::query(read, pg::Parameters().id(invoice_id)).flag(0, 1)) {
        throw DomainError(sqlstate::refused, "invoice " + std::to_string(invoice_id) +
                                                 " is a corrective invoice, against which no advance is set");
    }
    return invoice;
}

void require_retainer_of(const ListedInvoice& invoice, std::int64_t retainer_id) {
    static pg::Statement read{R"(
        SELECT contract_id = $2 AND customer_id = $3, retainer_status::text, refund_status::text
          FROM billing.retainer WHERE retainer_id = $1)",
                              {INT8OID, INT8OID, INT8OID}};
    std::string const name = "retainer " + std::to_string(retainer_id);
    pg::Rows const rows =
        pg::query(read, pg::Parameters().id(retainer_id).id(invoice.contract_id).id(invoice.customer_id));
    if (rows.empty()) {
        throw DomainError(sqlstate::unknown_item, "there is no " + name);
    }
    if (!rows.flag(0, 1)) {
        throw DomainError(sqlstate::refused, name + " belongs to another contract or customer than invoice " +
                                                 std::to_string(invoice.invoice_id));
    }
    if (rows.text(0, 2) != "customer_invoice_posted") {
        throw DomainError(sqlstate::refused, name + " cannot be applied before its own invoice is confirmed");
    }
    if (rows.text(0, 3) != "not_refunded") {
        throw DomainError(sqlstate::refused, name + " is refunded or staged for refund", {},
                          "Use cancel_refunds() to take a staged refund back.");
    }
}

void require_within(const std::optional<Decimal>& amount, const Decimal& available, std::int64_t retainer_id) {
    if (amount && amount->sign() < 0) {
        throw DomainError(sqlstate::invalid_parameter, "an advance cannot be negative",
                          "Amount is " + amount->text() + ".");
    }
    if (amount && *amount > available) {
        throw DomainError(sqlstate::refused,
                          "retainer " + std::to_string(retainer_id) + " has " + available.trimmed().text() +
                              " available for this invoice, not " + amount->trimmed().text(),
                          {}, "What other drafts hold of it is not available; see billing.applied_advances.");
    }
}

// invoice, retainer, amount (NULL: no limit)
void set_limit(Verb& verb) {
    static pg::Statement upsert{R"(
        INSERT INTO billing.invoice_advance AS a (contract_id, invoice_id, retainer_id, amount, limit_amount)
        VALUES ($1, $2, $3, 0, billing.money($4, $5))
        ON CONFLICT (contract_id, invoice_id, retainer_id)
        DO UPDATE SET limit_amount = excluded.limit_amount, amount = least(a.amount, excluded.limit_amount))",
                                {INT8OID, INT8OID, INT8OID, NUMERICOID, TEXTOID}};
    static pg::Statement read{R"(
        SELECT coalesce(a.amount, 0), r.amount - r.used_amount - coalesce(a.amount, 0), v.detail_amount, v.total_amount
          FROM billing.invoice v
          JOIN billing.retainer r ON r.retainer_id = $2 AND r.contract_id = v.contract_id
          LEFT JOIN billing.invoice_advance a ON a.contract_id = v.contract_id AND a.invoice_id = v.invoice_id
                                             AND a.retainer_id = r.retainer_id
         WHERE v.invoice_id = $1)",
                              {INT8OID, INT8OID}};
    std::int64_t const invoice_id = DatumGetInt64(verb.arguments.required(0, "invoice"));
    std::int64_t const retainer_id = DatumGetInt64(verb.arguments.required(1, "retainer"));
    std::optional<Decimal> const amount = verb.arguments.decimal(2);
    ListedInvoice const invoice = draft_for_advances(invoice_id);
    require_retainer_of(invoice, retainer_id);
    Decimal const available = free_balance(retainer_id, invoice.contract_id, invoice_id);
    require_within(amount, available, retainer_id);
    LoggedArguments arguments;
    arguments.add("invoice", std::string_view(std::to_string(invoice_id)));
    arguments.add("retainer", std::string_view(std::to_string(retainer_id)));
    begin_operation(verb, amount ? arguments.add("amount", std::string_view(amount->text())) : arguments);
    guard::write_upsert(
        upsert, "invoice_advance",
        pg::Parameters().id(invoice.contract_id).id(invoice_id).id(retainer_id).decimal(amount).text(invoice.currency));
    recompute_totals({invoice_id});
    pg::Rows const rows = pg::query(read, pg::Parameters().id(invoice_id).id(retainer_id));
    verb.result.id(invoice_id).id(retainer_id).decimal(available);
    for (int column = 1; column <= 4; ++column) {
        verb.result.decimal(rows.decimal(0, column));
    }
    verb.result.emit();
}

} // namespace

#undef BILLING_FREE_BALANCE
#undef BILLING_CAN_BE_APPLIED

} // namespace billing::engine

using namespace billing::engine;

Datum set_advance(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "set_advance", set_limit);
}
