// The end of a contract's draft: confirm_contract when it is won, close_contract when it is lost.

#include <algorithm>

#include "engine/entries.hpp"
#include "engine/operation.hpp"
#include "engine/reevaluate.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

constexpr long reversals_per_batch = 10000;

// The contracts of a call, each as it is now.
class ListedContracts {
public:
    explicit ListedContracts(const Ids& ids) {
        static pg::Statement read{R"(
            SELECT i.id, c.kind = 'internal', c.contract_status
              FROM unnest($1) AS i (id)
              LEFT JOIN billing.contract c ON c.contract_id = i.id)",
                                  {INT8ARRAYOID}};
        pg::EnumOids<ContractStatus> const status;
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(ids));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            if (rows.datum(i, 2)) {
                found_[rows.id(i, 1)] = {rows.flag(i, 2), status(rows.value(i, 3))};
            }
        }
    }

    // Why it cannot become `done`; empty if it can, or if it is already.
    std::string problem(std::int64_t id, ContractStatus done, const char* verb) const {
        auto const found = found_.find(id);
        if (found == found_.end()) {
            return "there is no contract with this id";
        }
        if (found->second.is_internal) {
            return "a contract for internal work has no customer";
        }
        if (found->second.status == ContractStatus::draft || found->second.status == done) {
            return {};
        }
        return "the contract is " + std::string(label(found->second.status)) + "; only draft contracts can be " + verb;
    }

    bool is(std::int64_t id, ContractStatus status) const {
        auto const found = found_.find(id);
        return found != found_.end() && found->second.status == status;
    }

private:
    struct Facts {
        bool is_internal;
        ContractStatus status;
    };
    std::unordered_map<std::int64_t, Facts> found_;
};

// What a verb about contracts shares with the other one.
class ContractVerb {
public:
    ContractVerb(Verb& verb, ContractStatus done, const char* what)
        : verb_(verb), report_(verb), done_(done), what_(what),
          ids_(sorted_unique(verb.arguments.required_ids(0, "contracts"))) {}

protected:
    // Contracts that leave draft.
    Ids drafts() const {
        ListedContracts const listed(ids_);
        Ids drafts;
        std::copy_if(ids_.begin(), ids_.end(), std::back_inserter(drafts), [&](std::int64_t id) {
            return listed.problem(id, done_, what_).empty() && listed.is(id, ContractStatus::draft);
        });
        return drafts;
    }

    std::int64_t begin() const { return begin_operation(verb_, LoggedArguments().add("contracts", ids_)); }

    // Moves the drafts among them and reports every contract, under their locks.
    void settle(const Ids& drafts, std::int64_t operation) {
        static pg::Statement update{R"(
            UPDATE billing.contract SET contract_status = (SELECT $2::billing.contract_status)
             WHERE contract_id = ANY ($1))",
                                    {INT8ARRAYOID, TEXTOID}};
        ListedContracts const listed(ids_);
        for (std::int64_t const id : ids_) {
            std::string const problem = listed.problem(id, done_, what_);
            bool const moves = std::binary_search(drafts.begin(), drafts.end(), id);
            report_.note(0, id,
                         !problem.empty() ? ItemOutcome::refused
                         : moves          ? ItemOutcome::changed
                                          : ItemOutcome::unchanged,
                         problem);
        }
        if (drafts.empty()) {
            return;
        }
        log_changes(operation, {0, "contract", "contract_status", label(ContractStatus::draft), label(done_)}, drafts,
                    drafts);
        guard::write(update, "contract", guard::Write::update, pg::Parameters().ids(drafts).text(label(done_)));
    }

    Verb& verb_;
    LedgerReport report_;
    ContractStatus done_;
    const char* what_;
    Ids ids_;
};

// --- confirm_contract ---------------------------------------------------------------------------------------------

class ContractConfirmation : ContractVerb {
public:
    explicit ContractConfirmation(Verb& verb)
        : ContractVerb(verb, ContractStatus::active, "confirmed"), work_(verb, false) {}

    void run() {
        Ids const wanted = drafts();
        work_.lock_and_load(find_work({wanted, {}, {}}), wanted);
        // Somebody else may have been faster; what is locked now is what counts.
        Ids const confirmed = drafts();
        if (confirmed != wanted) {
            work_.keep_only(find_work({confirmed, {}, {}}));
        }
        std::int64_t const operation = begin();
        settle(confirmed, operation);
        work_.run(operation);
    }

private:
    Reevaluation work_;
};

// --- close_contract -----------------------------------------------------------------------------------------------

// Lost: what is in the backlog is taken back, and its lines pay for nothing any more. Called again it takes back what
// a deleted draft has returned to the backlog since.
class Closing : ContractVerb {
public:
    explicit Closing(Verb& verb) : ContractVerb(verb, ContractStatus::closed, "closed"), reversals_(totals_) {}

    void run() {
        lock_contracts(ids_);
        Ids const lost = drafts();
        operation_ = begin();
        settle(lost, operation_);
        take_back(lost_or_closed());
        clear_scopes(lost);
        totals_.write();
    }

private:
    Ids lost_or_closed() const {
        ListedContracts const listed(ids_);
        Ids closed;
        std::copy_if(ids_.begin(), ids_.end(), std::back_inserter(closed),
                     [&](std::int64_t id) { return listed.is(id, ContractStatus::closed); });
        return closed;
    }

    void take_back(const Ids& contracts) {
        static pg::Statement read{"SELECT" BILLING_LEDGER_COLUMNS R"(
              FROM billing.actual a
             WHERE a.contract_id = ANY ($1) AND a.is_open AND a.adjustment_status = 'adjustable'
               AND a.billing_status IN ('not_ready_to_invoice', 'ready_to_invoice'))",
                                  {INT8ARRAYOID}};
        LedgerReader const reader;
        pg::query_in_batches(read, pg::Parameters().ids(contracts), reversals_per_batch, [&](const pg::Rows& rows) {
            for (std::uint64_t i = 0; i < rows.count(); ++i) {
                LedgerRow const row = reader.at(rows, i);
                report_.reversal(LedgerReader::entry_id(rows, i), row, reversals_.add(row));
            }
            reversals_.write(operation_);
        });
    }

    static void clear_scopes(const Ids& contracts) {
        static pg::Statement clear{"DELETE FROM billing.contract_line_scope WHERE contract_id = ANY ($1)",
                                   {INT8ARRAYOID}};
        if (!contracts.empty()) {
            guard::write(clear, "contract_line_scope", guard::Write::remove, pg::Parameters().ids(contracts));
        }
    }

    std::int64_t operation_ = 0;
    LineTotals totals_;
    Reversals reversals_;
};

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum confirm_contract(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "confirm_contract", [](Verb& verb) { ContractConfirmation(verb).run(); });
}

Datum close_contract(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "close_contract", [](Verb& verb) { Closing(verb).run(); });
}
