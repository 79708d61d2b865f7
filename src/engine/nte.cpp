// Not-to-exceed limits: reset_nte(), reevaluate_nte().

#include "engine/entry_ledger.hpp"
#include "engine/nte_split.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// Chargeable unbilled sales of open contracts that stand and are on no invoice, in the caller's order.
std::vector<LedgerRow> read_candidates(ContractBook& book, const Ids& actual_ids) {
    static pg::Statement read{"SELECT" BILLING_LEDGER_COLUMNS R"(
          FROM unnest($1) WITH ORDINALITY AS i (id, position)
          JOIN billing.actual a ON a.actual_id = i.id
         WHERE a.is_open
           AND a.billing_type = 'chargeable'
           AND a.adjustment_status = 'adjustable'
           AND a.billing_status IN ('not_ready_to_invoice', 'ready_to_invoice')
         ORDER BY i.position)",
                              {INT8ARRAYOID}};
    LedgerReader const reader;
    std::vector<LedgerRow> candidates;
    std::unordered_set<std::int64_t> seen;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(actual_ids));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        bool const is_closed = book.known_contract(rows.id(i, 2)).is_closed;
        if (!is_closed && seen.insert(rows.id(i, 1)).second) {
            candidates.push_back(reader.at(rows, i));
        }
    }
    return candidates;
}

NteRow as_seen_by_limits(const LedgerRow& row) {
    return {row.actual_id, row.contract_id, row.line_id, row.customer_id, row.billing_status, row.nte, row.amount};
}

// Writes new not-to-exceed statuses; a row that may no longer be billed is no longer ready.
void write_statuses(const Ids& ids, const std::vector<std::string>& statuses, const std::vector<std::string>& levels) {
    static pg::Statement update{R"(
        UPDATE billing.actual a
           SET nte_status = d.status::billing.nte_status,
               nte_failed_level = nullif(d.level, '')::billing.nte_level,
               billing_status = CASE WHEN d.status IN ('failed', 'not_evaluated') THEN 'not_ready_to_invoice'
                                     ELSE a.billing_status END
          FROM unnest($1, $2, $3) AS d (actual_id, status, level)
         WHERE a.actual_id = d.actual_id)",
                                {INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID}};
    if (!ids.empty()) {
        guard::write(update, "actual", guard::Write::update, pg::Parameters().ids(ids).texts(statuses).texts(levels));
    }
}

Ids required_actuals(const Verb& verb) {
    return verb.arguments.required_ids(0, "actuals");
}

void emit(Verb& verb, std::int64_t actual_id, ItemOutcome outcome, const NteVerdict& verdict) {
    static_assert(static_cast<int>(ItemOutcome::refused) == 2, "outcomes are changed, unchanged, refused");
    pg::EnumOids<ItemOutcome> const outcomes;
    pg::EnumOids<NteStatus> const statuses;
    pg::EnumOids<NteLevel> const levels;
    verb.result.id(actual_id).add(outcomes(outcome)).add(statuses(verdict.status));
    verdict.failed_level ? verb.result.add(levels(*verdict.failed_level)) : verb.result.add_null();
    verb.result.emit();
}

void reset(Verb& verb) {
    Ids const ids = required_actuals(verb);
    ContractBook book = ContractBook::lock_and_load(contracts_of_actuals(ids));
    std::int64_t const operation = begin_operation(verb, LoggedArguments().add("actuals", ids));
    NteVerdict const unknown{NteStatus::not_evaluated, std::nullopt};
    NteChanges changes;
    for (LedgerRow const& row : read_candidates(book, ids)) {
        if (row.nte == NteStatus::committed || row.nte == NteStatus::failed) {
            changes.add(as_seen_by_limits(row), unknown);
            emit(verb, row.actual_id, ItemOutcome::changed, unknown);
        }
    }
    changes.write(operation);
}

