// Draft invoices: preview_invoices(), create_invoices(), add_to_invoice(), refresh_invoices().
//
// What can be billed is grouped by contract line and customer. preview_invoices() and calls that name single items read
// the groups first; a call for whole contracts reserves the ids of the invoice lines, links everything ready in one
// UPDATE under the same conditions, and learns the groups from what that returns. Then invoices and lines are written
// with their totals.

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "domain/schedule.hpp"
#include "engine/advance.hpp"
#include "engine/contract_book.hpp"
#include "engine/draft.hpp"
#include "engine/invoice_totals.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/enum_oids.hpp"
#include "pg/exports.hpp"
#include "pg/sequence.hpp"
#include "wall/backend.hpp"

namespace billing::engine {

namespace {

constexpr const char* ready_label = "ready_to_invoice";
constexpr const char* created_label = "customer_invoice_created";

// What the caller chose to bill: everything ready of some contracts, or single items.
struct Selection {
    std::optional<Ids> contracts;
    std::optional<Ids> actuals;
    std::optional<Ids> milestones;
    std::optional<Ids> products;
    std::optional<Ids> retainers; // to be billed, or staged for refund

    bool names_items() const { return actuals || milestones || products || retainers; }
};

enum class Source { actual, milestone, product, retainer, refund };

struct SourceTable {
    const char* table;
    const char* status_column;
};

SourceTable table_of(Source source) {
    switch (source) {
    case Source::actual:
        return {"actual", "billing_status"};
    case Source::milestone:
        return {"milestone_split", "milestone_status"};
    case Source::product:
        return {"contract_line", "product_status"};
    case Source::retainer:
        return {"retainer", "retainer_status"};
    case Source::refund:
        return {"retainer", "refund_status"};
    }
    return {"", ""};
}

// Retainers belong to the contract; everything else to one of its lines.
bool has_line(Source source) {
    return source != Source::retainer && source != Source::refund;
}

// Items of one kind, contract line and customer that go onto an invoice together.
struct Group {
    Source source;
    std::int64_t contract_id;
    std::int64_t line_id; // 0: none
    std::int64_t customer_id;
    std::int64_t count;
    Decimal amount; // chargeable
    Decimal tax;
    Datum ids;                        // bigint[]
    std::int64_t invoice_line_id = 0; // reserved for it, if it is linked already
};

using ContractAndCustomer = std::pair<std::int64_t, std::int64_t>;

struct Line {
    std::int64_t invoice_line_id;
    std::int64_t line_id;
    bool is_new;
    Decimal amount;
    Decimal tax;
};

struct Draft {
    std::int64_t invoice_id = 0;
    bool is_new = true;
    std::int64_t item_count = 0;
    Decimal amount;
    Decimal tax;
    std::map<std::int64_t, Line> lines; // by contract line

