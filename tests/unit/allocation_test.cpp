#include "domain/allocation.hpp"

#include "random.hpp"

namespace billing {
namespace {

std::vector<Decimal> weights(std::initializer_list<const char*> texts) {
    std::vector<Decimal> result;
    for (const char* const text : texts)
        result.push_back(dec(text));
    return result;
}

Decimal sum(const std::vector<Decimal>& parts) {
    Decimal total;
    for (const Decimal& part : parts)
        total += part;
    return total;
}

TEST(Allocation, O34_EvenPercentagesLeaveTheRestToTheRoundingCustomer) {
    EXPECT_EQ(evenly(3, 2), weights({"33.33", "33.33", "33.34"}));
    EXPECT_EQ(evenly(3, 0), weights({"33.34", "33.33", "33.33"}));
    EXPECT_EQ(evenly(1, 0), weights({"100"}));
    EXPECT_EQ(evenly(7, 6), weights({"14.28", "14.28", "14.28", "14.28", "14.28", "14.28", "14.32"}));
}

TEST(Allocation, EvenPercentagesTotalOneHundredForAnyNumber) {
    for (std::size_t n = 1; n <= 20'001; n += n < 200 ? 1 : 99)
        EXPECT_EQ(sum(evenly(n, n - 1)), dec("100")) << n;
}

TEST(Allocation, O34_TaxOverThreeEqualCustomers) {
    EXPECT_EQ(allocate(dec("10.00"), weights({"1", "1", "1"}), 2, 2), weights({"3.33", "3.33", "3.34"}));
}

TEST(Allocation, O54_ResidueOfInstalmentsGoesToTheLast) {
    EXPECT_EQ(allocate(dec("10000"), weights({"1", "1", "1"}), 2, 2), weights({"3333.33", "3333.33", "3333.34"}));
    EXPECT_EQ(allocate(dec("1000"), weights({"1", "1", "1"}), 2, 2), weights({"333.33", "333.33", "333.34"}));
}

TEST(Allocation, O68_StandaloneSellingPrices) {
    EXPECT_EQ(allocate(dec("450000"), weights({"100000", "400000"}), 2, 1), weights({"90000", "360000"}));
}

TEST(Allocation, ResidueIsExactWhateverTheScaleOfTheTotal) {
    EXPECT_EQ(allocate(dec("10.005"), weights({"50", "50"}), 2, 1), weights({"5.00", "5.005"}));
    EXPECT_EQ(allocate(dec("1"), weights({"0", "1"}), 0, 0), weights({"0", "1"}));
    EXPECT_EQ(allocate(dec("-10.00"), weights({"1", "1", "1"}), 2, 2), weights({"-3.33", "-3.33", "-3.34"}));
}

TEST(Allocation, RefusesWhatIsNoAllocation) {
    EXPECT_EQ(sqlstate_of([] { allocate(dec("1"), {}, 2, 0); }), "22023");
    EXPECT_EQ(sqlstate_of([] { allocate(dec("1"), weights({"1", "-1"}), 2, 0); }), "22023");
    EXPECT_EQ(sqlstate_of([] { allocate(dec("1"), weights({"0", "0.00"}), 2, 0); }), "22023");
    EXPECT_EQ(sqlstate_of([] { allocate(dec("1"), weights({"1"}), 2, 1); }), "22023");
    EXPECT_EQ(sqlstate_of([] { allocate(dec("1"), weights({"1", "1"}), -1, 1); }), "22003");
    EXPECT_EQ(sqlstate_of([] { evenly(0, 0); }), "22023");
    EXPECT_EQ(sqlstate_of([] { evenly(3, 3); }), "22023");
}

TEST(AllocationProperty, PartsSumToTheTotal) {
    Random random;
    SCOPED_TRACE(random.seed());
    for (int i = 0; i < 100'000 && !testing::Test::HasFailure(); ++i) {
        const auto n = static_cast<std::size_t>(random.small(1, 9));
        std::vector<Decimal> shares;
        for (std::size_t k = 0; k < n; ++k)
            shares.push_back(random.decimal(60, 8).magnitude());
        if (sum(shares).is_zero())
            continue;
        const Decimal total = random.decimal(80, 8);
        const auto residue = static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(n) - 1));
        const int scale = random.small(0, 6);
        const std::vector<Decimal> parts = allocate(total, shares, scale, residue);
        ASSERT_EQ(parts.size(), n);
        EXPECT_EQ(sum(parts), total);
        for (std::size_t k = 0; k < n; ++k) {
            if (k != residue) {
                EXPECT_EQ(parts[k], Decimal::proportion(total, shares[k], sum(shares), scale));
            }
        }
    }
}

} // namespace
} // namespace billing
