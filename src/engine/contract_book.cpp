#include "engine/contract_book.hpp"

#include <algorithm>

#include "guard/write_scope.hpp"

namespace billing::engine {

namespace {} // namespace

namespace {

// A new version of the contract's row: a transaction whose snapshot is older gets 40001 when it wants the lock.
void touch(const Ids& contract_ids) {
    static pg::Statement update{"UPDATE billing.contract SET version = version + 1 WHERE contract_id = ANY ($1)",
                                {INT8ARRAYOID}};
    guard::write(update, "contract", guard::Write::update, pg::Parameters().ids(contract_ids));
}

// What users may change at any time, but not under a verb that judges by it.
void lock_terms(const Ids& contract_ids) {
    static pg::Statement lines{R"(
        SELECT 1 FROM billing.contract_line WHERE contract_id = ANY ($1)
         ORDER BY contract_line_id FOR NO KEY UPDATE)",
                               {INT8ARRAYOID}};
    static pg::Statement customers{R"(
        SELECT 1 FROM billing.contract_line_customer WHERE contract_id = ANY ($1)
         ORDER BY contract_id, contract_line_id, customer_id FOR NO KEY UPDATE)",
                                   {INT8ARRAYOID}};
    static pg::Statement retainers{R"(
        SELECT 1 FROM billing.retainer
         WHERE contract_id = ANY ($1) AND retainer_status IN ('not_ready_to_invoice', 'ready_to_invoice')
         ORDER BY retainer_id FOR NO KEY UPDATE)",
                                   {INT8ARRAYOID}};
    (void)pg::query(lines, pg::Parameters().ids(contract_ids));
    (void)pg::query(customers, pg::Parameters().ids(contract_ids));
    (void)pg::query(retainers, pg::Parameters().ids(contract_ids));
}

} // namespace

Ids lock_contracts(Ids contract_ids) {
    static pg::Statement lock{R"(
        SELECT c.contract_id
          FROM billing.contract c
         WHERE c.contract_id = ANY ($1)
         ORDER BY c.contract_id
           FOR NO KEY UPDATE)",
                              {INT8ARRAYOID}};
    Ids locked = pg::query(lock, pg::Parameters().ids(sorted_unique(std::move(contract_ids)))).ids(1);
    touch(locked);
    lock_terms(locked);
    return locked;
}

std::string ContractLine::problem() const {
    Decimal total;
    int rounding = 0;
    for (Share const& share : shares) {
        total += share.percent;
        rounding += share.rounding ? 1 : 0;
    }
    if (total != Decimal::of(100)) {
        return "the billing split percentages of contract line " + std::to_string(line_id) + " must total 100, not " +
               total.trimmed().text();
    }
    if (rounding != 1) {
        return "contract line " + std::to_string(line_id) + " needs exactly one rounding customer";
    }
    return {};
}

const LineCustomer* ContractLine::customer(std::int64_t customer_id) const {
    for (std::size_t i = 0; i < shares.size(); ++i) {
        if (shares[i].customer_id == customer_id) {
            return &customers[i];
        }
    }
    return nullptr;
}

ContractBook ContractBook::lock_and_load(Ids contract_ids, const Ids& also_read) {
    Ids ids = lock_contracts(std::move(contract_ids));
    ids.insert(ids.end(), also_read.begin(), also_read.end());
    return load(std::move(ids));
}

ContractBook ContractBook::load(Ids contract_ids) {
    ContractBook book;
    book.contract_ids_ = sorted_unique(std::move(contract_ids));
    book.load_contracts();
    book.load_customers();
    book.load_lines();
    book.load_line_customers();
    book.load_line_terms();
    book.load_used_otherwise();
    return book;
}

void ContractBook::load_contracts() {
    static pg::Statement read{R"(
        SELECT c.contract_id, c.company_id, c.kind = 'internal', c.contract_status = 'closed', c.name, c.currency,
               billing.currency_scale(c.currency)::int8, billing.currency_scale(o.currency)::int8, o.quantity_scale::int8,
               c.nte_limit, c.nte_partial_fit
          FROM billing.contract c
          JOIN billing.company o ON o.company_id = c.company_id
         WHERE c.contract_id = ANY ($1)
         ORDER BY c.contract_id)",
                              {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(contract_ids_));
    contracts_.reserve(rows.count());
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        std::int64_t const id = rows.id(i, 1);
        Contract contract{id,
                          rows.id(i, 2),
                          rows.flag(i, 3),
                          rows.flag(i, 4),
                          rows.flag(i, 11),
                          rows.text(i, 5),
                          rows.text(i, 6),
                          static_cast<int>(rows.id(i, 7)),
                          static_cast<int>(rows.id(i, 8)),
                          static_cast<int>(rows.id(i, 9)),
                          rows.decimal_or_null(i, 10),
                          {},
                          {},
                          {}};
        in_order_.push_back(&contracts_.emplace(id, std::move(contract)).first->second);
    }
}