    // Without tax and retainers: what advances can be set against.
    Decimal charged() const {
        Decimal sum;
        for (auto const& [line_id, line] : lines) {
            sum += line.amount;
        }
        return sum;
    }
};

// --- reading the plan -----------------------------------------------------------------------------------------------

#define BILLING_READY_STATUS                                                                                           \
    " a.billing_status = 'ready_to_invoice' AND a.adjustment_status = 'adjustable'"                                    \
    " AND a.nte_status IN ('committed', 'not_applicable') AND a.transaction_date <= $2"

#define BILLING_READY_ACTUAL " a.is_open AND" BILLING_READY_STATUS

#define BILLING_ACTUAL_GROUPS(WHERE)                                                                                   \
    "SELECT a.contract_id, a.contract_line_id, a.customer_id, pg_catalog.count(*),"                                    \
    " coalesce(pg_catalog.sum(a.amount) FILTER (WHERE a.billing_type = 'chargeable'), 0),"                             \
    " coalesce(pg_catalog.sum(a.tax) FILTER (WHERE a.billing_type = 'chargeable'), 0),"                                \
    " pg_catalog.array_agg(a.actual_id)"                                                                               \
    " FROM billing.actual a WHERE " WHERE " GROUP BY a.contract_id, a.contract_line_id, a.customer_id"

pg::Statement actuals_of_contracts{BILLING_ACTUAL_GROUPS("a.contract_id = ANY ($1) AND" BILLING_READY_ACTUAL),
                                   {INT8ARRAYOID, DATEOID},
                                   pg::Planning::by_scan};
// What is ready is open; without saying so, the index of everything open is out of the planner's reach. Without
// statistics it would read all of it for a few ids.
pg::Statement actuals_by_id{
    BILLING_ACTUAL_GROUPS("a.actual_id = ANY ($1) AND a.transaction_type = 'unbilled_sales' AND" BILLING_READY_STATUS),
    {INT8ARRAYOID, DATEOID}};

#define BILLING_MILESTONE_GROUPS(WHERE)                                                                                \
    "SELECT s.contract_id, s.contract_line_id, s.customer_id, pg_catalog.count(*), pg_catalog.sum(s.amount),"          \
    " pg_catalog.sum(s.tax), pg_catalog.array_agg(s.milestone_split_id)"                                               \
    " FROM billing.milestone_split s WHERE " WHERE " AND s.milestone_status = 'ready_to_invoice'"                      \
    " AND $2::pg_catalog.date IS NOT NULL"                                                                             \
    " GROUP BY s.contract_id, s.contract_line_id, s.customer_id"                                                       \
    " ORDER BY s.contract_id, s.contract_line_id, s.customer_id"

pg::Statement milestones_of_contracts{BILLING_MILESTONE_GROUPS("s.contract_id = ANY ($1)"), {INT8ARRAYOID, DATEOID}};
pg::Statement milestones_by_id{BILLING_MILESTONE_GROUPS("s.milestone_split_id = ANY ($1)"), {INT8ARRAYOID, DATEOID}};

#define BILLING_PRODUCT_GROUPS(WHERE)                                                                                  \
    "SELECT l.contract_id, l.contract_line_id, c.customer_id, 1::int8,"                                                \
    " billing.money(l.quantity * l.unit_price, c.currency), l.tax, ARRAY[l.contract_line_id]"                          \
    " FROM billing.contract_line l JOIN billing.contract c ON c.contract_id = l.contract_id"                           \
    " WHERE " WHERE " AND l.product_status = 'ready_to_invoice' AND $2::pg_catalog.date IS NOT NULL"                   \
    " ORDER BY l.contract_id, l.contract_line_id"

pg::Statement products_of_contracts{BILLING_PRODUCT_GROUPS("l.contract_id = ANY ($1)"), {INT8ARRAYOID, DATEOID}};
pg::Statement products_by_id{BILLING_PRODUCT_GROUPS("l.contract_line_id = ANY ($1)"), {INT8ARRAYOID, DATEOID}};

#define BILLING_RETAINER_GROUPS(WHERE)                                                                                 \
    "SELECT r.contract_id, 0::int8, r.customer_id, pg_catalog.count(*), pg_catalog.sum(r.amount), 0::numeric,"         \
    " pg_catalog.array_agg(r.retainer_id)"                                                                             \
    " FROM billing.retainer r WHERE " WHERE " AND r.retainer_status = 'ready_to_invoice'"                              \
    " AND $2::pg_catalog.date IS NOT NULL"                                                                             \
    " GROUP BY r.contract_id, r.customer_id ORDER BY r.contract_id, r.customer_id"

pg::Statement retainers_of_contracts{BILLING_RETAINER_GROUPS("r.contract_id = ANY ($1)"), {INT8ARRAYOID, DATEOID}};
pg::Statement retainers_by_id{BILLING_RETAINER_GROUPS("r.retainer_id = ANY ($1)"), {INT8ARRAYOID, DATEOID}};

#define BILLING_REFUND_GROUPS(WHERE)                                                                                   \
    "SELECT r.contract_id, 0::int8, r.customer_id, pg_catalog.count(*), pg_catalog.sum(r.used_amount - r.amount),"     \
    " 0::numeric, pg_catalog.array_agg(r.retainer_id)"                                                                 \
    " FROM billing.retainer r WHERE " WHERE " AND r.refund_status = 'ready_to_refund'"                                 \
    " AND r.refund_invoice_id IS NULL AND $2::pg_catalog.date IS NOT NULL"                                             \
    " GROUP BY r.contract_id, r.customer_id ORDER BY r.contract_id, r.customer_id"

pg::Statement refunds_of_contracts{BILLING_REFUND_GROUPS("r.contract_id = ANY ($1)"), {INT8ARRAYOID, DATEOID}};
pg::Statement refunds_by_id{BILLING_REFUND_GROUPS("r.retainer_id = ANY ($1)"), {INT8ARRAYOID, DATEOID}};

// Rows of a plan query, kept alive because the groups' id arrays point into them.
class PlanReader {
public:
    // What stands in the backlog ready to be billed.
    std::vector<Group> read(const Selection& selection, const Ids& contracts, DateADT date) {
        if (selection.names_items()) {
            add(Source::actual, actuals_by_id, selection.actuals, date);
            add(Source::milestone, milestones_by_id, selection.milestones, date);
            add(Source::product, products_by_id, selection.products, date);
            add(Source::retainer, retainers_by_id, selection.retainers, date);
            add(Source::refund, refunds_by_id, selection.retainers, date);
        } else {
            add(Source::actual, actuals_of_contracts, contracts, date);
            add_all_but_actuals(contracts, date);
        }
        return std::exchange(groups_, {});
    }

    // The same without the actuals.
    std::vector<Group> read_without_actuals(const Ids& contracts, DateADT date) {
        add_all_but_actuals(contracts, date);
        return std::exchange(groups_, {});
    }

private:
    void add_all_but_actuals(const Ids& contracts, DateADT date) {
        add(Source::milestone, milestones_of_contracts, contracts, date);
        add(Source::product, products_of_contracts, contracts, date);
        add(Source::retainer, retainers_of_contracts, contracts, date);
        add(Source::refund, refunds_of_contracts, contracts, date);
    }

    void add(Source source, pg::Statement& statement, const std::optional<Ids>& keys, DateADT date) {
        if (!keys || keys->empty()) {
            return;
        }
        kept_.push_back(pg::query(statement, pg::Parameters().ids(*keys).date(date)));
        pg::Rows const& rows = kept_.back();
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            groups_.push_back({source, rows.id(i, 1), rows.id(i, 2), rows.id(i, 3), rows.id(i, 4), rows.decimal(i, 5),
                               rows.decimal(i, 6), rows.value(i, 7)});
        }
    }

    std::vector<pg::Rows> kept_;
    std::vector<Group> groups_;
};

Ids read_ids(pg::Statement& statement, pg::Parameters parameters = {}) {
    return pg::query(statement, std::move(parameters)).ids(1);
}

// Contracts that the selection reaches; without any choice all customer contracts that are not closed.
Ids contracts_of(const Selection& selection) {
    static pg::Statement all{
        "SELECT contract_id FROM billing.contract WHERE kind = 'customer' AND contract_status <> 'closed'", {}};
    static pg::Statement of_items{R"(
        SELECT contract_id FROM billing.actual WHERE actual_id = ANY ($1)
        UNION SELECT contract_id FROM billing.milestone_split WHERE milestone_split_id = ANY ($2)
        UNION SELECT contract_id FROM billing.contract_line WHERE contract_line_id = ANY ($3)
        UNION SELECT contract_id FROM billing.retainer WHERE retainer_id = ANY ($4))",
                                  {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};
    if (selection.names_items()) {
        return read_ids(of_items, pg::Parameters()
                                      .ids(selection.actuals)
                                      .ids(selection.milestones)
                                      .ids(selection.products)
                                      .ids(selection.retainers));
    }
    return selection.contracts ? *selection.contracts : read_ids(all);
}

class Drafting {
public:
    Drafting(Verb& verb, Selection selection, DateADT date)
        : verb_(verb), selection_(std::move(selection)), date_(date) {}

