#include "engine/work_terms.hpp"

#include <tuple>

namespace billing::engine {

namespace {

template <typename Value>
Value found_or(const std::unordered_map<std::int64_t, Value>& values, std::int64_t key, Value otherwise) {
    auto const found = values.find(key);
    return found == values.end() ? otherwise : found->second;
}

Ids joined(Ids ids, const Ids& more) {
    ids.insert(ids.end(), more.begin(), more.end());
    return ids;
}

ChargeabilityFacts facts_of(const EntryRow& entry, const ContractLine& line) {
    auto const on_line = [](const std::unordered_map<std::int64_t, bool>& terms, std::int64_t id) {
        auto const found = terms.find(id);
        return found == terms.end() ? std::nullopt : std::optional<bool>(found->second);
    };
    return {entry.work.transaction_class,
            true,
            line.included_tasks == IncludedTasks::selected_project_tasks,
            on_line(line.task_chargeable, entry.task_id).value_or(true),
            on_line(line.role_chargeable, entry.role_id),
            entry.role_master,
            on_line(line.category_chargeable, entry.category_id),
            entry.category_master};
}

} // namespace

Ids Scopes::load(const Ids& projects) {
    static pg::Statement read{R"(
        SELECT s.project_id, s.transaction_class, s.contract_id, s.contract_line_id, pg_catalog.lower(s.tasks)
          FROM billing.contract_line_scope s
         WHERE s.project_id = ANY ($1))",
                              {INT8ARRAYOID}};
    lines_.clear();
    Ids contracts;
    pg::EnumOids<TransactionClass> const classes;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(projects));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        contracts.push_back(rows.id(i, 3));
        lines_[{rows.id(i, 1), classes(rows.value(i, 2)), rows.id_or(i, 5, any_task)}] = rows.id(i, 4);
    }
    return contracts;
}

std::int64_t Scopes::line_for(std::int64_t project, TransactionClass transaction_class, std::int64_t task) const {
    for (std::int64_t const key : {task, any_task}) {
        auto const found = lines_.find({project, transaction_class, key});
        if (found != lines_.end()) {
            return found->second;
        }
    }
    return 0;
}

// Projects, and each company's contract for unpaid work; returns those contracts.
Ids WorkTerms::load_projects(const Ids& projects) {
    static pg::Statement read{R"(
        SELECT p.project_id, p.company_id, c.contract_id, p.is_open
          FROM billing.project p
          LEFT JOIN billing.contract c ON c.company_id = p.company_id AND c.kind = 'internal'
         WHERE p.project_id = ANY ($1))",
                              {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(projects));
    Ids internal;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        projects_[rows.id(i, 1)] = {rows.id(i, 2), rows.id_or(i, 3, 0), rows.flag(i, 4)};
        if (rows.datum(i, 3)) {
            internal.push_back(rows.id(i, 3));
        }
    }
    return internal;
}

// Roles and categories are few; looking them up here saves two joins per entry.
void WorkTerms::load_masters() {
    static pg::Statement roles{"SELECT role_id, is_chargeable FROM billing.role", {}, pg::Planning::free};
    static pg::Statement categories{"SELECT category_id, is_chargeable FROM billing.category", {}, pg::Planning::free};
    static pg::Statement resources{
        "SELECT resource_id, role_id FROM billing.resource WHERE role_id IS NOT NULL", {}, pg::Planning::free};
    pg::Rows const role_rows = pg::query(roles);
    for (std::uint64_t i = 0; i < role_rows.count(); ++i) {
        role_chargeable_[role_rows.id(i, 1)] = role_rows.flag(i, 2);
    }
    pg::Rows const category_rows = pg::query(categories);
    for (std::uint64_t i = 0; i < category_rows.count(); ++i) {
        category_chargeable_[category_rows.id(i, 1)] = category_rows.flag(i, 2);
    }
    pg::Rows const resource_rows = pg::query(resources);
    for (std::uint64_t i = 0; i < resource_rows.count(); ++i) {
        role_of_resource_[resource_rows.id(i, 1)] = resource_rows.id(i, 2);
    }
}

