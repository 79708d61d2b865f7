// Progress billing: set_progress(), and the slices that marking cuts off a milestone and merges back.
//
// A milestone is a set of shares that always total it. What has not been cut off yet is one share for each customer:
// not ready, never billed. A slice is cut off it when it is marked ready, and the last one is that very share.

#include "engine/progress.hpp"

#include <set>

#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"
#include "pg/sequence.hpp"

namespace billing::engine {

namespace {

constexpr StatusChange slice_cut{0, "milestone_split", "milestone_status", "", "ready_to_invoice"};
constexpr StatusChange slice_merged{0, "milestone_split", "milestone_status", "ready_to_invoice", ""};
constexpr StatusChange share_marked{0, "milestone_split", "milestone_status", "not_ready_to_invoice",
                                    "ready_to_invoice"};

// A milestone with what has not been cut off yet.
struct Milestone {
    std::int64_t contract_id;
    std::int64_t line_id;
    Taxed whole;
    std::optional<Decimal> next;
    bool is_progress_based;
    std::optional<Decimal> contracted; // of the line
    Decimal line_total;                // of all its milestones
    bool has_slice_under_way;          // ready or on a draft
    std::vector<OpenShare> open;
    Ids open_ids; // same order

    Taxed left() const {
        Taxed sum;
        for (OpenShare const& share : open) {
            sum = {sum.amount + share.left.amount, sum.tax + share.left.tax};
        }
        return sum;
    }
};

using Milestones = std::map<std::int64_t, Milestone>;

void load_open_shares(Milestones& milestones, const Ids& ids) {
    static pg::Statement read{R"(
        SELECT s.milestone_id, s.milestone_split_id, s.customer_id, s.amount, s.tax
          FROM (SELECT DISTINCT u.id FROM unnest($1) AS u (id)) i
          JOIN billing.milestone m ON m.milestone_id = i.id
          JOIN billing.milestone_split s ON s.contract_id = m.contract_id AND s.milestone_id = m.milestone_id
         WHERE s.milestone_status = 'not_ready_to_invoice' AND NOT s.has_billing_history
         ORDER BY s.customer_id, s.milestone_split_id)",
                              {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(ids));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        Milestone& milestone = milestones.at(rows.id(i, 1));
        milestone.open_ids.push_back(rows.id(i, 2));
        milestone.open.push_back({rows.id(i, 3), {rows.decimal(i, 4), rows.decimal(i, 5)}});
    }
}

Milestones load_milestones(const Ids& ids) {
    static pg::Statement read{R"(
        SELECT m.milestone_id, m.contract_id, m.contract_line_id, m.amount, m.tax, p.next_amount,
               l.invoice_schedule_type = 'progress_based', l.contracted_amount,
               (SELECT pg_catalog.sum(t.amount) FROM billing.milestone t
                 WHERE t.contract_id = m.contract_id AND t.contract_line_id = m.contract_line_id),
               EXISTS (SELECT 1 FROM billing.milestone_split s
                        WHERE s.contract_id = m.contract_id AND s.milestone_id = m.milestone_id
                          AND s.milestone_status IN ('ready_to_invoice', 'customer_invoice_created')
                          AND NOT s.has_billing_history)
          FROM (SELECT DISTINCT u.id FROM unnest($1) AS u (id)) i
          JOIN billing.milestone m ON m.milestone_id = i.id
          JOIN billing.contract_line l ON l.contract_line_id = m.contract_line_id AND l.contract_id = m.contract_id
          LEFT JOIN billing.milestone_progress p ON p.milestone_id = m.milestone_id AND p.contract_id = m.contract_id)",
                              {INT8ARRAYOID}};
    Milestones found;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(ids));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        found.emplace(rows.id(i, 1), Milestone{rows.id(i, 2),
                                               rows.id(i, 3),
                                               {rows.decimal(i, 4), rows.decimal(i, 5)},
                                               rows.decimal_or_null(i, 6),
                                               rows.flag(i, 7),
                                               rows.decimal_or_null(i, 8),
                                               rows.decimal(i, 9),
                                               rows.flag(i, 10),
                                               {},
                                               {}});
    }
    load_open_shares(found, ids);
    return found;
}