    // Reads what can be billed, and refuses contracts that cannot. Writes nothing, locks nothing.
    void preview() {
        book_ = ContractBook::load(contracts_of(selection_));
        groups_ = reader_.read(selection_, book_.contract_ids(), date_);
        drop_refused_contracts();
    }

    // Locks the contracts. For single items the groups are read; for whole contracts only those are looked at that may
    // have to be refused.
    void lock() { take(ContractBook::lock_and_load(contracts_of(selection_))); }

    // The same with contracts that are locked already.
    void take(ContractBook book) {
        book_ = std::move(book);
        groups_ = reader_.read(selection_, selection_.names_items() ? Ids() : suspicious_contracts(), date_);
        drop_refused_contracts();
        if (!selection_.names_items()) {
            groups_.clear();
        }
    }

    // Groups go only to these invoices; what belongs to other contracts or customers is left alone.
    void restrict_to(const std::map<ContractAndCustomer, std::int64_t>& invoices) {
        is_restricted_ = true;
        use_existing(invoices);
    }

    // Groups go to these invoices where there is one for their contract and customer, else to new ones.
    void use_existing(const std::map<ContractAndCustomer, std::int64_t>& invoices) {
        for (auto const& [key, invoice_id] : invoices) {
            Draft& draft = drafts_[key];
            draft.invoice_id = invoice_id;
            draft.is_new = false;
        }
        read_existing_lines();
    }

    std::set<ContractAndCustomer> contracts_and_customers() const {
        std::set<ContractAndCustomer> keys;
        for (Group const& group : groups_) {
            keys.emplace(group.contract_id, group.customer_id);
        }
        return keys;
    }

    // Whole contracts: links everything ready to invoice lines whose ids are reserved now and written afterwards.
    void link_contracts() {
        Ids const contracts = accepted_contracts();
        link_actuals(contracts);
        for (Group& group : reader_.read_without_actuals(contracts, date_)) {
            if (is_wanted({group.contract_id, group.customer_id})) {
                groups_.push_back(group);
            }
        }
    }

    // Adds up what each invoice gets.
    void assign() {
        for (Group const& group : groups_) {
            Draft& draft = drafts_[{group.contract_id, group.customer_id}];
            draft.item_count += group.count;
            draft.amount += group.amount;
            draft.tax += group.tax;
            if (!has_line(group.source)) {
                continue;
            }
            Line& line =
                draft.lines.try_emplace(group.line_id, Line{group.invoice_line_id, group.line_id, true, {}, {}})
                    .first->second;
            line.amount += group.amount;
            line.tax += group.tax;
        }
        for (auto& [key, draft] : drafts_) {
            if (draft.is_new) {
                add_empty_lines(key, draft);
            }
        }
        plan_advances();
    }

    void write(std::int64_t operation_id) {
        operation_id_ = operation_id;
        number_drafts();
        insert_invoices();
        insert_lines();
        claim_sources();
        write_advances();
        recompute_changed();
    }

    // What was drafted, for a caller who reports it himself.
    DraftedItems summary() const {
        DraftedItems drafted;
        for (auto const& [key, draft] : drafts_) {
            ++drafted.draft_count;
            drafted.total_amount += draft.amount + draft.tax;
        }
        return drafted;
    }

    // Raises ZB021 if a contract had to be left out.
    void require_none_refused() const {
        for (auto const& [contract_id, reason] : refused_) {
            throw DomainError(sqlstate::refused, reason);
        }
    }

    // One row per invoice, then what was refused or found empty.
    void report(bool is_preview) {
        for (auto const& [key, draft] : drafts_) {
            bool const is_changed = draft.item_count > 0 || !draft.amount.is_zero();
            emit(key.first, key.second, is_preview ? 0 : draft.invoice_id,
                 is_changed ? ItemOutcome::changed : ItemOutcome::unchanged, is_changed ? "" : "nothing to add", draft);
        }
        for (auto const& [contract_id, reason] : refused_) {
            emit(contract_id, 0, 0, ItemOutcome::refused, reason, Draft());
        }
        report_unknown_contracts();
        report_empty_contracts();
        report_items_left_out();
    }

private:
    // What new drafts take of retainers; drafts that exist do so when their totals are computed.
    void plan_advances() {
        std::vector<AdvanceTarget> targets;
        for (auto const& [key, draft] : drafts_) {
            if (draft.is_new) {
                targets.push_back({key.first, key.second, 0, draft.charged()});
            }
        }
        advances_ = AdvancePlan(std::move(targets));
        std::size_t target = 0;
        for (auto& [key, draft] : drafts_) {
            if (draft.is_new) {
                draft.amount -= advances_.total(target++);
            }
        }
    }

    void write_advances() const {
        Ids invoices;
        for (auto const& [key, draft] : drafts_) {
            if (draft.is_new) {
                invoices.push_back(draft.invoice_id);
            }
        }
        advances_.write(invoices);
    }