void WorkTerms::lock_and_load(const Ids& projects, const Ids& also_lock, const Ids& also_read) {
    Ids const internal = load_projects(projects);
    book_ = ContractBook::lock_and_load(joined(scopes_.load(projects), also_lock), joined(internal, also_read));
    // Read again under the lock: a line may have changed its scope in between.
    for (std::int64_t const contract : scopes_.load(projects)) {
        if (book_.contract(contract) == nullptr) {
            throw DomainError("40001", "contract lines changed meanwhile", {}, "Call the verb again.");
        }
    }
    load_masters();
}

void WorkTerms::load(const Ids& projects, const Ids& also_read) {
    Ids const internal = load_projects(projects);
    book_ = ContractBook::load(joined(joined(scopes_.load(projects), internal), also_read));
    load_masters();
}

EntryRow WorkTerms::entry_at(const pg::Rows& rows, std::uint64_t i) const {
    Decimal const quantity = rows.decimal(i, 12);
    std::optional<Decimal> const billable = rows.decimal_or_null(i, 13);
    std::optional<Datum> const type = rows.datum(i, 14);
    std::int64_t const role = rows.id_or(i, 7, found_or(role_of_resource_, rows.id_or(i, 8, 0), std::int64_t{0}));
    std::int64_t const category = rows.id_or(i, 9, 0);
    std::optional<Decimal> const cost = rows.decimal_or_null(i, 15);
    std::optional<Decimal> const sales = rows.decimal_or_null(i, 16);
    bool const at_list_price = rows.datum(i, 21).has_value();
    PriceSource const typed = at_list_price ? PriceSource::list_or_typed : PriceSource::typed;
    ApprovedWork const work{class_(rows.value(i, 4)),
                            quantity,
                            billable.value_or(quantity),
                            type ? std::optional<BillingType>(billing_type_(*type)) : std::nullopt,
                            cost.value_or(Decimal()),
                            sales.value_or(Decimal()),
                            rows.decimal(i, 17),
                            cost ? typed : PriceSource::list,
                            sales ? typed : PriceSource::list};
    return {rows.id(i, 2),
            entry_status_(rows.value(i, 3)),
            rows.id(i, 5),
            rows.id_or(i, 6, 0),
            role,
            category,
            found_or(role_chargeable_, role, true),
            found_or(category_chargeable_, category, true),
            DatumGetDateADT(rows.value(i, 10)),
            rows.text_or_null(i, 11),
            work,
            rows.id_or(i, 8, 0),
            rows.id_or(i, 19, 0),
            reads_units_ || !work.is_typed() ? rows.text_or_null(i, 20).value_or("") : std::string(),
            at_list_price};
}

void WorkTerms::place(const EntryRow& entry, Judgement& judgement) {
    judgement.line = book_.line(scopes_.line_for(entry.project_id, entry.work.transaction_class, entry.task_id));
    judgement.contract = judgement.line == nullptr ? book_.contract(project(entry.project_id).internal_contract)
                                                   : &book_.known_contract(judgement.line->contract_id);
}

std::string WorkTerms::judge(const EntryRow& entry, Judgement& judgement) {
    place(entry, judgement);
    judgement.overrules_typed = false;
    return judgement.line == nullptr ? judge_unpaid(entry, judgement) : judge_paid(entry, judgement);
}

std::string WorkTerms::judge_unpaid(const EntryRow& entry, Judgement& judgement) {
    if (entry.work.transaction_class == TransactionClass::fee) {
        return "no contract line of the project includes fees";
    }
    if (judgement.contract == nullptr) {
        return "company " + std::to_string(project(entry.project_id).company_id) + " has no internal contract";
    }
    ApprovedWork work = entry.work;
    std::string problem = price(entry, judgement, work);
    if (problem.empty()) {
        judgement.actuals.assign(1, unpaid_cost(work, judgement.contract->cost_scale));
    }
    return problem;
}

