#pragma once
// What the verbs about journals share.

#include "domain/journal.hpp"
#include "engine/contract_book.hpp"
#include "engine/entry_ledger.hpp"
#include "engine/operation.hpp"

namespace billing::engine {

struct Journal {
    std::int64_t journal_id;
    std::int64_t contract_id;
    JournalType type;
    JournalStatus status;

    bool is_draft() const { return status == JournalStatus::draft; }
    std::string name() const { return "journal " + std::to_string(journal_id); }
    // As the log keeps it.
    LoggedArguments logged() const {
        return LoggedArguments().add("journal", std::string_view(std::to_string(journal_id)));
    }
};

// The journals with these ids that exist, by id. Locked, they take no new lines until the end of the transaction.
std::vector<Journal> read_journals(const Ids& ids);
std::vector<Journal> lock_journals(const Ids& ids);

// One journal; raises ZB020 if there is none.
Journal find_journal(std::int64_t id);

// Locks a journal whose contract is locked and checks that it is still a draft; raises ZB022 otherwise.
Journal lock_draft(std::int64_t id);

constexpr const char* confirmed_reason = "the journal is confirmed; what it wrote is taken back by another journal";

// What a draft journal holds.
Ids entries_of(const Ids& journals);
Ids actuals_of(const Ids& journals);

// Moves actuals between adjustable and in process, log first.
void move_held(std::int64_t operation_id, const ItemsByContract& actuals, AdjustmentStatus from, AdjustmentStatus to);

// Whether an actual of approved work is held by a correction journal.
bool is_held(const LedgerRow& row);

// The journal becomes final; the log says so first.
void log_confirmation(std::int64_t operation_id, const Journal& journal);
void finish_confirmation(const Journal& journal);

// confirm_journal() and preview_journal() of the three kinds.
void confirm_entry_journal(Verb& verb, const Journal& journal, bool preview);
void confirm_correction(Verb& verb, const Journal& journal, bool preview);
void confirm_cancellation(Verb& verb, const Journal& found, bool preview);

// The log entry of confirm_journal().
std::int64_t begin_confirmation(Verb& verb, const Journal& journal);

// Results of the verbs that select and release: (item, item_id, outcome, reason).
class SelectionReport {
public:
    explicit SelectionReport(Verb& verb) : verb_(verb) {}
    void add(const char* item, std::int64_t id, ItemOutcome outcome, std::string_view reason = {}) {
        verb_.result.text(item).id(id).add(outcome_(outcome)).text_or_null(reason).emit();
    }

private:
    Verb& verb_;
    pg::EnumOids<ItemOutcome> outcome_;
};

} // namespace billing::engine