    void recompute_changed() {
        Ids changed;
        Ids untouched;
        for (auto const& [key, draft] : drafts_) {
            if (!draft.is_new) {
                (draft.item_count > 0 ? changed : untouched).push_back(draft.invoice_id);
            }
        }
        // A retainer billed meanwhile is set against drafts that got nothing else.
        std::map<std::int64_t, Decimal> taken = reapply_advances(untouched);
        for (auto const& [invoice_id, growth] : taken) {
            if (!growth.is_zero()) {
                changed.push_back(invoice_id);
            }
        }
        for (auto const& [invoice_id, growth] : recompute_totals(changed)) {
            taken[invoice_id] += growth;
        }
        for (auto& [key, draft] : drafts_) {
            auto const found = taken.find(draft.invoice_id);
            if (found != taken.end()) {
                draft.amount -= found->second;
            }
        }
    }

    bool is_wanted(const ContractAndCustomer& key) const { return !is_restricted_ || drafts_.count(key) != 0; }

    // Contracts with something about them that refuses them if it concerns what is billed.
    Ids suspicious_contracts() const {
        Ids ids;
        for (Contract const* contract : book_.contracts()) {
            bool const has_problem = std::any_of(contract->lines.begin(), contract->lines.end(), [](auto const* line) {
                return line->method != BillingMethod::product && !line->problem().empty();
            });
            if (contract->is_closed || has_problem) {
                ids.push_back(contract->contract_id);
            }
        }
        return ids;
    }

    Ids accepted_contracts() const {
        Ids ids;
        for (Contract const* contract : book_.contracts()) {
            if (!contract->is_closed && refused_.count(contract->contract_id) == 0) {
                ids.push_back(contract->contract_id);
            }
        }
        return ids;
    }

    // The place reserved for a contract line and customer.
    struct Place {
        std::int64_t contract_id;
        std::int64_t line_id;
        std::int64_t customer_id;
        std::int64_t invoice_line_id;
    };

    std::int64_t existing_line(const ContractAndCustomer& key, std::int64_t line_id) const {
        auto const draft = drafts_.find(key);
        if (draft == drafts_.end()) {
            return 0;
        }
        auto const line = draft->second.lines.find(line_id);
        return line == draft->second.lines.end() ? 0 : line->second.invoice_line_id;
    }

    std::vector<Place> reserve_places(const Ids& contracts) {
        pg::Sequence const sequence("invoice_line_invoice_line_id_seq");
        std::vector<Place> places;
        for (std::int64_t const contract_id : contracts) {
            for (ContractLine const* line : book_.known_contract(contract_id).lines) {
                for (Share const& share : line->shares) {
                    if (is_wanted({contract_id, share.customer_id})) {
                        std::int64_t const existing = existing_line({contract_id, share.customer_id}, line->line_id);
                        places.push_back({contract_id, line->line_id, share.customer_id,
                                          existing != 0 ? existing : sequence.next()});
                    }
                }
            }
        }
        return places;
    }

    void link_actuals(const Ids& contracts) {
        static pg::Statement update{
            "UPDATE billing.actual a"
            "   SET billing_status = 'customer_invoice_created', invoice_line_id = d.invoice_line_id"
            "  FROM unnest($3, $4, $5, $6)"
            "       AS d (contract_id, contract_line_id, customer_id, invoice_line_id)"
            " WHERE a.contract_id = ANY ($1) AND a.contract_id = d.contract_id"
            "   AND a.contract_line_id = d.contract_line_id AND a.customer_id = d.customer_id AND" BILLING_READY_ACTUAL
            " RETURNING a.invoice_line_id, a.actual_id, a.billing_type = 'chargeable', a.amount, a.tax",
            {INT8ARRAYOID, DATEOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID},
            pg::Planning::by_scan};
        std::vector<Place> const places = reserve_places(contracts);
        pg::IdSink linked(true);
        Ids place_contracts;
        Ids lines;
        Ids customers;
        Ids invoice_lines;
        for (Place const& place : places) {
            place_contracts.push_back(place.contract_id);
            lines.push_back(place.line_id);
            customers.push_back(place.customer_id);
            invoice_lines.push_back(place.invoice_line_id);
            linked.expect_key(place.invoice_line_id);
        }
        pg::Parameters parameters;
        parameters.ids(contracts).date(date_).ids(place_contracts).ids(lines).ids(customers).ids(invoice_lines);
        guard::write_into(update, "actual", guard::Write::update, std::move(parameters), linked);
        for (Place const& place : places) {
            if (pg::KeyedIds const* found = linked.find(place.invoice_line_id)) {
                int const scale = book_.known_contract(place.contract_id).money_scale;
                groups_.push_back({Source::actual, place.contract_id, place.line_id, place.customer_id, found->count,
                                   pg::decimal_of_sum(found->amount, scale), pg::decimal_of_sum(found->tax, scale),
                                   pg::array_of(*found), place.invoice_line_id});
            }
        }
    }

    void drop_refused_contracts() {
        for (Group const& group : groups_) {
            if (refused_.count(group.contract_id) == 0) {
                std::string const problem = problem_of(group);
                if (!problem.empty()) {
                    refused_[group.contract_id] = problem;
                }
            }
        }
        auto const is_accepted = [this](const Group& group) { return refused_.count(group.contract_id) == 0; };
        auto const first_refused = std::stable_partition(groups_.begin(), groups_.end(), is_accepted);
        refused_groups_.assign(first_refused, groups_.end());
        groups_.erase(first_refused, groups_.end());
    }

    std::string problem_of(const Group& group) {
        if (book_.known_contract(group.contract_id).is_closed) {
            return "the contract is closed";
        }
        bool const has_shares = has_line(group.source) && group.source != Source::product;
        return has_shares ? book_.known_line(group.line_id).problem() : std::string();
    }