std::string WorkTerms::judge_paid(const EntryRow& entry, Judgement& judgement) {
    ContractLine const& line = *judgement.line;
    Contract const& contract = *judgement.contract;
    if (std::string problem = line_problem(line); !problem.empty()) {
        return problem;
    }
    if (entry.currency && *entry.currency != contract.currency) {
        return "the entry is in " + *entry.currency + ", its contract in " + contract.currency;
    }
    if (entry.work.transaction_class == TransactionClass::fee && line.method != BillingMethod::time_and_material) {
        return "a fee needs a time-and-material contract line; contract line " + std::to_string(line.line_id) +
               " is fixed price";
    }
    PayingLine const paying{line.method,
                            chargeability(facts_of(entry, line)),
                            line.shares.data(),
                            line.shares.size(),
                            {contract.quantity_scale, contract.money_scale},
                            {contract.quantity_scale, contract.cost_scale},
                            line.rates};
    if (entry.work.is_typed()) {
        approve_work(entry.work, paying, parts_, judgement.actuals);
        return {};
    }
    ApprovedWork work = entry.work;
    std::string problem = price(entry, judgement, work);
    if (problem.empty()) {
        approve_work(work, paying, parts_, judgement.actuals);
    }
    return problem;
}

// --- prices -------------------------------------------------------------------------------------------------------

const PriceLists& WorkTerms::price_lists() {
    if (!price_lists_) {
        Ids contracts;
        Ids companies;
        for (Contract const* contract : book_.contracts()) {
            contracts.push_back(contract->contract_id);
            companies.push_back(contract->company_id);
        }
        price_lists_.emplace().load(contracts, companies);
    }
    return *price_lists_;
}

EntryPrices WorkTerms::prices_of(const EntryRow& entry, const Judgement& place) {
    PriceLists const& lists = price_lists();
    Contract const& contract = *place.contract;
    WorkKind const kind = lists.with_unit(entry.kind());
    auto const counts = [](PriceSource source, const ListedPrice& listed) {
        return source == PriceSource::list ||
               (source == PriceSource::list_or_typed && (listed.rate != nullptr || !listed.problem.empty()));
    };
    EntryPrices prices{{},
                       {},
                       entry.work.cost_price,
                       entry.work.sales_price,
                       place.line != nullptr && place.line->method == BillingMethod::time_and_material};
    if (entry.work.cost_source != PriceSource::typed) {
        prices.cost = lists.cost(contract.company_id, entry.date, kind);
        prices.cost_is_listed = counts(entry.work.cost_source, prices.cost);
    }
    if (prices.cost_is_listed) {
        prices.cost_price = prices.cost.price;
    }
    if (prices.has_sales && entry.work.sales_source != PriceSource::typed) {
        prices.sales = lists.sales(contract.contract_id, contract.company_id, contract.currency, entry.date, kind,
                                   prices.cost_price);
        prices.sales_is_listed = counts(entry.work.sales_source, prices.sales);
    }
    if (prices.sales_is_listed) {
        prices.sales_price = prices.sales.price;
    }
    return prices;
}

// Puts the prices that count into the work; returns the reason if there is none.
std::string WorkTerms::price(const EntryRow& entry, Judgement& judgement, ApprovedWork& work) {
    if (work.is_typed()) {
        return {};
    }
    EntryPrices const prices = prices_of(entry, judgement);
    if (prices.cost_is_listed && !prices.cost.problem.empty()) {
        return prices.cost.problem;
    }
    if (prices.sales_is_listed && !prices.sales.problem.empty()) {
        return prices.sales.problem;
    }
    judgement.overrules_typed = (prices.cost_is_listed && work.cost_source == PriceSource::list_or_typed) ||
                                (prices.sales_is_listed && work.sales_source == PriceSource::list_or_typed);
    work.cost_price = prices.cost_price;
    work.sales_price = prices.sales_price;
    return {};
}

const std::string& WorkTerms::line_problem(const ContractLine& line) {
    auto const [found, is_new] = line_problems_.try_emplace(line.line_id);
    if (is_new) {
        found->second = line.problem();
    }
    return found->second;
}

} // namespace billing::engine
