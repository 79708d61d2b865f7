#include "engine/reevaluate.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/entries.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/batch_memory.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

constexpr std::size_t no_rewrite = SIZE_MAX;

void add_ids(Ids& into, const pg::Rows& rows) {
    Ids const found = rows.ids(1);
    into.insert(into.end(), found.begin(), found.end());
}

Ids projects_of_lines(const Ids& contracts) {
    static pg::Statement read{R"(
        SELECT DISTINCT project_id FROM billing.contract_line
         WHERE contract_id = ANY ($1) AND project_id IS NOT NULL)",
                              {INT8ARRAYOID}};
    Ids projects;
    add_ids(projects, pg::query(read, pg::Parameters().ids(contracts)));
    return projects;
}

// Contracts for internal work that hold the entries: read, not locked.
Ids internal_contracts_of_entries(const Ids& entries) {
    static pg::Statement read{R"(
        SELECT DISTINCT a.contract_id
          FROM billing.actual a
          JOIN billing.contract c ON c.contract_id = a.contract_id AND c.kind = 'internal'
         WHERE a.entry_id = ANY ($1) AND a.invoice_id IS NULL)",
                              {INT8ARRAYOID}};
    Ids contracts;
    add_ids(contracts, pg::query(read, pg::Parameters().ids(entries)));
    return contracts;
}

Ids projects_of_entries(const Ids& entries) {
    static pg::Statement read{"SELECT DISTINCT project_id FROM billing.entry WHERE entry_id = ANY ($1)",
                              {INT8ARRAYOID}};
    Ids projects;
    add_ids(projects, pg::query(read, pg::Parameters().ids(entries)));
    return projects;
}

bool is_chargeable_sale(const NewActual& actual) {
    return actual.type == TransactionType::unbilled_sales && actual.billing_type == BillingType::chargeable;
}

} // namespace

Ids find_work(const WorkSelection& selection) {
    static pg::Statement of_projects{R"(
        SELECT entry_id FROM billing.entry
         WHERE project_id = ANY ($1) AND entry_status IN ('approved', 'recall_requested'))",
                                     {INT8ARRAYOID}};
    static pg::Statement in_backlog{R"(
        SELECT DISTINCT entry_id FROM billing.actual
         WHERE contract_id = ANY ($1) AND is_open AND entry_id IS NOT NULL)",
                                    {INT8ARRAYOID}};
    Ids found = selection.entries;
    Ids projects = selection.projects;
    if (!selection.contracts.empty()) {
        Ids const of_lines = projects_of_lines(selection.contracts);
        projects.insert(projects.end(), of_lines.begin(), of_lines.end());
        add_ids(found, pg::query(in_backlog, pg::Parameters().ids(selection.contracts)));
    }
    if (!projects.empty()) {
        add_ids(found, pg::query(of_projects, pg::Parameters().ids(projects)));
    }
    return sorted_unique(std::move(found));
}

Reevaluation::Reevaluation(Verb& verb, bool preview)
    : Reevaluation(preview, {}, std::make_unique<LedgerReport>(verb)) {}

Reevaluation::Reevaluation(bool preview, Reprice reprice, std::unique_ptr<LedgerReport> report, bool held)
    : preview_(preview), reprice_(std::move(reprice)), held_(held), report_(std::move(report)),
      reversals_(totals_, held ? AdjustmentStatus::in_process : AdjustmentStatus::adjustable),
      splits_(totals_, reversals_) {
    if (reprice_) {
        terms_.expect_repricing();
    }
}

void Reevaluation::lock_and_load(const Ids& entries, const Ids& also_lock) {
    entries_ = entries;
    if (preview_) {
        Ids holders = customer_contracts_of_entries(entries_);
        Ids const internal = internal_contracts_of_entries(entries_);
        holders.insert(holders.end(), internal.begin(), internal.end());
        terms_.load(projects_of_entries(entries_), holders);
        return;
    }
    Ids const projects = lock_entries(entries_);
    Ids lock = customer_contracts_of_entries(entries_);
    lock.insert(lock.end(), also_lock.begin(), also_lock.end());
    terms_.lock_and_load(projects, lock, internal_contracts_of_entries(entries_));
}