void reevaluate(Verb& verb) {
    Ids const ids = required_actuals(verb);
    ContractBook book = ContractBook::lock_and_load(contracts_of_actuals(ids));
    std::int64_t const operation = begin_operation(verb, LoggedArguments().add("actuals", ids));
    for (EvaluatedRow const& row : evaluate_actuals(book, operation, ids)) {
        bool const is_as_before = row.part_of == 0 && row.before == row.verdict.status;
        emit(verb, row.actual_id, is_as_before ? ItemOutcome::unchanged : ItemOutcome::changed, row.verdict);
    }
}

} // namespace

void NteChanges::add(const NteRow& row, const NteVerdict& verdict) {
    Decimal committed;
    if (row.nte == NteStatus::committed) {
        committed -= row.amount;
    }
    if (verdict.status == NteStatus::committed) {
        committed += row.amount;
    }
    totals_.add(row.contract_id, row.line_id, row.customer_id, committed, Decimal());
    ids_.push_back(row.actual_id);
    statuses_.emplace_back(label(verdict.status));
    levels_.emplace_back(verdict.failed_level ? label(*verdict.failed_level) : "");
    moved_[{row.contract_id, row.nte, verdict.status}].push_back(row.actual_id);
    bool const unready = verdict.status == NteStatus::failed || verdict.status == NteStatus::not_evaluated;
    if (unready && row.status == BillingStatus::ready_to_invoice) {
        unready_[row.contract_id].push_back(row.actual_id);
    }
}

void NteChanges::write(std::int64_t operation_id) const {
    write_statuses(ids_, statuses_, levels_);
    totals_.write();
    for (auto const& [key, ids] : moved_) {
        log_change(operation_id, {key.contract_id, "actual", "nte_status", label(key.from), label(key.to)}, ids);
    }
    for (auto const& [contract_id, ids] : unready_) {
        log_change(operation_id,
                   {contract_id, "actual", "billing_status", label(BillingStatus::ready_to_invoice),
                    label(BillingStatus::not_ready_to_invoice)},
                   ids);
    }
}

Ids contracts_of_actuals(const Ids& actual_ids) {
    static pg::Statement read{"SELECT DISTINCT contract_id FROM billing.actual WHERE actual_id = ANY ($1)",
                              {INT8ARRAYOID}};
    return pg::query(read, pg::Parameters().ids(actual_ids)).ids(1);
}

std::vector<EvaluatedRow> evaluate_actuals(ContractBook& book, std::int64_t operation_id, const Ids& actual_ids) {
    std::vector<LedgerRow> const rows = read_candidates(book, actual_ids);
    for (LedgerRow const& row : rows) {
        if (row.nte == NteStatus::committed) {
            book.limits(book.known_contract(row.contract_id)).release(row.line_id, row.customer_id, row.amount);
        }
    }
    std::vector<EvaluatedRow> evaluated;
    NteChanges changes;
    LineTotals totals;
    Reversals reversals(totals);
    NteSplits splits(totals, reversals);
    for (LedgerRow const& row : rows) {
        NteFit const fit = book.fit(row.contract_id, row.line_id, row.customer_id, sale_of(row));
        if (fit.split) {
            NteSplits::Written const parts = splits.add(row, fit);
            evaluated.push_back({parts.fits, row.nte, committed_verdict(), row.actual_id});
            evaluated.push_back({parts.rest, row.nte, fit.verdict, row.actual_id});
            continue;
        }
        evaluated.push_back({row.actual_id, row.nte, fit.verdict, 0});
        if (fit.verdict.status != row.nte || fit.verdict.status == NteStatus::failed) {
            changes.add(as_seen_by_limits(row), fit.verdict);
        }
    }
    changes.write(operation_id);
    reversals.write(operation_id);
    splits.write(operation_id);
    totals.write();
    return evaluated;
}

} // namespace billing::engine

using namespace billing::engine;

Datum reset_nte(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "reset_nte", reset);
}

Datum reevaluate_nte(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "reevaluate_nte", reevaluate);
}
