#pragma once
// The price lists in force for contracts and companies, read once per verb and in one statement: whoever changes lists,
// rates or units meanwhile is seen as a whole or not at all.

#include "domain/price.hpp"
#include "engine/verb.hpp"
#include "pg/enum_oids.hpp"

namespace billing::engine {

struct PriceList {
    std::int64_t list_id;
    std::string name;
    std::string currency;
    RateTable rates;
};

// A price and where it comes from.
struct ListedPrice {
    Decimal price;
    const PriceList* list = nullptr; // in force that day
    const Rate* rate = nullptr;      // nullptr: the list has none for the work; the price is 0
    std::string problem;             // why there can be no price
};

class PriceLists {
public:
    void load(const Ids& contracts, const Ids& companies);

    // What the work costs its company.
    ListedPrice cost(std::int64_t company_id, DateADT date, const WorkKind& work) const;

    // What the contract's customers pay for it; `cost` is what it costs, for mark-ups.
    ListedPrice sales(std::int64_t contract_id, std::int64_t company_id, const std::string& currency, DateADT date,
                      const WorkKind& work, const Decimal& cost) const;

    // The work with its unit, where the entry names none.
    WorkKind with_unit(WorkKind work) const;

    const std::string& currency_of_company(std::int64_t company_id) const { return currencies_.at(company_id); }
    const TimeUnits& units() const { return units_; }

private:
    // Days on which a list is in force: from .. before until.
    struct Validity {
        DateADT from;
        DateADT until;
        std::int64_t list_id;
    };
    using Validities = std::unordered_map<std::int64_t, std::vector<Validity>>; // by owner

    void add_validity(const pg::Rows& rows, std::uint64_t i, Validities& to);
    void add_rate(const pg::Rows& rows, std::uint64_t i);
    const PriceList* list_of(const Validities& validities, std::int64_t owner, DateADT date) const;
    ListedPrice price_from(const PriceList* list, const std::string& currency, const WorkKind& work,
                           const std::optional<Decimal>& cost) const;

    std::unordered_map<std::int64_t, PriceList> lists_;
    Validities contract_sales_;
    Validities company_sales_;
    Validities company_cost_;
    std::unordered_map<std::int64_t, std::string> currencies_; // of companies
    std::unordered_map<std::int64_t, std::string> product_units_;
    TimeUnits units_;
    std::optional<pg::EnumOids<TransactionClass>> class_;
};

// Why the list gave this price: the rate, or that there is none.
std::string explain(const ListedPrice& price, const WorkKind& work, const TimeUnits& units,
                    const std::optional<Decimal>& cost);

} // namespace billing::engine