std::string more_than_left(const Milestone& milestone) {
    Decimal const left = milestone.left().total();
    return "only " + left.trimmed().text() + " of it (" + percent_of(milestone.whole.total(), left).trimmed().text() +
           " %) is left to bill";
}

// Why nothing can be billed next of a milestone; empty if something can.
std::string step_problem(ContractBook& book, const Milestone& milestone) {
    if (book.known_contract(milestone.contract_id).is_closed) {
        return "the contract is closed";
    }
    if (!milestone.is_progress_based) {
        return "contract line " + std::to_string(milestone.line_id) +
               " bills completed milestones; set its invoice_schedule_type to progress_based";
    }
    return milestone.has_slice_under_way ? "a slice of it is ready to invoice or on a draft" : "";
}

// Ids of new shares, drawn before the rows are written so that the log can be written first.
Ids draw_share_ids(std::size_t count) {
    pg::Sequence const sequence("milestone_split_milestone_split_id_seq");
    Ids ids;
    for (std::size_t i = 0; i < count; ++i) {
        ids.push_back(sequence.next());
    }
    return ids;
}

// Slices to be cut off shares: what the slice is, and what is left of the share.
class Slices {
public:
    void add(std::int64_t contract_id, std::int64_t share_id, const Taxed& part, const Taxed& left,
             std::int64_t credited_sale_id = 0) {
        contracts_.push_back(contract_id);
        shares_.push_back(share_id);
        sales_.push_back(credited_sale_id);
        amounts_.push_back(part.amount);
        taxes_.push_back(part.tax);
        left_amounts_.push_back(left.amount);
        left_taxes_.push_back(left.tax);
    }

    // Writes the slices, ready to invoice, and returns their ids in the order in which they were added.
    Ids write(std::int64_t operation_id) const {
        static pg::Statement reduce{R"(
            UPDATE billing.milestone_split s SET amount = d.amount, tax = d.tax
              FROM unnest($1, $2, $3) AS d (milestone_split_id, amount, tax)
             WHERE s.milestone_split_id = d.milestone_split_id)",
                                    {INT8ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID}};
        static pg::Statement insert{R"(
            INSERT INTO billing.milestone_split
                (contract_id, milestone_split_id, milestone_id, contract_line_id, customer_id, milestone_status,
                 has_billing_history, amount, tax, cut_from, credited_sale_id)
            SELECT s.contract_id, d.id, s.milestone_id, s.contract_line_id, s.customer_id, 'ready_to_invoice',
                   d.sale_id <> 0, d.amount, d.tax, s.milestone_split_id, nullif(d.sale_id, 0)
              FROM unnest($1, $2, $3, $4, $5) AS d (id, share_id, amount, tax, sale_id)
              JOIN billing.milestone_split s ON s.milestone_split_id = d.share_id)",
                                    {INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID, INT8ARRAYOID}};
        if (shares_.empty()) {
            return {};
        }
        Ids ids = draw_share_ids(shares_.size());
        log_changes(operation_id, slice_cut, contracts_, ids);
        guard::write(reduce, "milestone_split", guard::Write::update,
                     pg::Parameters().ids(shares_).decimals(left_amounts_).decimals(left_taxes_));
        guard::write(insert, "milestone_split", guard::Write::insert,
                     pg::Parameters().ids(ids).ids(shares_).decimals(amounts_).decimals(taxes_).ids(sales_));
        return ids;
    }

private:
    Ids contracts_;
    Ids shares_;
    Ids sales_;
    std::vector<Decimal> amounts_;
    std::vector<Decimal> taxes_;
    std::vector<Decimal> left_amounts_;
    std::vector<Decimal> left_taxes_;
};

// Cuts the next slices of many milestones.
class Cutting {
public:
    Cutting(ContractBook& book, std::int64_t operation_id) : book_(book), operation_(operation_id) {}

