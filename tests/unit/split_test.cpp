#include "domain/split.hpp"

#include "domain/allocation.hpp"
#include "random.hpp"
#include "reference.hpp"

#include <algorithm>

namespace billing {
namespace {

constexpr Scales two_decimals{2, 2};

std::vector<Part> split_up(const char* quantity, const char* price, const char* tax, const std::vector<Share>& shares,
                           Scales scales = two_decimals) {
    std::vector<Part> parts;
    split(dec(quantity), dec(price), dec(tax), shares.data(), shares.size(), scales, parts);
    return parts;
}

std::vector<Part> split_up_amount(const char* amount, const char* tax, const std::vector<Share>& shares) {
    std::vector<Part> parts;
    split_amount(dec(amount), dec(tax), shares.data(), shares.size(), 2, parts);
    return parts;
}

void expect_part(const Part& part, std::int64_t customer, const char* quantity, const char* amount, const char* tax) {
    EXPECT_EQ(part.customer_id, customer);
    EXPECT_EQ(part.quantity, dec(quantity));
    EXPECT_EQ(part.amount, dec(amount));
    EXPECT_EQ(part.tax, dec(tax));
}

std::vector<Share> a60_b40() {
    return {{1, dec("60"), true}, {2, dec("40"), false}};
}

std::vector<Share> three_equal() {
    return {{1, dec("33.33"), false}, {2, dec("33.33"), false}, {3, dec("33.34"), true}};
}

TEST(Split, O33_TwoCustomersShareCostAndSales) {
    const std::vector<Part> cost = split_up("10", "80", "0", a60_b40());
    ASSERT_EQ(cost.size(), 2U);
    expect_part(cost[0], 1, "6", "480", "0");
    expect_part(cost[1], 2, "4", "320", "0");
    const std::vector<Part> sales = split_up("10", "150", "0", a60_b40());
    ASSERT_EQ(sales.size(), 2U);
    expect_part(sales[0], 1, "6", "900", "0");
    expect_part(sales[1], 2, "4", "600", "0");
}

TEST(Split, O34_RoundingCustomerTakesTheRestOfTheQuantity) {
    const std::vector<Part> parts = split_up("8", "200", "10.00", three_equal());
    ASSERT_EQ(parts.size(), 3U);
    expect_part(parts[0], 1, "2.67", "534.00", "3.33");
    expect_part(parts[1], 2, "2.67", "534.00", "3.33");
    expect_part(parts[2], 3, "2.66", "532.00", "3.34");
}

TEST(Split, O34_RoundingCustomerKeepsTheExactTotal) {
    const std::vector<Part> parts = split_up("10", "99.99", "0", three_equal());
    ASSERT_EQ(parts.size(), 3U);
    expect_part(parts[0], 1, "3.33", "332.97", "0");
    expect_part(parts[1], 2, "3.33", "332.97", "0");
    expect_part(parts[2], 3, "3.34", "333.96", "0"); // 3.34 x 99.99 alone would be 333.97
}

TEST(Split, O34_PercentagesMustTotalOneHundred) {
    const std::vector<Share> shares = {{1, dec("50"), true}, {2, dec("40"), false}};
    try {
        split_up("8", "200", "0", shares);
        FAIL() << "no error";
    } catch (const DomainError& error) {
        EXPECT_STREQ(error.sqlstate, "ZB011");
        EXPECT_EQ(error.message, "billing split percentages of a contract line must total 100");
        EXPECT_EQ(error.detail, "They total 90.");
        EXPECT_FALSE(error.hint.empty());
    }
}

TEST(Split, O34_CustomerAtZeroPercentGetsNoRow) {
    const std::vector<Share> shares = {{1, dec("0"), false}, {2, dec("100"), true}, {3, dec("0.00"), false}};
    const std::vector<Part> parts = split_up("8", "200", "1", shares);
    ASSERT_EQ(parts.size(), 1U);
    expect_part(parts[0], 2, "8", "1600", "1");
}

TEST(Split, RoundingCustomerAtZeroPercentGetsOnlyAResidue) {
    const std::vector<Share> even = {{1, dec("0"), true}, {2, dec("50"), false}, {3, dec("50"), false}};
    EXPECT_EQ(split_up("8", "200", "0", even).size(), 2U);
    const std::vector<Part> parts = split_up("0.01", "200", "0", even);
    ASSERT_EQ(parts.size(), 3U);
    expect_part(parts[0], 1, "-0.01", "-2.00", "0");
    expect_part(parts[1], 2, "0.01", "2.00", "0");
}

TEST(Split, PartsKeepTheOrderOfTheShares) {
    const std::vector<Share> shares = {{9, dec("20"), false}, {5, dec("50"), true}, {7, dec("30"), false}};
    const std::vector<Part> parts = split_up("10", "10", "0", shares);
    ASSERT_EQ(parts.size(), 3U);
    expect_part(parts[0], 9, "2", "20", "0");
    expect_part(parts[1], 5, "5", "50", "0");
    expect_part(parts[2], 7, "3", "30", "0");
}

TEST(Split, OneCustomerGetsEverything) {
    const std::vector<Part> parts = split_up("7.12345", "99.99", "1.005", {{4, dec("100.00"), true}});
    ASSERT_EQ(parts.size(), 1U);
    expect_part(parts[0], 4, "7.12345", "712.27", "1.005");
}

TEST(Split, ReusesTheOutput) {
    std::vector<Part> parts(17);
    const std::vector<Share> shares = a60_b40();
    split(dec("10"), dec("1"), dec("0"), shares.data(), shares.size(), two_decimals, parts);
    EXPECT_EQ(parts.size(), 2U);
}

TEST(Split, RefusesSharesThatDivideNothing) {
    EXPECT_EQ(sqlstate_of([] { split_up("1", "1", "0", {}); }), "ZB011");
    EXPECT_EQ(sqlstate_of([] { split_up("1", "1", "0", {{1, dec("100"), false}}); }), "ZB011");
    EXPECT_EQ(sqlstate_of([] { split_up("1", "1", "0", {{1, dec("99.99"), true}}); }), "ZB011");
    EXPECT_EQ(sqlstate_of([] { split_up("1", "1", "0", {{1, dec("50"), true}, {2, dec("50"), true}}); }), "ZB011");
    EXPECT_EQ(sqlstate_of([] { split_up("1", "1", "0", {{1, dec("110"), true}, {2, dec("-10"), false}}); }), "ZB011");
}

TEST(Split, OverflowIsAnError) {
    const char* const large = "99999999999999999999";
    EXPECT_EQ(sqlstate_of([&] { split_up(large, large, "0", a60_b40()); }), "22003");
}

TEST(SplitAmount, O27_MilestoneOfTwoCustomers) {
    const std::vector<Part> parts = split_up_amount("10000", "0", a60_b40());
    ASSERT_EQ(parts.size(), 2U);
    expect_part(parts[0], 1, "1", "6000", "0");
    expect_part(parts[1], 2, "1", "4000", "0");
}

TEST(SplitAmount, ResidueGoesToTheRoundingCustomer) {
    const std::vector<Part> parts = split_up_amount("100.00", "10.01", three_equal());
    ASSERT_EQ(parts.size(), 3U);
    expect_part(parts[0], 1, "1", "33.33", "3.34");
    expect_part(parts[1], 2, "1", "33.33", "3.34");
    expect_part(parts[2], 3, "1", "33.34", "3.33");
}

TEST(SplitAmount, RoundingCustomerAtZeroPercentGetsOnlyAResidue) {
    const std::vector<Share> shares = {{1, dec("0"), true}, {2, dec("50"), false}, {3, dec("50"), false}};
    EXPECT_EQ(split_up_amount("10.00", "0", shares).size(), 2U);
    const std::vector<Part> parts = split_up_amount("0.01", "0", shares);
    ASSERT_EQ(parts.size(), 3U);
    expect_part(parts[0], 1, "1", "-0.01", "0");
}

// Random cut points of 100 % make shares that total 100; zero shares turn up by themselves.
std::vector<Share> random_shares(Random& random) {
    const auto n = static_cast<std::size_t>(random.small(1, 7));
    const int scale = random.small(0, 4);
    std::int64_t whole = 100;
    for (int i = 0; i < scale; ++i)
        whole *= 10;
    std::vector<std::int64_t> cuts = {0, whole};
    while (cuts.size() < n + 1)
        cuts.push_back(random.one_in(8) ? cuts.back() : random.between(0, whole));
    std::sort(cuts.begin(), cuts.end());
    const auto rounding = static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(n) - 1));
    std::vector<Share> shares;
    for (std::size_t i = 0; i < n; ++i)
        shares.push_back({static_cast<std::int64_t>(i) + 1, Decimal::of(cuts[i + 1] - cuts[i], scale), i == rounding});
    return shares;
}