void Reevaluation::keep_only(const Ids& entries) {
    std::unordered_set<std::int64_t> const wanted(entries.begin(), entries.end());
    entries_.erase(
        std::remove_if(entries_.begin(), entries_.end(), [&](std::int64_t id) { return wanted.count(id) == 0; }),
        entries_.end());
}

void Reevaluation::run(std::int64_t operation_id) {
    pg::BatchMemory memory;
    in_batches(entries_, [&](const Ids& batch) {
        memory.enter();
        consider_batch(batch);
        settle_unlimited(operation_id);
        report_->flush();
        memory.leave();
    });
    settle(operation_id);
    report_->flush();
}

bool Reevaluation::compare() {
    in_batches(entries_, [this](const Ids& batch) { consider_batch(batch); });
    return refused_;
}

// Where no contract concerned has limits, nobody waits for his turn: the entry is written with its batch, and memory
// does not grow with the work.
void Reevaluation::settle_unlimited(std::int64_t operation_id) {
    auto const unlimited = std::stable_partition(rewrites_.begin(), rewrites_.end(),
                                                 [this](const Rewrite& rewrite) { return is_limited(rewrite); });
    for (auto rewrite = unlimited; rewrite != rewrites_.end(); ++rewrite) {
        std::for_each(rewrite->reversed.begin(), rewrite->reversed.end(), [this](const LedgerRow& r) { release(r); });
        for (std::size_t k = 0; k < rewrite->written.size(); ++k) {
            if (is_chargeable_sale(rewrite->written[k])) {
                evaluate_rewritten(*rewrite, k);
            }
        }
        preview_ ? report(*rewrite) : write_again(*rewrite);
    }
    rewrites_.erase(unlimited, rewrites_.end());
    write_batch(operation_id);
}

void Reevaluation::settle(std::int64_t operation_id) {
    evaluate_limits();
    write(operation_id);
    new_actuals_.close();
}

void Reevaluation::refuse(std::int64_t entry_id, std::int64_t contract_id, std::string_view reason) {
    refused_ = true;
    report_->note(entry_id, contract_id, ItemOutcome::refused, reason);
}

// --- what differs -------------------------------------------------------------------------------------------------

void Reevaluation::consider_batch(const Ids& batch) {
    static pg::Statement read{"SELECT i.position, i.id," BILLING_ENTRY_COLUMNS
                              "  FROM unnest($1) WITH ORDINALITY AS i (id, position)"
                              "  LEFT JOIN billing.entry e ON e.entry_id = i.id",
                              {INT8ARRAYOID}};
    ledger_.read(batch);
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(batch));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        if (!rows.datum(i, 3)) {
            refuse(rows.id(i, 2), 0, "there is no entry with this id");
        } else {
            consider(terms_.entry_at(rows, i));
        }
    }
}

// In the order they were written: of sales that had room the first keeps it. What a journal holds is free for that
// journal.
std::vector<LedgerRow> Reevaluation::rows_of(std::int64_t entry_id) const {
    std::vector<LedgerRow> rows = ledger_.of(entry_id);
    std::sort(rows.begin(), rows.end(),
              [](const LedgerRow& a, const LedgerRow& b) { return a.actual_id < b.actual_id; });
    for (LedgerRow& row : rows) {
        bool const is_held = row.adjustment == AdjustmentStatus::in_process;
        if (held_ && is_held && row.type != TransactionType::billed_sales) {
            row.adjustment = AdjustmentStatus::adjustable;
        }
    }
    return rows;
}