    // Every contract line of the customer gets an invoice line, even if nothing stands on it.
    void add_empty_lines(const ContractAndCustomer& key, Draft& draft) {
        for (ContractLine const* line : book_.known_contract(key.first).lines) {
            if (line->customer(key.second) != nullptr) {
                draft.lines.try_emplace(line->line_id, Line{0, line->line_id, true, {}, {}});
            }
        }
    }

    void read_existing_lines() {
        static pg::Statement read{R"(
            SELECT contract_id, customer_id, contract_line_id, invoice_line_id
              FROM billing.invoice_line WHERE invoice_id = ANY ($1))",
                                  {INT8ARRAYOID}};
        Ids invoices;
        for (auto const& [key, draft] : drafts_) {
            invoices.push_back(draft.invoice_id);
        }
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(invoices));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            drafts_[{rows.id(i, 1), rows.id(i, 2)}].lines[rows.id(i, 3)] = {
                rows.id(i, 4), rows.id(i, 3), false, {}, {}};
        }
    }

    void number_drafts() {
        pg::Sequence const invoices("invoice_invoice_id_seq");
        pg::Sequence const lines("invoice_line_invoice_line_id_seq");
        for (auto& [key, draft] : drafts_) {
            if (draft.is_new) {
                draft.invoice_id = invoices.next();
            }
            for (auto& [line_id, line] : draft.lines) {
                if (line.invoice_line_id == 0) {
                    line.invoice_line_id = lines.next();
                }
            }
        }
    }

    void insert_invoices() {
        static pg::Statement insert{
            R"(
            INSERT INTO billing.invoice
                (contract_id, invoice_id, customer_id, company_id, operation_id, invoice_date, currency, detail_amount,
                 total_tax, total_amount, name, bill_to_name, invoice_address, payment_terms)
            SELECT d.contract_id, d.invoice_id, d.customer_id, c.company_id, $1, $2, c.currency, d.amount, d.tax,
                   d.amount + d.tax, c.name, coalesce(u.bill_to_name, a.name), u.invoice_address, u.payment_terms
              FROM unnest($3, $4, $5, $6, $7) AS d (contract_id, invoice_id, customer_id, amount, tax)
              JOIN billing.contract c ON c.contract_id = d.contract_id
              JOIN billing.contract_customer u ON u.contract_id = d.contract_id AND u.customer_id = d.customer_id
              JOIN billing.customer a ON a.customer_id = d.customer_id)",
            {INT8OID, DATEOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID}};
        Ids contracts;
        Ids invoices;
        Ids customers;
        std::vector<Decimal> amounts;
        std::vector<Decimal> taxes;
        for (auto const& [key, draft] : drafts_) {
            if (draft.is_new) {
                contracts.push_back(key.first);
                customers.push_back(key.second);
                invoices.push_back(draft.invoice_id);
                amounts.push_back(draft.amount);
                taxes.push_back(draft.tax);
            }
        }
        if (!invoices.empty()) {
            pg::Parameters parameters;
            parameters.id(operation_id_).date(date_).ids(contracts).ids(invoices).ids(customers);
            parameters.decimals(amounts).decimals(taxes);
            guard::write(insert, "invoice", guard::Write::insert, std::move(parameters));
        }
        log_changes(operation_id_, {0, "invoice", "project_invoice_status", "", "draft"}, contracts, invoices);
    }

    void insert_lines() {
        static pg::Statement insert{
            R"(
            INSERT INTO billing.invoice_line
                (contract_id, invoice_line_id, invoice_id, contract_line_id, customer_id, amount, tax, name)
            SELECT d.contract_id, d.invoice_line_id, d.invoice_id, d.contract_line_id, d.customer_id, d.amount, d.tax,
                   l.name
              FROM unnest($1, $2, $3, $4, $5, $6, $7)
                   AS d (contract_id, invoice_line_id, invoice_id, contract_line_id, customer_id, amount, tax)
              JOIN billing.contract_line l
                ON l.contract_id = d.contract_id AND l.contract_line_id = d.contract_line_id)",
            {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID}};
        Ids contracts;
        Ids ids;
        Ids invoices;
        Ids lines;
        Ids customers;
        std::vector<Decimal> amounts;
        std::vector<Decimal> taxes;
        for (auto const& [key, draft] : drafts_) {
            for (auto const& [line_id, line] : draft.lines) {
                if (line.is_new) {
                    contracts.push_back(key.first);
                    customers.push_back(key.second);
                    ids.push_back(line.invoice_line_id);
                    invoices.push_back(draft.invoice_id);
                    lines.push_back(line_id);
                    amounts.push_back(line.amount);
                    taxes.push_back(line.tax);
                }
            }
        }
        if (!ids.empty()) {
            pg::Parameters parameters;
            parameters.ids(contracts).ids(ids).ids(invoices).ids(lines).ids(customers).decimals(amounts).decimals(
                taxes);
            guard::write(insert, "invoice_line", guard::Write::insert, std::move(parameters));
        }
    }

    // --- linking the sources ----------------------------------------------------------------------------------------

    // What a source is linked with: its invoice line, or the invoice itself.
    std::int64_t link_of(const Group& group) const {
        Draft const& draft = drafts_.at({group.contract_id, group.customer_id});
        return has_line(group.source) ? draft.lines.at(group.line_id).invoice_line_id : draft.invoice_id;
    }

    void claim_sources() {
        if (selection_.names_items()) {
            claim_by_id(Source::actual);
        }
        for (Source const source : {Source::milestone, Source::product, Source::retainer, Source::refund}) {
            claim_by_id(source);
        }
        // A staged refund keeps its status.
        for (Source const source : {Source::actual, Source::milestone, Source::product, Source::retainer}) {
            ChangeGroups log;
            for (Group const& group : groups_) {
                if (group.source == source) {
                    log.add({group.contract_id, group.line_id, group.customer_id, group.count, group.ids});
                }
            }
            SourceTable const table = table_of(source);
            log.write(operation_id_, {0, table.table, table.status_column, ready_label, created_label});
        }
    }

    static pg::Statement& claim_statement(Source source) {
        static pg::Statement actuals{R"(
            UPDATE billing.actual a
               SET billing_status = 'customer_invoice_created', invoice_line_id = d.invoice_line_id
              FROM unnest($1, $2, $3) AS d (contract_id, id, invoice_line_id)
             WHERE a.actual_id = d.id AND a.contract_id = d.contract_id)",
                                     {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};
        static pg::Statement milestones{R"(
            UPDATE billing.milestone_split s
               SET milestone_status = 'customer_invoice_created', invoice_line_id = d.invoice_line_id
              FROM unnest($1, $2, $3) AS d (contract_id, id, invoice_line_id)
             WHERE s.milestone_split_id = d.id AND s.contract_id = d.contract_id)",
                                        {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};
        static pg::Statement products{R"(
            UPDATE billing.contract_line l
               SET product_status = 'customer_invoice_created', invoice_line_id = d.invoice_line_id
              FROM unnest($1, $2, $3) AS d (contract_id, id, invoice_line_id)
             WHERE l.contract_line_id = d.id AND l.contract_id = d.contract_id)",
                                      {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};
        static pg::Statement retainers{R"(
            UPDATE billing.retainer r
               SET retainer_status = 'customer_invoice_created', invoice_id = d.invoice_id
              FROM unnest($1, $2, $3) AS d (contract_id, id, invoice_id)
             WHERE r.retainer_id = d.id AND r.contract_id = d.contract_id)",
                                       {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};
        static pg::Statement refunds{R"(
            UPDATE billing.retainer r SET refund_invoice_id = d.invoice_id
              FROM unnest($1, $2, $3) AS d (contract_id, id, invoice_id)
             WHERE r.retainer_id = d.id AND r.contract_id = d.contract_id)",
                                     {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};
        switch (source) {
        case Source::actual:
            return actuals;
        case Source::milestone:
            return milestones;
        case Source::product:
            return products;
        case Source::retainer:
            return retainers;
        case Source::refund:
            break;
        }
        return refunds;
    }

    void claim_by_id(Source source) {
        Ids contracts;
        Ids ids;
        Ids links;
        for (Group const& group : groups_) {
            if (group.source == source) {
                for (std::int64_t const id : pg::ids_of(group.ids)) {
                    contracts.push_back(group.contract_id);
                    ids.push_back(id);
                    links.push_back(link_of(group));
                }
            }
        }
        if (!ids.empty()) {
            expect(guard::write(claim_statement(source), table_of(source).table, guard::Write::update,
                                pg::Parameters().ids(contracts).ids(ids).ids(links)),
                   static_cast<std::int64_t>(ids.size()));
        }
    }

    static void expect(std::uint64_t claimed, std::int64_t expected) {
        if (claimed != static_cast<std::uint64_t>(expected)) {
            throw DomainError(sqlstate::inconsistent,
                              "linked " + std::to_string(claimed) + " items instead of " + std::to_string(expected));
        }
    }

    // --- reporting --------------------------------------------------------------------------------------------------

    void emit(std::int64_t contract_id, std::int64_t customer_id, std::int64_t invoice_id, ItemOutcome outcome,
              std::string_view reason, const Draft& draft) {
        verb_.result.id_or_null(contract_id).id_or_null(customer_id).id_or_null(invoice_id).add(outcomes_(outcome));
        verb_.result.text_or_null(reason).id(draft.item_count).decimal(draft.amount).decimal(draft.tax);
        verb_.result.decimal(draft.amount + draft.tax).emit();
    }

    void report_unknown_contracts() {
        for (std::int64_t const id : selection_.contracts.value_or(Ids())) {
            if (book_.contract(id) == nullptr) {
                emit(id, 0, 0, ItemOutcome::refused, "there is no contract with this id", Draft());
            }
        }
    }

    void report_empty_contracts() {
        std::set<std::int64_t> reported;
        for (auto const& [key, draft] : drafts_) {
            reported.insert(key.first);
        }
        for (std::int64_t const id : selection_.contracts.value_or(Ids())) {
            Contract const* contract = book_.contract(id);
            if (contract != nullptr && refused_.count(id) == 0 && reported.insert(id).second) {
                emit(id, 0, 0, contract->is_closed ? ItemOutcome::refused : ItemOutcome::unchanged,
                     contract->is_closed ? "the contract is closed" : "nothing to invoice", Draft());
            }
        }
    }

    void report_items_left_out() {
        report_left_out(Source::actual, selection_.actuals,
                        "not ready to invoice, dated after the invoice date, or on an invoice");
        report_left_out(Source::milestone, selection_.milestones, "not ready to invoice, or on an invoice");
        report_left_out(Source::product, selection_.products, "not ready to invoice, or on an invoice");
        report_left_out(Source::retainer, selection_.retainers,
                        "neither ready to invoice nor ready to refund, or on an invoice");
    }

    void report_left_out(Source source, const std::optional<Ids>& selected, const char* why) {
        if (!selected) {
            return;
        }
        std::unordered_set<std::int64_t> taken;
        for (auto const* groups : {&groups_, &refused_groups_}) {
            for (Group const& group : *groups) {
                bool const is_asked = table_of(group.source).table == std::string_view(table_of(source).table);
                if (is_asked) {
                    Ids const ids = pg::ids_of(group.ids);
                    taken.insert(ids.begin(), ids.end());
                }
            }
        }
        Ids left;
        std::copy_if(selected->begin(), selected->end(), std::back_inserter(left),
                     [&](std::int64_t id) { return taken.count(id) == 0; });
        if (!left.empty()) {
            emit(0, 0, 0, ItemOutcome::refused,
                 std::string(table_of(source).table) + " " + pg::list_of(left) + ": " + why, Draft());
        }
    }

    Verb& verb_;
    Selection selection_;
    DateADT date_;
    ContractBook book_;
    PlanReader reader_;
    std::vector<Group> groups_;
    std::vector<Group> refused_groups_;
    bool is_restricted_ = false;
    std::map<ContractAndCustomer, Draft> drafts_;
    AdvancePlan advances_; // of the new drafts, in their order
    std::map<std::int64_t, std::string> refused_;
    std::int64_t operation_id_ = 0;
    pg::EnumOids<ItemOutcome> outcomes_;
};