struct Case {
    Decimal quantity;
    Decimal price;
    Decimal tax;
    std::vector<Share> shares;
    Scales scales;
};

// Work of any sign, prices and tax as money has them or finer.
Case random_case(Random& random) {
    return {random.decimal(40, 5), random.decimal(35, 5), random.decimal(35, 5), random_shares(random),
            Scales{random.small(0, 5), random.small(0, 4)}};
}

Part total_of(const std::vector<Part>& parts) {
    Part total{0, Decimal(), Decimal(), Decimal()};
    for (const Part& part : parts) {
        total.quantity += part.quantity;
        total.amount += part.amount;
        total.tax += part.tax;
    }
    return total;
}

std::string describe(const Case& drawn) {
    std::string text = drawn.quantity.text() + " @ " + drawn.price.text() + " tax " + drawn.tax.text() + ", scales " +
                       std::to_string(drawn.scales.quantity) + '/' + std::to_string(drawn.scales.money) + ':';
    for (const Share& share : drawn.shares)
        text += ' ' + share.percent.text() + (share.rounding ? "R" : "");
    return text;
}

reference::Number percentage(const Decimal& whole, const Decimal& percent, int scale) {
    const reference::Number product = reference::times(reference::number(whole), reference::number(percent));
    return reference::rounded({product.units, product.scale + 2}, scale);
}