    // Plans the next slice of a milestone; returns why that is not possible, or nothing.
    std::string plan(std::int64_t milestone_id, const Milestone& milestone, const std::optional<Decimal>& next) {
        if (std::string problem = step_problem(book_, milestone); !problem.empty()) {
            return problem;
        }
        if (std::string problem =
                milestone_line_problem(book_.known_line(milestone.line_id), milestone.contracted, milestone.line_total);
            !problem.empty()) {
            return problem;
        }
        Taxed const left = milestone.left();
        if (!next && left.total().sign() > 0) {
            return "nothing of it is set to be billed next; call set_progress()";
        }
        if (next && left.total() < *next) {
            return more_than_left(milestone);
        }
        // What is left can be less than nothing: the share of a rounding customer when all others have been billed.
        return plan_parts(milestone_id, milestone, next ? *next : left.total());
    }

    // Writes what was planned.
    void write() {
        static pg::Statement mark{R"(
            UPDATE billing.milestone_split SET milestone_status = 'ready_to_invoice'
             WHERE milestone_split_id = ANY ($1) AND milestone_status = 'not_ready_to_invoice')",
                                  {INT8ARRAYOID}};
        Ids const ids = slices_.write(operation_);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            marked_[slice_of_[i]].push_back(ids[i]);
        }
        log_changes(operation_, share_marked, whole_contracts_, whole_);
        if (!whole_.empty()) {
            guard::write(mark, "milestone_split", guard::Write::update, pg::Parameters().ids(whole_));
        }
        forget_progress(milestones_);
    }

    // The shares that became ready.
    const Ids& marked(std::int64_t milestone_id) { return marked_[milestone_id]; }

private:
    std::string plan_parts(std::int64_t milestone_id, const Milestone& milestone, const Decimal& next) {
        Contract& contract = book_.known_contract(milestone.contract_id);
        int const scale = contract.money_scale;
        std::vector<SlicePart> const parts = cut(next_slice(milestone.whole, milestone.left(), next, scale),
                                                 milestone.open, book_.known_line(milestone.line_id).shares, scale);
        if (std::string problem = claim(contract, milestone, parts); !problem.empty()) {
            return problem;
        }
        milestones_.push_back(milestone_id);
        for (SlicePart const& part : parts) {
            std::int64_t const share_id = milestone.open_ids[part.share];
            Taxed const& left = milestone.open[part.share].left;
            if (part.takes_all) {
                whole_contracts_.push_back(milestone.contract_id);
                whole_.push_back(share_id);
                marked_[milestone_id].push_back(share_id);
            } else {
                slices_.add(milestone.contract_id, share_id, part.part,
                            {left.amount - part.part.amount, left.tax - part.part.tax});
                slice_of_.push_back(milestone_id);
            }
        }
        return {};
    }

    // A slice is one thing: all customers have room for it, or none is billed.
    std::string claim(Contract& contract, const Milestone& milestone, const std::vector<SlicePart>& parts) {
        NteBook& limits = book_.limits(contract);
        std::size_t claimed = 0;
        for (SlicePart const& part : parts) {
            NteVerdict const verdict =
                limits.evaluate_milestone(milestone.open[part.share].customer_id, part.part.amount);
            if (verdict.status == NteStatus::failed) {
                for (std::size_t i = 0; i < claimed; ++i) {
                    limits.release_milestone(milestone.open[parts[i].share].customer_id, parts[i].part.amount);
                }
                return milestone_limit_problem(*verdict.failed_level);
            }
            ++claimed;
        }
        return {};
    }

    ContractBook& book_;
    std::int64_t operation_;
    Slices slices_;
    Ids slice_of_; // milestone of each slice
    Ids whole_;    // shares that are marked as they are
    Ids whole_contracts_;
    Ids milestones_;
    std::map<std::int64_t, Ids> marked_;
};

