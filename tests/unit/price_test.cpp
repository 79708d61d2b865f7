#include "domain/price.hpp"

#include <gtest/gtest.h>

namespace billing {
namespace {

Decimal d(const char* text) {
    return Decimal::parse(text);
}

WorkKind time_of(std::int64_t role, std::int64_t resource, const char* unit = "hour") {
    return {TransactionClass::time, role, resource, 0, 0, unit};
}

WorkKind product(std::int64_t id, const char* unit = "each") {
    return {TransactionClass::material, 0, 0, 0, id, unit};
}

Rate priced(std::int64_t id, const WorkKind& covers, const char* price) {
    return {id, covers, d(price), Decimal()};
}

Rate marked_up(std::int64_t id, const WorkKind& covers, const char* percent) {
    return {id, covers, std::nullopt, d(percent)};
}

std::int64_t found(const RateTable& table, const WorkKind& work) {
    const Rate* const rate = table.find(work);
    return rate == nullptr ? 0 : rate->rate_id;
}

TEST(Price, TheMostPreciseRateOfTimeCounts) {
    RateTable table;
    EXPECT_EQ(found(table, time_of(1, 2)), 0);
    table.add(priced(10, time_of(0, 0), "1"));
    EXPECT_EQ(found(table, time_of(1, 2)), 10);
    table.add(priced(20, time_of(1, 0), "1"));
    EXPECT_EQ(found(table, time_of(1, 2)), 20);
    table.add(priced(30, time_of(0, 2), "1"));
    EXPECT_EQ(found(table, time_of(1, 2)), 30);
    table.add(priced(40, time_of(1, 2), "1"));
    EXPECT_EQ(found(table, time_of(1, 2)), 40);
    EXPECT_EQ(found(table, time_of(1, 2, "day")), 40);
    EXPECT_EQ(found(table, time_of(9, 2)), 30);
    EXPECT_EQ(found(table, time_of(1, 9)), 20);
    EXPECT_EQ(found(table, time_of(0, 0)), 10);
}

TEST(Price, ExpenseAndMaterialAreFoundByTheirUnit) {
    RateTable table;
    table.add(priced(1, product(5), "1"));
    table.add(priced(2, product(5, "box"), "1"));
    table.add(priced(3, {TransactionClass::expense, 0, 0, 5, 0, "each"}, "1"));
    EXPECT_EQ(found(table, product(5)), 1);
    EXPECT_EQ(found(table, product(5, "box")), 2);
    EXPECT_EQ(found(table, product(5, "pallet")), 0);
    EXPECT_EQ(found(table, product(6)), 0);
    EXPECT_EQ(found(table, {TransactionClass::expense, 0, 0, 5, 0, "each"}), 3);
    EXPECT_EQ(found(table, {TransactionClass::fee, 0, 0, 5, 0, "each"}), 0);
}

// O-41: 800 a day of 8 hours is 100 an hour.
TEST(Price, TimeIsConvertedFromTheUnitOfTheRate) {
    TimeUnits units;
    units.add("day", d("8"));
    units.add("week", d("37.5"));
    const Rate day = priced(1, time_of(0, 0, "day"), "800");
    EXPECT_EQ(price_at(day, time_of(1, 1), units, {}).price, d("100"));
    EXPECT_EQ(price_at(day, time_of(1, 1, "day"), units, {}).price, d("800"));
    EXPECT_EQ(price_at(day, time_of(1, 1, "week"), units, {}).price, d("3750"));
    EXPECT_EQ(price_at(priced(1, time_of(0, 0, "week"), "1000"), time_of(1, 1), units, {}).price, d("26.6667"));
    EXPECT_EQ(price_at(day, time_of(1, 1, "month"), units, {}).problem,
              "price rate 1 is per day, the work in month; billing.time_unit has no month");
    EXPECT_EQ(price_at(priced(1, time_of(0, 0, "year"), "1"), time_of(1, 1), units, {}).problem,
              "price rate 1 is per year, the work in hour; billing.time_unit has no year");
}

// O-41: a cost of 100 is 100 at cost and 110 with 10 %.
TEST(Price, AMarkUpNeedsTheCost) {
    const TimeUnits units;
    EXPECT_EQ(price_at(marked_up(1, product(5), "0"), product(5), units, d("100")).price, d("100"));
    EXPECT_EQ(price_at(marked_up(1, product(5), "10"), product(5), units, d("100")).price, d("110"));
    EXPECT_EQ(price_at(marked_up(1, product(5), "-25"), product(5), units, d("100")).price, d("75"));
    EXPECT_EQ(price_at(marked_up(1, product(5), "-100"), product(5), units, d("100")).price, d("0"));
    EXPECT_EQ(price_at(marked_up(1, product(5), "33.3333"), product(5), units, d("0.0001")).price, d("0.0001"));
    EXPECT_FALSE(price_at(marked_up(1, product(5), "10"), product(5), units, {}).problem.empty());
}

TEST(Price, ExplainsItself) {
    TimeUnits units;
    units.add("day", d("8"));
    EXPECT_EQ(explain(priced(1, time_of(3, 0, "day"), "800.0000"), time_of(3, 1), units, {}),
              "800 per day for role 3, 8 hours a day: 100 per hour");
    EXPECT_EQ(explain(priced(1, time_of(3, 4), "90"), time_of(3, 4), units, {}),
              "90 per hour for role 3 and resource 4");
    EXPECT_EQ(explain(priced(1, time_of(0, 4), "90"), time_of(3, 4), units, {}), "90 per hour for resource 4");
    EXPECT_EQ(explain(priced(1, time_of(0, 0), "90"), time_of(3, 4), units, {}),
              "90 per hour for any role and resource");
    EXPECT_EQ(explain(marked_up(1, product(5), "0.00"), product(5), units, d("100")), "at cost, 100 for product 5");
    EXPECT_EQ(explain(marked_up(1, {TransactionClass::expense, 0, 0, 7, 0, "each"}, "-5"), product(5), units, d("100")),
              "-5 % mark-up on the cost, 100 for category 7");
    EXPECT_EQ(explain(marked_up(1, product(5), "1"), product(5), units, {}),
              "price rate 1 is a mark-up, and there is no cost in the currency of the list");
}

} // namespace
} // namespace billing