// What a customer other than the rounding one must get, from unlimited arithmetic.
void expect_share(const Case& drawn, const Share& share, const Part& part) {
    EXPECT_TRUE(reference::same(part.quantity, percentage(drawn.quantity, share.percent, drawn.scales.quantity)));
    const reference::Number product =
        reference::times(reference::number(part.quantity), reference::number(drawn.price));
    EXPECT_TRUE(reference::same(part.amount, reference::rounded(product, drawn.scales.money)));
    EXPECT_TRUE(reference::same(part.tax, percentage(drawn.tax, share.percent, drawn.scales.money)));
}

TEST(SplitProperty, PartsSumToTheWholeExactly) {
    Random random;
    SCOPED_TRACE(random.seed());
    std::vector<Part> parts;
    for (int i = 0; i < 200'000 && !testing::Test::HasFailure(); ++i) {
        const Case drawn = random_case(random);
        split(drawn.quantity, drawn.price, drawn.tax, drawn.shares.data(), drawn.shares.size(), drawn.scales, parts);
        const Part total = total_of(parts);
        const Decimal amount = (drawn.quantity * drawn.price).rounded(drawn.scales.money);
        EXPECT_EQ(total.quantity, drawn.quantity) << describe(drawn);
        EXPECT_EQ(total.amount, amount) << describe(drawn);
        EXPECT_EQ(total.tax, drawn.tax) << describe(drawn);
    }
}

TEST(SplitProperty, OtherCustomersGetTheirRoundedPercentage) {
    Random random;
    SCOPED_TRACE(random.seed());
    std::vector<Part> parts;
    for (int i = 0; i < 50'000 && !testing::Test::HasFailure(); ++i) {
        const Case drawn = random_case(random);
        SCOPED_TRACE(describe(drawn));
        split(drawn.quantity, drawn.price, drawn.tax, drawn.shares.data(), drawn.shares.size(), drawn.scales, parts);
        auto part = parts.begin();
        for (const Share& share : drawn.shares) {
            const bool has_part = part != parts.end() && part->customer_id == share.customer_id;
            if (!share.rounding) {
                ASSERT_EQ(has_part, !share.percent.is_zero());
            }
            if (has_part && !share.rounding)
                expect_share(drawn, share, *part);
            if (has_part)
                ++part;
        }
        EXPECT_EQ(part, parts.end());
    }
}

TEST(SplitProperty, ReversedWorkSplitsIntoReversedParts) {
    Random random;
    SCOPED_TRACE(random.seed());
    std::vector<Part> parts;
    std::vector<Part> reversed;
    for (int i = 0; i < 50'000 && !testing::Test::HasFailure(); ++i) {
        const Case drawn = random_case(random);
        SCOPED_TRACE(describe(drawn));
        const Share* const shares = drawn.shares.data();
        split(drawn.quantity, drawn.price, drawn.tax, shares, drawn.shares.size(), drawn.scales, parts);
        split(-drawn.quantity, drawn.price, -drawn.tax, shares, drawn.shares.size(), drawn.scales, reversed);
        ASSERT_EQ(parts.size(), reversed.size());
        for (std::size_t k = 0; k < parts.size(); ++k) {
            EXPECT_EQ(reversed[k].quantity, -parts[k].quantity);
            EXPECT_EQ(reversed[k].amount, -parts[k].amount);
            EXPECT_EQ(reversed[k].tax, -parts[k].tax);
        }
    }
}

TEST(SplitProperty, AmountsSumToTheWholeExactly) {
    Random random;
    SCOPED_TRACE(random.seed());
    std::vector<Part> parts;
    for (int i = 0; i < 50'000 && !testing::Test::HasFailure(); ++i) {
        const Case drawn = random_case(random);
        split_amount(drawn.price, drawn.tax, drawn.shares.data(), drawn.shares.size(), drawn.scales.money, parts);
        EXPECT_EQ(total_of(parts).amount, drawn.price) << describe(drawn);
        EXPECT_EQ(total_of(parts).tax, drawn.tax) << describe(drawn);
        EXPECT_EQ(total_of(parts).quantity, Decimal::of(static_cast<std::int64_t>(parts.size())));
    }
}

TEST(SplitProperty, EvenPercentagesAreAccepted) {
    std::vector<Part> parts;
    for (std::size_t n = 1; n <= 150; ++n) {
        std::vector<Share> shares;
        for (const Decimal& percent : evenly(n, n - 1))
            shares.push_back({static_cast<std::int64_t>(shares.size()), percent, shares.size() == n - 1});
        split(dec("8"), dec("200"), dec("10"), shares.data(), n, two_decimals, parts);
        EXPECT_EQ(total_of(parts).amount, dec("1600")) << n;
    }
}

} // namespace
} // namespace billing
