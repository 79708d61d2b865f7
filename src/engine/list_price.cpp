#include "engine/list_price.hpp"

namespace billing::engine {

namespace {

WorkKind with_role(WorkKind work) {
    static pg::Statement read{"SELECT role_id FROM billing.resource WHERE resource_id = $1", {INT8OID}};
    if (work.role_id == 0 && work.resource_id != 0) {
        pg::Rows const rows = pg::query(read, pg::Parameters().id(work.resource_id));
        work.role_id = rows.empty() ? 0 : rows.id_or(0, 1, 0);
    }
    return work;
}

} // namespace

ListPrices list_prices(const PriceQuestion& question) {
    static pg::Statement read{"SELECT company_id, currency FROM billing.contract WHERE contract_id = $1", {INT8OID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().id(question.contract_id));
    if (rows.empty()) {
        throw DomainError(sqlstate::unknown_item,
                          "contract " + std::to_string(question.contract_id) + " does not exist");
    }
    std::int64_t const company = rows.id(0, 1);
    auto lists = std::make_shared<PriceLists>();
    lists->load({question.contract_id}, {company});
    WorkKind const work = lists->with_unit(with_role(question.work));

    ListPrices prices;
    prices.lists = lists;
    prices.cost_currency = lists->currency_of_company(company);
    prices.sales_currency = rows.text(0, 2);
    if (question.cost_price) {
        prices.cost.price = *question.cost_price;
        prices.cost_reason = "given";
    } else {
        prices.cost = lists->cost(company, question.date, work);
        prices.cost_reason = explain(prices.cost, work, lists->units(), {});
    }
    prices.sales =
        lists->sales(question.contract_id, company, prices.sales_currency, question.date, work, prices.cost.price);
    bool const is_comparable = prices.cost_currency == prices.sales_currency;
    prices.sales_reason = explain(prices.sales, work, lists->units(),
                                  is_comparable ? std::optional<Decimal>(prices.cost.price) : std::nullopt);
    return prices;
}

Decimal sales_price_of(const PriceQuestion& question) {
    ListPrices const prices = list_prices(question);
    if (!prices.sales.problem.empty()) {
        throw DomainError(sqlstate::invalid_setup, prices.sales.problem, {}, "Give the price.");
    }
    return prices.sales.price;
}

} // namespace billing::engine