void ContractBook::load_customers() {
    static pg::Statement read{R"(
        SELECT contract_id, customer_id, nte_limit
          FROM billing.contract_customer
         WHERE contract_id = ANY ($1)
         ORDER BY contract_id, customer_id)",
                              {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(contract_ids_));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        known_contract(rows.id(i, 1)).customers.push_back({rows.id(i, 2), rows.decimal_or_null(i, 3)});
    }
}

void ContractBook::load_used_otherwise() {
    static pg::Statement read{R"(
        SELECT l.contract_id, c.customer_id, billing.money(l.quantity * l.unit_price, c.currency)
          FROM billing.contract_line l
          JOIN billing.contract c ON c.contract_id = l.contract_id
         WHERE l.contract_id = ANY ($1) AND l.product_status = 'customer_invoice_posted'
        UNION ALL
        SELECT s.contract_id, s.customer_id, s.amount
          FROM billing.milestone_split s
         WHERE s.contract_id = ANY ($1) AND s.milestone_status IN ('ready_to_invoice', 'customer_invoice_created'))",
                              {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(contract_ids_));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        known_contract(rows.id(i, 1)).used_otherwise[rows.id(i, 2)] += rows.decimal(i, 3);
    }
}

void ContractBook::load_lines() {
    static pg::Statement read{R"(
        SELECT contract_id, contract_line_id, billing_method, included_tasks, name, nte_limit, discount_percent, fee_percent
          FROM billing.contract_line
         WHERE contract_id = ANY ($1)
         ORDER BY contract_id, contract_line_id)",
                              {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(contract_ids_));
    lines_.reserve(rows.count());
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        std::int64_t const id = rows.id(i, 2);
        std::string const method = pg::label_of(rows.value(i, 3));
        std::string const included = pg::label_of(rows.value(i, 4));
        ContractLine line{id,
                          rows.id(i, 1),
                          *from_label<BillingMethod>(method),
                          *from_label<IncludedTasks>(included),
                          rows.text(i, 5),
                          rows.decimal_or_null(i, 6),
                          {},
                          {},
                          {},
                          {},
                          {},
                          {rows.decimal(i, 7), rows.decimal(i, 8)}};
        known_contract(rows.id(i, 1)).lines.push_back(&lines_.emplace(id, std::move(line)).first->second);
    }
}

void ContractBook::load_line_customers() {
    static pg::Statement read{R"(
        SELECT contract_line_id, customer_id, billing_split_percent, is_rounding, nte_limit, committed_amount, billed_amount
          FROM billing.contract_line_customer
         WHERE contract_id = ANY ($1)
         ORDER BY contract_id, contract_line_id, customer_id)",
                              {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(contract_ids_));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        ContractLine* found = &known_line(rows.id(i, 1));
        found->shares.push_back({rows.id(i, 2), rows.decimal(i, 3), rows.flag(i, 4)});
        found->customers.push_back({rows.decimal_or_null(i, 5), rows.decimal(i, 6), rows.decimal(i, 7)});
    }
}

void ContractBook::load_line_terms() {
    static pg::Statement read{R"(
        SELECT contract_line_id, 1::int8, task_id, billing_type = 'chargeable'
          FROM billing.contract_line_task WHERE contract_id = ANY ($1)
        UNION ALL
        SELECT contract_line_id, 2::int8, role_id, billing_type = 'chargeable'
          FROM billing.contract_line_role WHERE contract_id = ANY ($1)
        UNION ALL
        SELECT contract_line_id, 3::int8, category_id, billing_type = 'chargeable'
          FROM billing.contract_line_category WHERE contract_id = ANY ($1))",
                              {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(contract_ids_));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        ContractLine* found = &known_line(rows.id(i, 1));
        std::int64_t const kind = rows.id(i, 2);
        auto& terms = kind == 1   ? found->task_chargeable
                      : kind == 2 ? found->role_chargeable
                                  : found->category_chargeable;
        terms[rows.id(i, 3)] = rows.flag(i, 4);
    }
}

