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
            {class_(rows.value(i, 4)), quantity, billable.value_or(quantity),
             type ? std::optional<BillingType>(billing_type_(*type)) : std::nullopt, rows.decimal(i, 15),
             rows.decimal(i, 16), rows.decimal(i, 17)}};
}

std::string WorkTerms::judge(const EntryRow& entry, Judgement& judgement) {
    judgement.line = book_.line(scopes_.line_for(entry.project_id, entry.work.transaction_class, entry.task_id));
    return judgement.line == nullptr ? judge_unpaid(entry, judgement) : judge_paid(entry, judgement);
}

std::string WorkTerms::judge_unpaid(const EntryRow& entry, Judgement& judgement) {
    if (entry.work.transaction_class == TransactionClass::fee) {
        return "no contract line of the project includes fees";
    }
    Project const& owner = project(entry.project_id);
    judgement.contract = book_.contract(owner.internal_contract);
    if (judgement.contract == nullptr) {
        return "company " + std::to_string(owner.company_id) + " has no internal contract";
    }
    judgement.actuals.assign(1, unpaid_cost(entry.work, judgement.contract->cost_scale));
    return {};
}

std::string WorkTerms::judge_paid(const EntryRow& entry, Judgement& judgement) {
    ContractLine const& line = *judgement.line;
    Contract& contract = book_.known_contract(line.contract_id);
    judgement.contract = &contract;
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
    approve_work(entry.work, paying, parts_, judgement.actuals);
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