void store_next(const Ids& milestones, const std::vector<Decimal>& amounts) {
    static pg::Statement insert{R"(
        INSERT INTO billing.milestone_progress (contract_id, milestone_id, next_amount)
        SELECT m.contract_id, m.milestone_id, d.next_amount
          FROM unnest($1, $2) AS d (milestone_id, next_amount)
          JOIN billing.milestone m ON m.milestone_id = d.milestone_id
         WHERE d.next_amount > 0)",
                                {INT8ARRAYOID, NUMERICARRAYOID}};
    forget_progress(milestones);
    if (!milestones.empty()) {
        guard::write(insert, "milestone_progress", guard::Write::insert,
                     pg::Parameters().ids(milestones).decimals(amounts));
    }
}

// --- merging --------------------------------------------------------------------------------------------------------

// What leaves its slice and is next again. Of a step that another customer's invoice has taken a part of, the rest is
// for the person who bills it to set.
void restore_next(const Ids& slices) {
    static pg::Statement read{R"(
        SELECT s.milestone_id, pg_catalog.sum(s.amount + s.tax)
          FROM billing.milestone_split s
          JOIN billing.contract_line l ON l.contract_line_id = s.contract_line_id AND l.contract_id = s.contract_id
               AND l.invoice_schedule_type = 'progress_based'
         WHERE s.milestone_split_id = ANY ($1)
           AND NOT EXISTS (SELECT 1 FROM billing.milestone_split o
                            WHERE o.contract_id = s.contract_id AND o.milestone_id = s.milestone_id
                              AND o.milestone_status IN ('ready_to_invoice', 'customer_invoice_created')
                              AND NOT o.has_billing_history AND o.milestone_split_id <> ALL ($1))
         GROUP BY s.milestone_id)",
                              {INT8ARRAYOID}};
    Ids milestones;
    std::vector<Decimal> amounts;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(slices));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        milestones.push_back(rows.id(i, 1));
        amounts.push_back(rows.decimal(i, 2));
    }
    store_next(milestones, amounts);
}

// Slices, and the shares that take them.
struct Merge {
    Ids contracts;
    Ids slices;
    Ids into;
};

void merge(std::int64_t operation_id, const Merge& merged) {
    static pg::Statement add{R"(
        UPDATE billing.milestone_split s SET amount = s.amount + d.amount, tax = s.tax + d.tax
          FROM (SELECT k.into_id, pg_catalog.sum(x.amount) AS amount, pg_catalog.sum(x.tax) AS tax
                  FROM unnest($1, $2) AS k (slice_id, into_id)
                  JOIN billing.milestone_split x ON x.milestone_split_id = k.slice_id
                 GROUP BY k.into_id) d
         WHERE s.milestone_split_id = d.into_id)",
                             {INT8ARRAYOID, INT8ARRAYOID}};
    static pg::Statement disown{R"(
        UPDATE billing.milestone_split s SET cut_from = NULL
          FROM unnest($1) AS k (slice_id)
          JOIN billing.milestone_split x ON x.milestone_split_id = k.slice_id
         WHERE s.contract_id = x.contract_id AND s.milestone_id = x.milestone_id
           AND s.cut_from = x.milestone_split_id)",
                                {INT8ARRAYOID}};
    static pg::Statement erase{"DELETE FROM billing.milestone_split WHERE milestone_split_id = ANY ($1)",
                               {INT8ARRAYOID}};
    if (merged.slices.empty()) {
        return;
    }
    log_changes(operation_id, slice_merged, merged.contracts, merged.slices);
    guard::write(add, "milestone_split", guard::Write::update, pg::Parameters().ids(merged.slices).ids(merged.into));
    guard::write(disown, "milestone_split", guard::Write::update, pg::Parameters().ids(merged.slices));
    guard::write(erase, "milestone_split", guard::Write::remove, pg::Parameters().ids(merged.slices));
}

// --- set_progress ---------------------------------------------------------------------------------------------------

// What somebody asks to be billed next: a percentage or an amount.
struct Step {
    std::optional<Decimal> percent;
    std::optional<Decimal> amount;
    bool ready;
};