void Reevaluation::consider(EntryRow entry) {
    if (entry.status != EntryStatus::approved && entry.status != EntryStatus::recall_requested) {
        return refuse(entry.entry_id, 0,
                      "the entry is " + std::string(label(entry.status)) + "; only approved work has actuals");
    }
    std::vector<LedgerRow> const rows = rows_of(entry.entry_id);
    Hold const hold = hold_of(rows);
    // Nothing of it is left in the backlog: there is nothing to evaluate, only new prices to tell of.
    bool const is_billed = hold == Hold::on_invoice && std::none_of(rows.begin(), rows.end(), is_in_backlog);
    if (is_billed && !reprice_) {
        return;
    }
    ApprovedWork const stored = entry.work;
    if (hold == Hold::none && credited_sale(rows) != 0) {
        entry.work = as_agreed(entry.work, rows);
    }
    if (reprice_) {
        reprice_(entry, rows, stored);
    }
    std::string const problem = terms_.judge(entry, judgement_);
    if (is_billed && (!problem.empty() || same_prices(rows, judgement_.actuals))) {
        return;
    }
    std::vector<LedgerRow> standing;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(standing), stands);
    if (!held_ && is_as_judged(hold == Hold::none ? standing : rows, problem, hold)) {
        if (hold == Hold::none) {
            keep(entry, standing);
        }
        return;
    }
    std::string const refusal = why_not(standing, problem, hold);
    if (!refusal.empty()) {
        return refuse(entry.entry_id, standing.empty() ? 0 : standing.front().contract_id, refusal);
    }
    rewrite(entry, std::move(standing));
}

// What is on an invoice is compared as it was approved: what invoices wrote are the same facts again.
bool Reevaluation::is_as_judged(const std::vector<LedgerRow>& rows, const std::string& problem, Hold hold) const {
    if (!problem.empty()) {
        return false;
    }
    if (hold == Hold::none) {
        auto const compare = agreed_at_one_price(rows) ? same_terms : same_quantities;
        return compare(rows, judgement_.contract->contract_id, judgement_.line_id(), judgement_.actuals);
    }
    return same_terms(as_written(rows), judgement_.contract->contract_id, judgement_.line_id(), judgement_.actuals);
}

std::string Reevaluation::why_not(const std::vector<LedgerRow>& standing, const std::string& problem, Hold hold) {
    for (LedgerRow const& row : standing) {
        if (terms_.book().known_contract(row.contract_id).is_closed) {
            return "the contract is closed";
        }
    }
    if (hold == Hold::none && problem.empty() && !agreed_at_one_price(standing)) {
        return "its sales were agreed at different prices; cancel the approval to have it written again";
    }
    return hold != Hold::none ? reason_of(hold) : problem;
}

void Reevaluation::rewrite(const EntryRow& entry, std::vector<LedgerRow> standing) {
    bool const had_room = std::any_of(standing.begin(), standing.end(),
                                      [](const LedgerRow& row) { return row.nte == NteStatus::committed; });
    rewrites_.push_back({entry, judgement_.contract->contract_id, judgement_.line_id(), had_room,
                         credited_sale(standing), std::move(standing), judgement_.actuals,
                         std::vector<NteVerdict>(judgement_.actuals.size(), {NteStatus::not_applicable, {}})});
    if (judgement_.overrules_typed && !entry.at_list_price) {
        overruled_.push_back(entry.entry_id);
    }
}

bool Reevaluation::has_limits(std::int64_t contract_id) {
    return terms_.book().limits(terms_.book().known_contract(contract_id)).has_limits();
}

bool Reevaluation::is_limited(const Rewrite& rewrite) {
    return has_limits(rewrite.contract_id) ||
           std::any_of(rewrite.reversed.begin(), rewrite.reversed.end(),
                       [this](const LedgerRow& row) { return has_limits(row.contract_id); });
}

// A sale that was reset waits until somebody evaluates it.
void Reevaluation::keep(const EntryRow& entry, const std::vector<LedgerRow>& standing) {
    for (LedgerRow const& row : standing) {
        if (is_in_backlog(row) && row.billing_type == BillingType::chargeable && row.nte != NteStatus::not_evaluated &&
            (row.nte != NteStatus::not_applicable || has_limits(row.contract_id))) {
            kept_.push_back({entry.entry_id, entry.date, row});
        }
    }
}