// --- the verbs ------------------------------------------------------------------------------------------------------

DateADT today() {
    return wall::value_of([] { return GetSQLCurrentDate(); });
}

std::optional<DateADT> given_date(const Verb& verb, int position) {
    return verb.arguments.given(position) ? std::optional<DateADT>(DatumGetDateADT(*verb.arguments.datum(position)))
                                          : std::nullopt;
}

DateADT date_argument(const Verb& verb, int position) {
    std::optional<DateADT> const date = given_date(verb, position);
    return date ? *date : today();
}

// contracts, actuals, milestones, products at the beginning, retainers where the verb has them
Selection selection_of(const Verb& verb, int retainers) {
    return {verb.arguments.ids(0), verb.arguments.ids(1), verb.arguments.ids(2), verb.arguments.ids(3),
            verb.arguments.ids(retainers)};
}

// An invoice date that was not given is not logged: the same call repeated tomorrow is the same request.
LoggedArguments logged(const Selection& selection, std::optional<DateADT> date) {
    LoggedArguments arguments;
    arguments.add("contracts", selection.contracts).add("actuals", selection.actuals);
    arguments.add("milestones", selection.milestones).add("products", selection.products);
    arguments.add("retainers", selection.retainers);
    return date ? arguments.add("invoice_date", std::string_view(iso_text(*date))) : arguments;
}