Step asked_step(const Verb& verb) {
    Step step{verb.arguments.decimal(1), verb.arguments.decimal(2), verb.arguments.flag(3)};
    if (step.percent.has_value() == step.amount.has_value()) {
        throw DomainError(sqlstate::invalid_parameter, "give either percent or amount", {},
                          "Each is reckoned from the other; both include tax.");
    }
    Decimal const value = step.percent ? *step.percent : *step.amount;
    if (value.sign() < 0 || (step.percent && Decimal::of(100) < value)) {
        throw DomainError(sqlstate::invalid_parameter,
                          step.percent ? "percent must be between 0 and 100" : "amount must not be negative");
    }
    if (step.ready && value.is_zero()) {
        throw DomainError(sqlstate::invalid_parameter, "nothing cannot be marked ready to invoice", {},
                          "Call it without ready to take back what was set.");
    }
    return step;
}

class Progress {
public:
    explicit Progress(Verb& verb) : verb_(verb), step_(asked_step(verb)) {
        Ids const ids = verb.arguments.required_ids(0, "milestones");
        wanted_.insert(ids.begin(), ids.end());
    }

    void run() {
        Ids const ids(wanted_.begin(), wanted_.end());
        book_ = ContractBook::lock_and_load(contracts_of(ids));
        milestones_ = load_milestones(ids);
        Cutting cutting(book_, begin_operation(verb_, logged()));
        Ids set;
        std::vector<Decimal> amounts;
        for (auto const& [id, milestone] : milestones_) {
            std::optional<Decimal> next;
            std::string problem = find_next(milestone, next);
            if (problem.empty() && step_.ready) {
                problem = cutting.plan(id, milestone, next);
            }
            outcome_[id] = {problem.empty() ? is_news(milestone, *next) ? ItemOutcome::changed : ItemOutcome::unchanged
                                            : ItemOutcome::refused,
                            problem};
            if (problem.empty() && !step_.ready) {
                set.push_back(id);
                amounts.push_back(*next);
            }
        }
        store_next(set, amounts);
        cutting.write();
        report();
    }

private:
    static Ids contracts_of(const Ids& milestones) {
        static pg::Statement read{"SELECT DISTINCT contract_id FROM billing.milestone WHERE milestone_id = ANY ($1)",
                                  {INT8ARRAYOID}};
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(milestones));
        return rows.ids(1);
    }

    LoggedArguments logged() const {
        auto const text = [](const std::optional<Decimal>& value) {
            return value ? std::optional<std::string>(value->text()) : std::nullopt;
        };
        LoggedArguments arguments;
        arguments.add("milestones", std::optional<Ids>(Ids(wanted_.begin(), wanted_.end())));
        arguments.add("percent", text(step_.percent)).add("amount", text(step_.amount));
        return arguments.add("ready", std::string_view(step_.ready ? "true" : "false"));
    }

    // The amount to be billed next, including tax; returns why there is none, or nothing.
    std::string find_next(const Milestone& milestone, std::optional<Decimal>& next) {
        if (std::string problem = step_problem(book_, milestone); !problem.empty()) {
            return problem;
        }
        Decimal const& asked = step_.amount ? *step_.amount : *step_.percent;
        if (asked.is_zero()) {
            next = asked;
            return {};
        }
        Contract const& contract = book_.known_contract(milestone.contract_id);
        Decimal const left = milestone.left().total();
        next = step_.amount ? step_.amount
                            : amount_for(milestone.whole.total(), left, *step_.percent, contract.money_scale);
        if (!next || left < *next) {
            return more_than_left(milestone);
        }
        if (next->rounded(contract.money_scale) != *next) {
            return next->trimmed().text() + " has more decimals than " + contract.currency + " knows";
        }
        return next->is_zero() ? step_.percent->trimmed().text() + " % of it is nothing to bill" : "";
    }

    bool is_news(const Milestone& milestone, const Decimal& next) const {
        return step_.ready || milestone.next.value_or(Decimal()) != next;
    }

    void report() {
        static pg::Statement read{R"(
            SELECT i.id, m.contract_id, v.next_percent, v.next_amount, v.next_status, v.invoiced_amount,
                   v.remaining_amount
              FROM unnest($1) AS i (id)
              LEFT JOIN billing.milestone m ON m.milestone_id = i.id
              LEFT JOIN billing.progress_milestones v ON v.contract_id = m.contract_id AND v.milestone_id = m.milestone_id
             ORDER BY i.id)",
                                  {INT8ARRAYOID}};
        pg::EnumOids<ItemOutcome> const outcomes;
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(Ids(wanted_.begin(), wanted_.end())));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            auto const found = outcome_.find(rows.id(i, 1));
            auto const& [outcome, problem] = found != outcome_.end() ? found->second : unknown_;
            verb_.result.id(rows.id(i, 1)).id_or_null(rows.id_or(i, 2, 0)).add(outcomes(outcome));
            verb_.result.text_or_null(problem);
            for (int column = 3; column <= 7; ++column) {
                verb_.result.maybe(rows.datum(i, column));
            }
            verb_.result.emit();
        }
    }

    using Outcome = std::pair<ItemOutcome, std::string>;

    Verb& verb_;
    Step step_;
    std::set<std::int64_t> wanted_;
    ContractBook book_;
    Milestones milestones_;
    std::map<std::int64_t, Outcome> outcome_;
    Outcome const unknown_{ItemOutcome::refused, "there is no milestone with this id"};
};

} // namespace

