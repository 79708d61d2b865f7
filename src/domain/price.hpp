#pragma once
// What a price list says of one unit of work.

#include "domain/decimal.hpp"
#include "domain/vocabulary.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>

namespace billing {

// Decimals of a price that was computed, by a mark-up or from another unit.
inline constexpr int price_scale = 4;

// What a price depends on; 0 where it has none. Rates use the same: there, 0 stands for any.
struct WorkKind {
    TransactionClass transaction_class;
    std::int64_t role_id;
    std::int64_t resource_id;
    std::int64_t category_id;
    std::int64_t product_id;
    std::string unit;
};

struct Rate {
    std::int64_t rate_id;
    WorkKind covers;
    std::optional<Decimal> price; // of one unit; empty: a mark-up on the cost
    Decimal markup_percent;
};

// Length of units of time.
class TimeUnits {
public:
    TimeUnits();
    void add(const std::string& unit, const Decimal& hours) { hours_[unit] = hours; }
    // nullptr for an unknown unit.
    const Decimal* hours(const std::string& unit) const;

private:
    std::unordered_map<std::string, Decimal> hours_;
};

// The rates of one list.
class RateTable {
public:
    void add(const Rate& rate);

    // The rate for the work; nullptr if there is none. Time: the first of role and resource, resource, role, neither;
    // its unit may be another one. Expense: category and unit. Material: product and unit.
    const Rate* find(const WorkKind& work) const;

private:
    using Key = std::tuple<TransactionClass, std::int64_t, std::int64_t, std::string>;
    const Rate* at(const Key& key) const;

    std::map<Key, Rate> rates_;
};

// The price of one unit of the work at a rate. `cost` is the cost of that unit in the currency of the price; empty if
// there is none. If there is no price, `problem` says why.
struct RatedPrice {
    Decimal price;
    std::string problem;
};
RatedPrice price_at(const Rate& rate, const WorkKind& work, const TimeUnits& units, const std::optional<Decimal>& cost);

// How the price came about: "800 per day for role 1, 8 hours a day: 100 per hour".
std::string explain(const Rate& rate, const WorkKind& work, const TimeUnits& units, const std::optional<Decimal>& cost);

} // namespace billing