// --- not-to-exceed limits -----------------------------------------------------------------------------------------

// What gives room comes first, then who had room, then the oldest work: without a change nothing moves.
bool Reevaluation::Bid::operator<(const Bid& other) const {
    return std::make_tuple(!gives_room, !had_room, date, entry_id) <
           std::make_tuple(!other.gives_room, !other.had_room, other.date, other.entry_id);
}

void Reevaluation::release(const LedgerRow& row) {
    if (row.nte == NteStatus::committed) {
        terms_.book()
            .limits(terms_.book().known_contract(row.contract_id))
            .release(row.line_id, row.customer_id, row.amount);
    }
}

std::vector<Reevaluation::Bid> Reevaluation::bids() const {
    std::vector<Bid> all;
    for (std::size_t i = 0; i < rewrites_.size(); ++i) {
        Rewrite const& rewrite = rewrites_[i];
        for (std::size_t k = 0; k < rewrite.written.size(); ++k) {
            if (is_chargeable_sale(rewrite.written[k])) {
                all.push_back({rewrite.written[k].amount.sign() <= 0, rewrite.had_room, rewrite.entry.date,
                               rewrite.entry.entry_id, i, k});
            }
        }
    }
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        all.push_back({kept_[i].row.amount.sign() <= 0, kept_[i].row.nte == NteStatus::committed, kept_[i].date,
                       kept_[i].entry_id, no_rewrite, i});
    }
    std::stable_sort(all.begin(), all.end());
    return all;
}

void Reevaluation::evaluate_limits() {
    for (Rewrite const& rewrite : rewrites_) {
        std::for_each(rewrite.reversed.begin(), rewrite.reversed.end(), [this](const LedgerRow& row) { release(row); });
    }
    for (Kept const& kept : kept_) {
        release(kept.row);
    }
    for (Bid const& bid : bids()) {
        evaluate(bid);
    }
}

void Reevaluation::evaluate(const Bid& bid) {
    if (bid.rewrite != no_rewrite) {
        evaluate_rewritten(rewrites_[bid.rewrite], bid.item);
    } else {
        evaluate_kept(kept_[bid.item]);
    }
}

// A sale that fits only partly becomes two of those written.
void Reevaluation::evaluate_rewritten(Rewrite& rewrite, std::size_t item) {
    NewActual const sale = rewrite.written[item];
    NteFit const fit = terms_.book().fit(rewrite.contract_id, rewrite.line_id, sale.customer_id, sale_of(sale));
    rewrite.verdicts[item] = fit.verdict;
    if (fit.split) {
        rewrite.written[item] = part_of(sale, fit.split->fits);
        rewrite.verdicts[item] = committed_verdict();
        rewrite.written.push_back(part_of(sale, fit.split->rest));
        rewrite.verdicts.push_back(fit.verdict);
    }
}

void Reevaluation::evaluate_kept(const Kept& kept) {
    LedgerRow const& row = kept.row;
    NteFit const fit = terms_.book().fit(row.contract_id, row.line_id, row.customer_id, sale_of(row));
    if (fit.split) {
        return split(kept, fit);
    }
    if (fit.verdict.status != row.nte) {
        report_->evaluated(kept.entry_id, row, fit.verdict.status);
        nte_changes_.add(
            {row.actual_id, row.contract_id, row.line_id, row.customer_id, row.billing_status, row.nte, row.amount},
            fit.verdict);
    }
}