std::string milestone_line_problem(const ContractLine& line, const std::optional<Decimal>& contracted,
                                   const Decimal& total) {
    if (std::string problem = line.problem(); !problem.empty()) {
        return problem;
    }
    if (contracted && *contracted != total) {
        return "the milestones of contract line " + std::to_string(line.line_id) + " total " + total.trimmed().text() +
               ", its contracted amount is " + contracted->trimmed().text();
    }
    return {};
}

const char* milestone_limit_problem(NteLevel level) {
    return level == NteLevel::contract ? "exceeds the not-to-exceed limit of the contract"
                                       : "exceeds the not-to-exceed limit of the customer on the contract";
}

Ids mark_slices(ContractBook& book, std::int64_t operation_id, Groups& groups, const Ids& shares) {
    static pg::Statement read{R"(
        SELECT i.id, CASE WHEN s.milestone_status = 'not_ready_to_invoice' AND NOT s.has_billing_history
                           AND l.invoice_schedule_type = 'progress_based' THEN s.milestone_id END
          FROM (SELECT DISTINCT u.id FROM unnest($1) AS u (id)) i
          LEFT JOIN billing.milestone_split s ON s.milestone_split_id = i.id
          LEFT JOIN billing.contract_line l ON l.contract_line_id = s.contract_line_id AND l.contract_id = s.contract_id)",
                              {INT8ARRAYOID}};
    Ids others;
    std::map<std::int64_t, Ids> named; // shares by milestone
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(shares));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        std::int64_t const milestone_id = rows.id_or(i, 2, 0);
        (milestone_id == 0 ? others : named[milestone_id]).push_back(rows.id(i, 1));
    }
    Ids ids;
    for (auto const& [milestone_id, share_ids] : named) {
        ids.push_back(milestone_id);
    }
    Milestones const milestones = load_milestones(ids);
    Cutting cutting(book, operation_id);
    Ids planned;
    for (auto const& [id, milestone] : milestones) {
        std::string const problem = cutting.plan(id, milestone, milestone.next);
        if (problem.empty()) {
            planned.push_back(id);
            continue;
        }
        for (std::int64_t const share_id : named[id]) {
            groups.add("milestone", milestone.contract_id, ItemOutcome::refused, problem, share_id);
        }
    }
    cutting.write();
    for (std::int64_t const id : planned) {
        for (std::int64_t const share_id : cutting.marked(id)) {
            groups.add("milestone", milestones.at(id).contract_id, ItemOutcome::changed, "", share_id);
        }
    }
    return others;
}

