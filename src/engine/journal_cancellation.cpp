// Cancellation journals: actuals that entry journals wrote are taken back.

#include <set>

#include "engine/journal.hpp"
#include "engine/operation.hpp"
#include "engine/reversal.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// --- select_for_cancellation ----------------------------------------------------------------------------------------

class CancellationSelection {
public:
    explicit CancellationSelection(Verb& verb)
        : verb_(verb), report_(verb), journal_(find_journal(DatumGetInt64(verb.arguments.required(0, "journal")))),
          ids_(verb.arguments.required_ids(1, "actuals")) {}

    void run() {
        lock_contracts({journal_.contract_id});
        journal_ = lock_draft(journal_.journal_id);
        if (journal_.type != JournalType::cancellation) {
            throw DomainError(sqlstate::refused, journal_.name() + " is no cancellation journal",
                              "It is of type " + std::string(label(journal_.type)) + ".",
                              "Insert a journal of type cancellation.");
        }
        LoggedArguments logged = journal_.logged();
        logged.add("actuals", ids_);
        std::int64_t const operation = begin_operation(verb_, logged);
        select();
        move_held(operation, accepted_, AdjustmentStatus::adjustable, AdjustmentStatus::in_process);
        write_claims();
    }

private:
    void select() {
        static pg::Statement read{"SELECT" BILLING_LEDGER_COLUMNS R"(, a.journal_line_id, a.reverses_id, a.retainer_id,
                   a.invoice_id, d.journal_id
              FROM unnest($1) WITH ORDINALITY AS i (id, position)
              JOIN billing.actual a ON a.actual_id = i.id
              LEFT JOIN billing.journal_cancellation d ON d.actual_id = a.actual_id AND d.contract_id = a.contract_id
                                                      AND d.is_claim
             ORDER BY i.position)",
                                  {INT8ARRAYOID}};
        std::set<std::int64_t> missing(ids_.begin(), ids_.end());
        std::set<std::int64_t> seen;
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(ids_));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            LedgerRow const row = reader_.at(rows, i);
            missing.erase(row.actual_id);
            if (!seen.insert(row.actual_id).second) {
                continue;
            }
            if (rows.id_or(i, LedgerReader::columns + 5, 0) == journal_.journal_id) {
                report_.add("actual", row.actual_id, ItemOutcome::unchanged);
                continue;
            }
            std::string const problem = problem_of(rows, i, row);
            report_.add("actual", row.actual_id, problem.empty() ? ItemOutcome::changed : ItemOutcome::refused,
                        problem);
            if (problem.empty()) {
                accepted_.add(row.contract_id, row.actual_id);
            }
        }
        for (std::int64_t const id : missing) {
            report_.add("actual", id, ItemOutcome::refused, "there is no actual with this id");
        }
    }

    std::string problem_of(const pg::Rows& rows, std::uint64_t i, const LedgerRow& row) const {
        constexpr int first = LedgerReader::columns;
        if (row.contract_id != journal_.contract_id) {
            return "it belongs to contract " + std::to_string(row.contract_id) + ", the journal to contract " +
                   std::to_string(journal_.contract_id);
        }
        if (!rows.datum(i, first + 1)) {
            return "no entry journal wrote it; cancel the approval, or correct the work in a correction journal";
        }
        if (rows.datum(i, first + 2)) {
            return "it is a reversal";
        }
        if (rows.datum(i, first + 3)) {
            return "it belongs to a retainer; pay that back with stage_refunds()";
        }
        return standing_problem(row, rows.datum(i, first + 4).has_value());
    }

    static std::string standing_problem(const LedgerRow& row, bool is_of_invoice) {
        if (row.adjustment == AdjustmentStatus::in_process) {
            return "another correction of it has been started and is not confirmed";
        }
        if (row.adjustment != AdjustmentStatus::adjustable) {
            return "it was taken back before";
        }
        if (row.type == TransactionType::billed_sales) {
            return is_of_invoice ? "an invoice wrote it; correct that with revise_invoice()" : "";
        }
        switch (row.billing_status) {
        case BillingStatus::customer_invoice_created:
            return "it is on a draft invoice";
        case BillingStatus::customer_invoice_posted:
            return "it is on a confirmed invoice; credit it there in full first";
        default:
            return {};
        }
    }

    void write_claims() const {
        static pg::Statement insert{R"(
            INSERT INTO billing.journal_cancellation (contract_id, journal_id, actual_id)
            SELECT $1, $2, i.id FROM unnest($3) AS i (id))",
                                    {INT8OID, INT8OID, INT8ARRAYOID}};
        if (!accepted_.ids.empty()) {
            guard::write(insert, "journal_cancellation", guard::Write::insert,
                         pg::Parameters().id(journal_.contract_id).id(journal_.journal_id).ids(accepted_.ids));
        }
    }

    Verb& verb_;
    SelectionReport report_;
    Journal journal_;
    Ids ids_;
    LedgerReader reader_;
    ItemsByContract accepted_;
};

} // namespace

// --- confirm --------------------------------------------------------------------------------------------------------

void confirm_cancellation(Verb& verb, const Journal& found, bool preview) {
    static pg::Statement read{"SELECT" BILLING_LEDGER_COLUMNS R"(
          FROM billing.journal_cancellation d
          JOIN billing.actual a ON a.actual_id = d.actual_id AND a.contract_id = d.contract_id
         WHERE d.contract_id = $1 AND d.journal_id = $2 ORDER BY a.actual_id)",
                              {INT8OID, INT8OID}};
    LedgerReport report(verb);
    Journal journal = found;
    if (!preview) {
        lock_contracts({journal.contract_id});
        journal = lock_journals({journal.journal_id}).at(0);
    }
    bool const is_closed = ContractBook::load({journal.contract_id}).known_contract(journal.contract_id).is_closed;
    pg::Rows const rows = pg::query(read, pg::Parameters().id(journal.contract_id).id(journal.journal_id));
    const char* const problem = !journal.is_draft() ? confirmed_reason
                                : is_closed         ? "the contract is closed"
                                : rows.empty()      ? "the journal holds no actuals"
                                                    : nullptr;
    if (problem != nullptr) {
        return report.note(0, journal.contract_id, ItemOutcome::refused, problem);
    }
    LineTotals totals;
    Reversals reversals(totals, AdjustmentStatus::in_process);
    LedgerReader const reader;
    std::int64_t const operation = preview ? 0 : begin_confirmation(verb, journal);
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        LedgerRow const row = reader.at(rows, i);
        report.reversal(0, row, preview ? 0 : reversals.add(row));
    }
    if (preview) {
        return;
    }
    log_confirmation(operation, journal);
    reversals.write(operation);
    totals.write();
    finish_confirmation(journal);
}

} // namespace billing::engine

using namespace billing::engine;

Datum select_for_cancellation(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "select_for_cancellation", [](Verb& verb) { CancellationSelection(verb).run(); });
}