void Reevaluation::split(const Kept& kept, const NteFit& fit) {
    LedgerRow const& row = kept.row;
    NteSplits::Written const ids = preview_ ? NteSplits::Written{} : splits_.add(row, fit);
    report_->reversal(kept.entry_id, row, ids.reversal);
    NewActual const whole{row.type,  row.billing_type, row.customer_id, row.quantity,
                          row.price, row.amount,       row.tax,         row.extension};
    NewRow fits =
        new_actuals_.show(row.contract_id, row.line_id, part_of(whole, fit.split->fits), NteStatus::committed);
    NewRow rest = new_actuals_.show(row.contract_id, row.line_id, part_of(whole, fit.split->rest), fit.verdict.status);
    fits.actual_id = ids.fits;
    rest.actual_id = ids.rest;
    report_->written(kept.entry_id, fits);
    report_->written(kept.entry_id, rest);
}

// --- writing ------------------------------------------------------------------------------------------------------

void Reevaluation::write(std::int64_t operation_id) {
    std::size_t in_batch = 0;
    for (Rewrite const& item : rewrites_) {
        if (preview_) {
            report(item);
            continue;
        }
        write_again(item);
        if (++in_batch == static_cast<std::size_t>(entries_per_batch)) {
            in_batch = 0;
            write_batch(operation_id);
        }
    }
    if (preview_) {
        return;
    }
    write_batch(operation_id);
    splits_.write(operation_id);
    totals_.write();
    nte_changes_.write(operation_id);
    overrule_typed_prices(operation_id);
}

void Reevaluation::write_batch(std::int64_t operation_id) {
    if (!preview_) {
        reversals_.write(operation_id);
        new_actuals_.write();
    }
}

void Reevaluation::overrule_typed_prices(std::int64_t operation_id) const {
    static pg::Statement update{"UPDATE billing.entry SET approved_at_list_price = true WHERE entry_id = ANY ($1)",
                                {INT8ARRAYOID}};
    if (!overruled_.empty()) {
        log_list_prices_begin(operation_id, overruled_);
        guard::write(update, "entry", guard::Write::update, pg::Parameters().ids(overruled_));
    }
}

void Reevaluation::write_again(const Rewrite& item) {
    for (LedgerRow const& row : item.reversed) {
        report_->reversal(item.entry.entry_id, row, reversals_.add(row));
    }
    for (std::size_t k = 0; k < item.written.size(); ++k) {
        NewActual const& actual = item.written[k];
        NteVerdict const& verdict = item.verdicts[k];
        if (item.line_id != 0) {
            totals_.add(item.contract_id, item.line_id, actual.customer_id,
                        verdict.status == NteStatus::committed ? actual.amount : Decimal(), Decimal());
        }
        report_->written(item.entry.entry_id,
                         new_actuals_.add(item.entry, item.contract_id, item.line_id, actual, verdict,
                                          actual.type == TransactionType::unbilled_sales ? item.source_id : 0));
    }
}

void Reevaluation::report(const Rewrite& item) {
    for (LedgerRow const& row : item.reversed) {
        report_->reversal(item.entry.entry_id, row, 0);
    }
    for (std::size_t k = 0; k < item.written.size(); ++k) {
        report_->written(item.entry.entry_id,
                         new_actuals_.show(item.contract_id, item.line_id, item.written[k], item.verdicts[k].status));
    }
}

// --- reevaluate_work ----------------------------------------------------------------------------------------------

namespace {

void reevaluate_selected(Verb& verb) {
    Arguments const& arguments = verb.arguments;
    if (!arguments.given(0) && !arguments.given(1) && !arguments.given(2)) {
        throw DomainError(sqlstate::invalid_parameter, "nothing to evaluate again", {},
                          "Name contracts, projects or entries.");
    }
    WorkSelection const selection{arguments.ids(0).value_or(Ids()), arguments.ids(1).value_or(Ids()),
                                  arguments.ids(2).value_or(Ids())};
    bool const preview = arguments.flag(3);
    Reevaluation work(verb, preview);
    work.lock_and_load(find_work(selection));
    LoggedArguments logged;
    logged.add("contracts", arguments.ids(0)).add("projects", arguments.ids(1)).add("entries", arguments.ids(2));
    work.run(preview ? 0 : begin_operation(verb, logged));
}

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum reevaluate_work(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "reevaluate_work", reevaluate_selected);
}
