#include "engine/price_lists.hpp"

namespace billing::engine {

namespace {

enum Kind {
    of_contract = 1,
    of_company_sales,
    of_company_cost,
    rate_of_list,
    unit_of_time,
    company_currency,
    unit_of_product
};

std::string class_word(TransactionClass transaction_class) {
    return std::string(label(transaction_class));
}

} // namespace

void PriceLists::load(const Ids& contracts, const Ids& companies) {
    // kind, owner or id, list, from, until, text (currency, unit), name, price or hours, mark-up, class, role,
    // resource, category, product
    static pg::Statement read{R"(
        WITH assigned AS (
            SELECT 1 AS kind, contract_id AS owner, price_list_id, valid
              FROM billing.contract_price_list WHERE contract_id = ANY ($1)
            UNION ALL
            SELECT CASE context WHEN 'sales' THEN 2 ELSE 3 END, company_id, price_list_id, valid
              FROM billing.company_price_list WHERE company_id = ANY ($2)),
        used AS (SELECT DISTINCT price_list_id FROM assigned)
        SELECT a.kind, a.owner, l.price_list_id, coalesce(pg_catalog.lower(a.valid), '-infinity'::date),
               coalesce(pg_catalog.upper(a.valid), 'infinity'::date), l.currency, l.name, NULL::numeric, NULL::numeric,
               NULL::billing.transaction_class, NULL::int8, NULL::int8, NULL::int8, NULL::int8
          FROM assigned a JOIN billing.price_list l USING (price_list_id)
        UNION ALL
        SELECT 4, r.price_rate_id, r.price_list_id, NULL, NULL, r.unit, NULL, r.price, r.markup_percent,
               r.transaction_class, r.role_id, r.resource_id, r.category_id, r.product_id
          FROM used JOIN billing.price_rate r USING (price_list_id)
        UNION ALL
        SELECT 5, NULL, NULL, NULL, NULL, unit, NULL, hours, NULL, NULL, NULL, NULL, NULL, NULL FROM billing.time_unit
        UNION ALL
        SELECT 6, company_id, NULL, NULL, NULL, currency, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM billing.company WHERE company_id = ANY ($2)
        UNION ALL
        SELECT 7, p.product_id, NULL, NULL, NULL, p.unit, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM billing.product p
         WHERE p.product_id IN (SELECT r.product_id FROM used JOIN billing.price_rate r USING (price_list_id))
         ORDER BY 1, 2, 3)",
                              {INT8ARRAYOID, INT8ARRAYOID},
                              pg::Planning::free};
    class_.emplace();
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(contracts).ids(companies));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        switch (DatumGetInt32(rows.value(i, 1))) {
        case of_contract:
            add_validity(rows, i, contract_sales_);
            break;
        case of_company_sales:
            add_validity(rows, i, company_sales_);
            break;
        case of_company_cost:
            add_validity(rows, i, company_cost_);
            break;
        case rate_of_list:
            add_rate(rows, i);
            break;
        case unit_of_time:
            units_.add(rows.text(i, 6), rows.decimal(i, 8));
            break;
        case company_currency:
            currencies_[rows.id(i, 2)] = rows.text(i, 6);
            break;
        default:
            product_units_[rows.id(i, 2)] = rows.text(i, 6);
        }
    }
}

void PriceLists::add_validity(const pg::Rows& rows, std::uint64_t i, Validities& to) {
    std::int64_t const list_id = rows.id(i, 3);
    to[rows.id(i, 2)].push_back({DatumGetDateADT(rows.value(i, 4)), DatumGetDateADT(rows.value(i, 5)), list_id});
    if (lists_.count(list_id) == 0) {
        lists_[list_id] = {list_id, rows.text(i, 7), rows.text(i, 6), {}};
    }
}

void PriceLists::add_rate(const pg::Rows& rows, std::uint64_t i) {
    WorkKind covers{(*class_)(rows.value(i, 10)), rows.id_or(i, 11, 0), rows.id_or(i, 12, 0),
                    rows.id_or(i, 13, 0),         rows.id_or(i, 14, 0), rows.text(i, 6)};
    lists_.at(rows.id(i, 3))
        .rates.add({rows.id(i, 2), std::move(covers), rows.decimal_or_null(i, 8),
                    rows.decimal_or_null(i, 9).value_or(Decimal())});
}

const PriceList* PriceLists::list_of(const Validities& validities, std::int64_t owner, DateADT date) const {
    auto const found = validities.find(owner);
    if (found == validities.end()) {
        return nullptr;
    }
    for (Validity const& validity : found->second) {
        if (validity.from <= date && date < validity.until) {
            return &lists_.at(validity.list_id);
        }
    }
    return nullptr;
}

ListedPrice PriceLists::price_from(const PriceList* list, const std::string& currency, const WorkKind& work,
                                   const std::optional<Decimal>& cost) const {
    if (list == nullptr) {
        return {};
    }
    if (list->currency != currency) {
        return {{},
                list,
                nullptr,
                "price list " + std::to_string(list->list_id) + " is in " + list->currency + ", not in " + currency};
    }
    const Rate* const rate = list->rates.find(work);
    if (rate == nullptr) {
        return {{}, list, nullptr, {}};
    }
    RatedPrice priced = price_at(*rate, work, units_, cost);
    return {priced.price, list, rate, std::move(priced.problem)};
}

ListedPrice PriceLists::cost(std::int64_t company_id, DateADT date, const WorkKind& work) const {
    return price_from(list_of(company_cost_, company_id, date), currency_of_company(company_id), work, {});
}

ListedPrice PriceLists::sales(std::int64_t contract_id, std::int64_t company_id, const std::string& currency,
                              DateADT date, const WorkKind& work, const Decimal& cost) const {
    // A contract with lists of its own uses these alone, even on days when none is in force.
    const PriceList* const list = contract_sales_.count(contract_id) != 0 ? list_of(contract_sales_, contract_id, date)
                                                                          : list_of(company_sales_, company_id, date);
    bool const is_comparable = currency_of_company(company_id) == currency;
    return price_from(list, currency, work, is_comparable ? std::optional<Decimal>(cost) : std::nullopt);
}

WorkKind PriceLists::with_unit(WorkKind work) const {
    if (!work.unit.empty()) {
        return work;
    }
    if (work.transaction_class == TransactionClass::material) {
        auto const found = product_units_.find(work.product_id);
        work.unit = found == product_units_.end() ? "each" : found->second;
    } else {
        work.unit = work.transaction_class == TransactionClass::time ? "hour" : "each";
    }
    return work;
}

std::string explain(const ListedPrice& price, const WorkKind& work, const TimeUnits& units,
                    const std::optional<Decimal>& cost) {
    if (!price.problem.empty()) {
        return price.problem;
    }
    if (price.list == nullptr) {
        return "no price list is in force";
    }
    std::string const name = "price list \"" + price.list->name + "\"";
    if (price.rate != nullptr) {
        return name + ": " + billing::explain(*price.rate, work, units, cost);
    }
    return work.transaction_class == TransactionClass::fee
               ? "a fee has no rate"
               : name + " has no rate for this " + class_word(work.transaction_class) + " per " + work.unit;
}

} // namespace billing::engine