Ids merge_slices(ContractBook& book, std::int64_t operation_id, Groups& groups, const Ids& shares) {
    static pg::Statement read{R"(
        SELECT i.id, s.contract_id, s.milestone_id, s.customer_id,
               coalesce(s.milestone_status = 'ready_to_invoice' AND NOT s.has_billing_history, false),
               coalesce((SELECT pg_catalog.min(r.milestone_split_id) FROM billing.milestone_split r
                          WHERE r.contract_id = s.contract_id AND r.milestone_id = s.milestone_id
                            AND r.customer_id = s.customer_id AND r.milestone_status = 'not_ready_to_invoice'
                            AND NOT r.has_billing_history), 0)
          FROM (SELECT DISTINCT u.id FROM unnest($1) AS u (id)) i
          LEFT JOIN billing.milestone_split s ON s.milestone_split_id = i.id
         ORDER BY i.id)",
                              {INT8ARRAYOID}};
    Ids others;
    Ids slices;
    Merge merged;
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> uncut; // by milestone and customer
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(shares));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        std::int64_t const id = rows.id(i, 1);
        if (!rows.flag(i, 5) || book.known_contract(rows.id(i, 2)).is_closed) {
            others.push_back(id);
            continue;
        }
        slices.push_back(id);
        // Where nothing is uncut the first slice becomes it.
        std::int64_t const rest = rows.id(i, 6) == 0 ? id : rows.id(i, 6);
        std::int64_t const into = uncut.try_emplace({rows.id(i, 3), rows.id(i, 4)}, rest).first->second;
        if (into == id) {
            others.push_back(id);
            continue;
        }
        merged.contracts.push_back(rows.id(i, 2));
        merged.slices.push_back(id);
        merged.into.push_back(into);
        groups.add("milestone", rows.id(i, 2), ItemOutcome::changed, "", id);
    }
    restore_next(slices);
    merge(operation_id, merged);
    return others;
}

void forget_progress(const Ids& milestones) {
    static pg::Statement erase{"DELETE FROM billing.milestone_progress WHERE milestone_id = ANY ($1)", {INT8ARRAYOID}};
    if (!milestones.empty()) {
        guard::write(erase, "milestone_progress", guard::Write::remove, pg::Parameters().ids(milestones));
    }
}

void split_credited_shares(std::int64_t operation_id, const std::vector<CreditedShare>& credited) {
    static pg::Statement read{R"(
        SELECT s.contract_id, s.amount, s.tax
          FROM unnest($1) WITH ORDINALITY AS i (id, place)
          JOIN billing.milestone_split s ON s.milestone_split_id = i.id
         ORDER BY i.place)",
                              {INT8ARRAYOID}};
    static pg::Statement move{R"(
        UPDATE billing.milestone_split s SET invoice_line_id = d.invoice_line_id
          FROM unnest($1, $2) AS d (milestone_split_id, invoice_line_id)
         WHERE s.milestone_split_id = d.milestone_split_id AND s.milestone_status = 'customer_invoice_posted')",
                              {INT8ARRAYOID, INT8ARRAYOID}};
    if (credited.empty()) {
        return;
    }
    Ids shares;
    Ids lines;
    for (CreditedShare const& share : credited) {
        shares.push_back(share.share_id);
        lines.push_back(share.invoice_line_id);
    }
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(shares));
    Slices slices;
    for (std::size_t i = 0; i < credited.size(); ++i) {
        Taxed const share{rows.decimal(i, 2), rows.decimal(i, 3)};
        Taxed const part = credited_part(share, credited[i].billed, credited[i].stands);
        if (!part.is_zero()) {
            slices.add(rows.id(i, 1), shares[i], part, {share.amount - part.amount, share.tax - part.tax},
                       credited[i].sale_id);
        }
    }
    if (guard::write(move, "milestone_split", guard::Write::update, pg::Parameters().ids(shares).ids(lines)) !=
        shares.size()) {
        throw DomainError(sqlstate::inconsistent, "a billed milestone share changed while it was being credited");
    }
    (void)slices.write(operation_id);
}

} // namespace billing::engine

using namespace billing::engine;

Datum set_progress(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "set_progress", [](Verb& verb) { Progress(verb).run(); });
}