void require_one_kind_of_selection(const Selection& selection) {
    if (selection.contracts && selection.names_items()) {
        throw DomainError(sqlstate::invalid_parameter, "name contracts or single items, not both");
    }
}

// contracts, actuals, milestones, products, invoice_date, retainers
void preview(Verb& verb) {
    Selection const selection = selection_of(verb, 5);
    require_one_kind_of_selection(selection);
    Drafting drafting(verb, selection, date_argument(verb, 4));
    drafting.preview();
    drafting.assign();
    drafting.report(true);
}

// The invoices that an earlier call with this run key made.
void report_earlier_run(Verb& verb, const std::string& run_key, const LoggedArguments& arguments) {
    static pg::Statement same{R"(
        SELECT verb = $2 AND arguments = pg_catalog.jsonb_object($3) FROM billing.operation WHERE run_key = $1)",
                              {TEXTOID, TEXTOID, TEXTARRAYOID}};
    static pg::Statement read{R"(
        SELECT i.contract_id, i.customer_id, i.invoice_id, i.detail_amount, i.total_tax, i.total_amount,
               (SELECT pg_catalog.count(*) FROM billing.invoice_line_detail d
                 WHERE d.invoice_id = i.invoice_id AND d.detail_kind <> 'advance')
          FROM billing.operation o
          JOIN billing.invoice i ON i.operation_id = o.operation_id
         WHERE o.run_key = $1
         ORDER BY i.contract_id, i.customer_id)",
                              {TEXTOID}};
    pg::Rows const operation = pg::query(same, pg::Parameters().text(run_key).text(verb.name).texts(arguments.pairs()));
    if (!operation.flag(0, 1)) {
        throw DomainError(sqlstate::run_key_conflict, "run key \"" + run_key + "\" was used with other arguments", {},
                          "Use a new run key for a new run.");
    }
    pg::EnumOids<ItemOutcome> const outcomes;
    pg::Rows const rows = pg::query(read, pg::Parameters().text(run_key));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        verb.result.id(rows.id(i, 1)).id(rows.id(i, 2)).id(rows.id(i, 3)).add(outcomes(ItemOutcome::unchanged));
        verb.result.text("created by an earlier call with this run key").id(rows.id(i, 7));
        verb.result.decimal(rows.decimal(i, 4)).decimal(rows.decimal(i, 5)).decimal(rows.decimal(i, 6)).emit();
    }
}

// contracts, actuals, milestones, products, invoice_date, run_key, retainers
void create(Verb& verb) {
    Selection const selection = selection_of(verb, 6);
    require_one_kind_of_selection(selection);
    DateADT const date = date_argument(verb, 4);
    std::optional<std::string> const run_key = verb.arguments.text(5);
    LoggedArguments const arguments = logged(selection, given_date(verb, 4));
    std::optional<std::int64_t> const operation = run_key
                                                      ? begin_operation_once(verb, arguments, *run_key)
                                                      : std::optional<std::int64_t>(begin_operation(verb, arguments));
    if (!operation) {
        return report_earlier_run(verb, *run_key, arguments);
    }
    Drafting drafting(verb, selection, date);
    drafting.lock();
    if (!selection.names_items()) {
        drafting.link_contracts();
    }
    drafting.assign();
    drafting.write(*operation);
    drafting.report(false);
}

