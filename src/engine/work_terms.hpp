#pragma once
// What an entry becomes at the terms of today: which contract line pays for it, who of its customers pays how much.
// approve() writes that; re-evaluation compares it with what was written before.

#include "domain/approval.hpp"
#include "engine/contract_book.hpp"
#include "engine/price_lists.hpp"

namespace billing::engine {

// Columns of an entry as WorkTerms::entry_at() expects them, behind two others of which the second is the entry's id.
#define BILLING_ENTRY_COLUMNS                                                                                          \
    " e.entry_status, e.transaction_class, e.project_id, e.task_id, e.role_id, e.resource_id, e.category_id,"          \
    " e.entry_date, e.currency, e.quantity, coalesce(e.approved_billable_quantity, e.billable_quantity),"              \
    " coalesce(e.approved_billing_type, e.billing_type), e.cost_price, e.sales_price, e.tax, e.ctid,"                  \
    " e.product_id, e.unit, e.approved_at_list_price "

// One entry, read to be judged.
struct EntryRow {
    std::int64_t entry_id;
    EntryStatus status;
    std::int64_t project_id;
    std::int64_t task_id;
    std::int64_t role_id;
    std::int64_t category_id;
    bool role_master;
    bool category_master;
    DateADT date;
    std::optional<std::string> currency;
    ApprovedWork work;
    std::int64_t resource_id;
    std::int64_t product_id;
    std::string unit;   // empty, too, while the prices are typed and count
    bool at_list_price; // rerate() said that typed prices do not count where a list has one

    WorkKind kind() const { return {work.transaction_class, role_id, resource_id, category_id, product_id, unit}; }
};

struct Project {
    std::int64_t company_id;
    std::int64_t internal_contract;
    bool is_open;
};

// The actuals an entry becomes, and where.
struct Judgement {
    Contract* contract = nullptr;
    ContractLine* line = nullptr; // nullptr: nobody pays
    std::vector<NewActual> actuals;
    bool overrules_typed = false; // a list has a price where one was typed

    std::int64_t line_id() const { return line == nullptr ? 0 : line->line_id; }
};

// Where the prices of an entry come from today.
struct EntryPrices {
    ListedPrice cost; // of the lists, for prices that are not typed
    ListedPrice sales;
    Decimal cost_price; // what counts
    Decimal sales_price;
    bool has_sales; // somebody pays for the work by its price

    bool cost_is_listed = false;
    bool sales_is_listed = false;
};

// Which contract line pays for which work.
class Scopes {
public:
    // Reads the scopes of the projects; returns the contracts they belong to.
    Ids load(const Ids& projects);

    // The paying line; 0 if there is none.
    std::int64_t line_for(std::int64_t project, TransactionClass transaction_class, std::int64_t task) const;

    static constexpr std::int64_t any_task = INT64_MIN;

private:
    std::map<std::tuple<std::int64_t, TransactionClass, std::int64_t>, std::int64_t> lines_;
};

class WorkTerms {
public:
    // Locks the contracts whose lines pay for work on the projects, and those in `also_lock`, then reads the terms.
    // Contracts for internal work are read without a lock: only the entries decide about what is in them.
    void lock_and_load(const Ids& projects, const Ids& also_lock = {}, const Ids& also_read = {});

    // The same without a lock, for dry runs.
    void load(const Ids& projects, const Ids& also_read);

    ContractBook& book() { return book_; }
    const Project& project(std::int64_t project_id) const { return projects_.at(project_id); }

    // Columns: anything, entry_id, BILLING_ENTRY_COLUMNS.
    EntryRow entry_at(const pg::Rows& rows, std::uint64_t i) const;

    // What the entry becomes; returns the reason if it cannot become anything.
    std::string judge(const EntryRow& entry, Judgement& judgement);

    // Where it goes, without asking whether it can.
    void place(const EntryRow& entry, Judgement& judgement);

    // Its prices there.
    EntryPrices prices_of(const EntryRow& entry, const Judgement& place);

    // The price lists of the contracts; read when the first price is asked for.
    const PriceLists& price_lists();

    // Prices may be taken from the lists though they are typed.
    void expect_repricing() { reads_units_ = true; }

private:
    Ids load_projects(const Ids& projects);
    void load_masters();
    std::string judge_unpaid(const EntryRow& entry, Judgement& judgement);
    std::string judge_paid(const EntryRow& entry, Judgement& judgement);
    std::string price(const EntryRow& entry, Judgement& judgement, ApprovedWork& work);
    const std::string& line_problem(const ContractLine& line);

    ContractBook book_;
    Scopes scopes_;
    std::unordered_map<std::int64_t, Project> projects_;
    std::unordered_map<std::int64_t, bool> role_chargeable_;
    std::unordered_map<std::int64_t, bool> category_chargeable_;
    std::unordered_map<std::int64_t, std::int64_t> role_of_resource_;
    std::unordered_map<std::int64_t, std::string> line_problems_;
    std::vector<Part> parts_;
    std::optional<PriceLists> price_lists_;
    bool reads_units_ = false;
    pg::EnumOids<EntryStatus> entry_status_;
    pg::EnumOids<TransactionClass> class_;
    pg::EnumOids<BillingType> billing_type_;
};

} // namespace billing::engine