Contract* ContractBook::contract(std::int64_t contract_id) {
    auto const found = contracts_.find(contract_id);
    return found == contracts_.end() ? nullptr : &found->second;
}

ContractLine* ContractBook::line(std::int64_t line_id) {
    auto const found = lines_.find(line_id);
    return found == lines_.end() ? nullptr : &found->second;
}

namespace {

[[noreturn]] void missing(const char* what, std::int64_t id) {
    throw DomainError(sqlstate::inconsistent, std::string(what) + " " + std::to_string(id) + " is missing", {},
                      "Run SELECT * FROM billing.verify();");
}

} // namespace

Contract& ContractBook::known_contract(std::int64_t contract_id) {
    Contract* found = contract(contract_id);
    if (found == nullptr) {
        missing("contract", contract_id);
    }
    return *found;
}

ContractLine& ContractBook::known_line(std::int64_t line_id) {
    ContractLine* found = line(line_id);
    if (found == nullptr) {
        missing("contract line", line_id);
    }
    return *found;
}

NteBook& ContractBook::limits(Contract& contract) {
    auto const [found, is_new] = limits_.try_emplace(contract.contract_id);
    NteBook& book = found->second;
    if (!is_new) {
        return book;
    }
    std::map<std::int64_t, Decimal> by_customer = contract.used_otherwise;
    Decimal total;
    for (auto const& [customer_id, used] : by_customer) {
        total += used;
    }
    for (ContractLine const* line : contract.lines) {
        Decimal line_total;
        for (std::size_t i = 0; i < line->shares.size(); ++i) {
            LineCustomer const& customer = line->customers[i];
            Decimal const used = customer.committed + customer.billed;
            book.set_line_customer(line->line_id, line->shares[i].customer_id, {customer.nte_limit, used});
            by_customer[line->shares[i].customer_id] += used;
            line_total += used;
        }
        book.set_line(line->line_id, {line->nte_limit, line_total});
        total += line_total;
    }
    for (ContractCustomer const& customer : contract.customers) {
        book.set_customer(customer.customer_id, {customer.nte_limit, by_customer[customer.customer_id]});
    }
    book.set_contract({contract.nte_limit, total});
    return book;
}

NteFit ContractBook::fit(std::int64_t contract_id, std::int64_t line_id, std::int64_t customer_id,
                         const NteSale& sale) {
    Contract& contract = known_contract(contract_id);
    NteBook& book = limits(contract);
    if (contract.nte_partial_fit) {
        return book.fit(line_id, customer_id, sale, {contract.quantity_scale, contract.money_scale});
    }
    return {book.evaluate(line_id, customer_id, sale.amount, true), std::nullopt};
}

void LineTotals::add(std::int64_t contract_id, std::int64_t line_id, std::int64_t customer_id, const Decimal& committed,
                     const Decimal& billed) {
    std::vector<Total>& totals = by_line_[line_id];
    for (Total& total : totals) {
        if (total.customer_id == customer_id) {
            total.committed += committed;
            total.billed += billed;
            return;
        }
    }
    totals.push_back({contract_id, customer_id, committed, billed});
}

void LineTotals::write() const {
    static pg::Statement update{R"(
        UPDATE billing.contract_line_customer c
           SET in_use = true,
               committed_amount = c.committed_amount + d.committed,
               billed_amount = c.billed_amount + d.billed
          FROM unnest($1, $2, $3, $4, $5) AS d (contract_id, contract_line_id, customer_id, committed, billed)
         WHERE c.contract_id = d.contract_id
           AND c.contract_line_id = d.contract_line_id
           AND c.customer_id = d.customer_id
           AND (NOT c.in_use OR d.committed <> 0 OR d.billed <> 0))",
                                {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID}};
    Ids contracts;
    Ids lines;
    Ids customers;
    std::vector<Decimal> committed;
    std::vector<Decimal> billed;
    for (auto const& [line_id, totals] : by_line_) {
        for (Total const& total : totals) {
            contracts.push_back(total.contract_id);
            lines.push_back(line_id);
            customers.push_back(total.customer_id);
            committed.push_back(total.committed);
            billed.push_back(total.billed);
        }
    }
    if (!contracts.empty()) {
        guard::write(update, "contract_line_customer", guard::Write::update,
                     pg::Parameters().ids(contracts).ids(lines).ids(customers).decimals(committed).decimals(billed));
    }
}

} // namespace billing::engine