// Latest draft of each of the contracts and customers.
std::map<ContractAndCustomer, std::int64_t> latest_drafts(const std::set<ContractAndCustomer>& keys) {
    static pg::Statement read{R"(
        SELECT v.contract_id, v.customer_id, pg_catalog.max(v.invoice_id)
          FROM unnest($1, $2) AS d (contract_id, customer_id)
          JOIN billing.invoice v ON v.contract_id = d.contract_id AND v.customer_id = d.customer_id
         WHERE v.project_invoice_status = 'draft'
         GROUP BY v.contract_id, v.customer_id)",
                              {INT8ARRAYOID, INT8ARRAYOID}};
    Ids contracts;
    Ids customers;
    for (auto const& [contract_id, customer_id] : keys) {
        contracts.push_back(contract_id);
        customers.push_back(customer_id);
    }
    std::map<ContractAndCustomer, std::int64_t> drafts;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(contracts).ids(customers));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        drafts[{rows.id(i, 1), rows.id(i, 2)}] = rows.id(i, 3);
    }
    return drafts;
}

// actuals, milestones, products, invoice_date, retainers
void add(Verb& verb) {
    Selection selection{std::nullopt, verb.arguments.ids(0), verb.arguments.ids(1), verb.arguments.ids(2),
                        verb.arguments.ids(4)};
    if (!selection.names_items()) {
        throw DomainError(sqlstate::invalid_parameter, "nothing to add", {},
                          "Name actuals, milestones, products or retainers.");
    }
    DateADT const date = date_argument(verb, 3);
    std::int64_t const operation = begin_operation(verb, logged(selection, given_date(verb, 3)));
    Drafting drafting(verb, selection, date);
    drafting.lock();
    drafting.use_existing(latest_drafts(drafting.contracts_and_customers()));
    drafting.assign();
    drafting.write(operation);
    drafting.report(false);
}

struct RefreshTarget {
    std::map<ContractAndCustomer, std::int64_t> invoices;
    Ids contracts;
};

void refresh(Verb& verb) {
    static pg::Statement read{R"(
        SELECT i.id, v.contract_id, v.customer_id, v.invoice_date, v.project_invoice_status::text
          FROM (SELECT DISTINCT u.id FROM unnest($1) AS u (id)) i
          LEFT JOIN billing.invoice v ON v.invoice_id = i.id
         ORDER BY i.id)",
                              {INT8ARRAYOID}};
    static pg::Statement contracts_of_invoices{
        "SELECT DISTINCT contract_id FROM billing.invoice WHERE invoice_id = ANY ($1)", {INT8ARRAYOID}};
    Ids const ids = verb.arguments.required_ids(0, "invoices");
    ContractBook book = ContractBook::lock_and_load(read_ids(contracts_of_invoices, pg::Parameters().ids(ids)));
    pg::EnumOids<ItemOutcome> const outcomes;
    std::int64_t const operation = begin_operation(verb, LoggedArguments().add("invoices", ids));
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(ids));
    // Two drafts of one contract and customer are refreshed one after the other, so they go to separate rounds.
    std::vector<std::pair<DateADT, RefreshTarget>> rounds;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        std::string const status = rows.text_or_null(i, 5).value_or("");
        if (status != "draft" && status != "in_review") {
            verb.result.add_null().add_null().id(rows.id(i, 1)).add(outcomes(ItemOutcome::refused));
            verb.result.text(status.empty() ? "there is no invoice with this id"
                                            : "the invoice is " + status + "; only drafts can be refreshed");
            verb.result.id(0).decimal(Decimal()).decimal(Decimal()).decimal(Decimal()).emit();
            continue;
        }
        DateADT const date = DatumGetDateADT(rows.value(i, 4));
        ContractAndCustomer const key{rows.id(i, 2), rows.id(i, 3)};
        if (book.known_contract(key.first).is_closed) {
            verb.result.id(key.first).id(key.second).id(rows.id(i, 1)).add(outcomes(ItemOutcome::refused));
            verb.result.text("the contract is closed");
            verb.result.id(0).decimal(Decimal()).decimal(Decimal()).decimal(Decimal()).emit();
            continue;
        }
        auto round = std::find_if(rounds.begin(), rounds.end(), [&](auto const& candidate) {
            return candidate.first == date && candidate.second.invoices.count(key) == 0;
        });
        if (round == rounds.end()) {
            round = rounds.insert(rounds.end(), {date, RefreshTarget{}});
        }
        round->second.invoices[key] = rows.id(i, 1);
        round->second.contracts.push_back(key.first);
    }
    for (auto const& [date, target] : rounds) {
        Drafting drafting(verb, {target.contracts, std::nullopt, std::nullopt, std::nullopt, std::nullopt}, date);
        drafting.lock();
        drafting.restrict_to(target.invoices);
        drafting.link_contracts();
        drafting.assign();
        drafting.write(operation);
        drafting.report(false);
    }
}

} // namespace

DraftedItems draft_items(Verb& verb, std::int64_t operation_id, ContractBook contract, const ItemsToBill& items,
                         DateADT invoice_date) {
    Drafting drafting(verb, {std::nullopt, items.actuals, items.milestones, items.products, items.retainers},
                      invoice_date);
    drafting.take(std::move(contract));
    drafting.require_none_refused();
    drafting.assign();
    drafting.write(operation_id);
    return drafting.summary();
}

} // namespace billing::engine

using namespace billing::engine;

Datum preview_invoices(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "preview_invoices", preview);
}

Datum create_invoices(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "create_invoices", create);
}

Datum add_to_invoice(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "add_to_invoice", add);
}

Datum refresh_invoices(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "refresh_invoices", refresh);
}
