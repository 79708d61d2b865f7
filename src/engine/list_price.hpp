#pragma once
// The prices of work that is not an entry: manual details, journal lines, questions.

#include <memory>

#include "engine/price_lists.hpp"

namespace billing::engine {

struct PriceQuestion {
    std::int64_t contract_id = 0;
    DateADT date = 0;
    WorkKind work{};                   // without a role: the resource's
    std::optional<Decimal> cost_price; // empty: the company's price list says
};

struct ListPrices {
    ListedPrice cost;
    ListedPrice sales;
    std::string cost_currency;
    std::string sales_currency;
    std::string cost_reason;
    std::string sales_reason;
    std::shared_ptr<const PriceLists> lists; // what the prices point into
};

// Raises ZB020 for an unknown contract. Where there can be no price, `problem` says why.
ListPrices list_prices(const PriceQuestion& question);

// The sales price alone; raises ZB010 where there can be none.
Decimal sales_price_of(const PriceQuestion& question);

} // namespace billing::engine
