#include "domain/progress.hpp"

#include "random.hpp"
#include "reference.hpp"

namespace billing {
namespace {

Taxed taxed(const char* amount, const char* tax = "0") {
    return {dec(amount), dec(tax)};
}

std::string text(const Taxed& value) {
    return value.amount.trimmed().text() + " + " + value.tax.trimmed().text();
}

Taxed sum_of(const std::vector<OpenShare>& open) {
    Taxed sum;
    for (const OpenShare& share : open)
        sum = {sum.amount + share.left.amount, sum.tax + share.left.tax};
    return sum;
}

// The parts as "customer: amount + tax", "all" marking what leaves nothing.
std::string cut_text(const Taxed& slice, const std::vector<OpenShare>& open, const std::vector<Share>& shares) {
    std::string result;
    for (const SlicePart& part : cut(slice, open, shares, 2))
        result += (result.empty() ? "" : ", ") + std::to_string(open[part.share].customer_id) + ": " + text(part.part) +
                  (part.takes_all ? " all" : "");
    return result;
}

TEST(Progress, O28_PercentAndAmountAreOneNumber) {
    EXPECT_EQ(amount_for(dec("1000"), dec("1000"), dec("20"), 2), dec("200"));
    EXPECT_EQ(percent_of(dec("1000"), dec("200")), dec("20"));
    EXPECT_EQ(percent_of(dec("125.01"), dec("41.67")), dec("33.3333"));
    EXPECT_TRUE(percent_of(dec("0"), dec("0")).is_zero());
}

TEST(Progress, PercentIsNeverMoreThanWhatRemains) {
    EXPECT_FALSE(amount_for(dec("1000"), dec("800"), dec("80.01"), 2).has_value());
    EXPECT_EQ(amount_for(dec("1000"), dec("800"), dec("80"), 2), dec("800"));
    EXPECT_FALSE(amount_for(dec("1000"), dec("0"), dec("0.01"), 2).has_value());
    EXPECT_EQ(amount_for(dec("1000"), dec("0"), dec("0"), 2), dec("0"));
}

TEST(Progress, ThePercentageShownAsRemainingTakesTheRest) {
    const Decimal shown = percent_of(dec("100.01"), dec("33.35"));
    EXPECT_EQ(shown, dec("33.3467"));
    EXPECT_EQ(amount_for(dec("100.01"), dec("33.35"), shown, 2), dec("33.35"));
}

TEST(Progress, TaxOfASliceIsInProportion) {
    EXPECT_EQ(text(next_slice(taxed("1000", "250"), taxed("1000", "250"), dec("250"), 2)), "200 + 50");
    EXPECT_EQ(text(next_slice(taxed("1000", "250"), taxed("1000", "250"), dec("0.01"), 2)), "0.01 + 0");
}

TEST(Progress, TheLastSliceIsWhatIsLeft) {
    EXPECT_EQ(text(next_slice(taxed("100.01", "25"), taxed("33.34", "8.33"), dec("41.67"), 2)), "33.34 + 8.33");
    EXPECT_EQ(text(next_slice(taxed("0", "0"), taxed("0", "0"), dec("0"), 2)), "0 + 0");
}

TEST(Progress, ASliceTakesNoMoreTaxOrAmountThanIsLeft) {
    EXPECT_EQ(text(next_slice(taxed("100", "25"), taxed("50", "0.01"), dec("25"), 2)), "24.99 + 0.01");
    EXPECT_EQ(text(next_slice(taxed("100", "25"), taxed("1", "25"), dec("20"), 2)), "1 + 19");
    EXPECT_EQ(text(next_slice(taxed("100", "0.01"), taxed("50", "-0.01"), dec("25"), 2)), "25 + 0");
    EXPECT_EQ(text(next_slice(taxed("100", "25"), taxed("-0.01", "25"), dec("20"), 2)), "0 + 20");
    EXPECT_EQ(text(next_slice(taxed("100", "25"), taxed("-0.01", "0"), dec("-0.01"), 2)), "-0.01 + 0");
}

TEST(Progress, TheRoundingCustomerTakesWhatDoesNotDivide) {
    const std::vector<Share> shares{{1, dec("33.34"), true}, {2, dec("33.33"), false}, {3, dec("33.33"), false}};
    const std::vector<OpenShare> open{{1, taxed("33.35")}, {2, taxed("33.33")}, {3, taxed("33.33")}};
    EXPECT_EQ(cut_text(taxed("10"), open, shares), "1: 3.34 + 0, 2: 3.33 + 0, 3: 3.33 + 0");
    EXPECT_EQ(cut_text(taxed("0.01"), open, shares), "1: 0.01 + 0");
    EXPECT_EQ(cut_text(taxed("100.01"), open, shares), "1: 33.35 + 0 all, 2: 33.33 + 0 all, 3: 33.33 + 0 all");
}

TEST(Progress, NobodyPaysMoreThanItsShare) {
    const std::vector<Share> shares{{1, dec("90"), true}, {2, dec("10"), false}};
    EXPECT_EQ(cut_text(taxed("500"), {{1, taxed("300")}, {2, taxed("300")}}, shares), "1: 300 + 0 all, 2: 200 + 0");
    EXPECT_EQ(cut_text(taxed("500"), {{1, taxed("590")}, {2, taxed("10")}}, shares), "1: 490 + 0, 2: 10 + 0 all");
    // The rounding customer has paid, and nobody of those left was to pay that much.
    EXPECT_EQ(cut_text(taxed("50"), {{2, taxed("100")}}, shares), "2: 50 + 0");
    // Four times half a cent is rounded up to more than there is.
    const std::vector<Share> quarters{
        {1, dec("25"), true}, {2, dec("25"), false}, {3, dec("25"), false}, {4, dec("25"), false}};
    EXPECT_EQ(cut_text(taxed("0.02"), {{1, taxed("0.01")}, {2, taxed("0.03")}, {3, taxed("0.03")}, {4, taxed("0.03")}},
                       quarters),
              "3: 0.01 + 0, 4: 0.01 + 0");
}

TEST(Progress, CreditedPartTakesItsTaxAlong) {
    EXPECT_EQ(text(credited_part(taxed("5000", "1000"), taxed("5000", "1000"), taxed("3000", "600"))), "2000 + 400");
    EXPECT_EQ(text(credited_part(taxed("5000", "1000"), taxed("5000", "1000"), taxed("5000", "0"))), "0 + 0");
    EXPECT_EQ(text(credited_part(taxed("5000", "1000"), taxed("5000", "0"), taxed("3000", "0"))), "2000 + 0");
    EXPECT_EQ(text(credited_part(taxed("5000", "100"), taxed("5000", "1000"), taxed("3000", "600"))), "2000 + 100");
    EXPECT_EQ(text(credited_part(taxed("5000", "1000"), taxed("5000", "900"), taxed("3000", "1000"))), "2000 + 0");
}

// Any milestone, any customers, any steps: every slice totals what was asked for, no share is overdrawn, and after the
// last step nothing is left.
TEST(ProgressProperty, SlicesTotalTheMilestone) {
    Random random;
    for (int run = 0; run < 2000; ++run) {
        const std::size_t customers = static_cast<std::size_t>(random.small(1, 6));
        std::vector<Share> shares;
        std::int64_t percent_left = 10'000;
        for (std::size_t i = 0; i < customers; ++i) {
            const std::int64_t percent = i + 1 == customers ? percent_left : random.between(0, percent_left);
            shares.push_back({static_cast<std::int64_t>(i) + 1, Decimal::of(percent, 2), false});
            percent_left -= percent;
        }
        shares[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(customers) - 1))].rounding = true;
        const Taxed whole{Decimal::of(random.between(1, 100'000), 2), Decimal::of(random.between(0, 25'000), 2)};
        std::vector<Part> parts;
        split_amount(whole.amount, whole.tax, shares.data(), shares.size(), 2, parts);
        std::vector<OpenShare> open;
        for (const Part& part : parts)
            open.push_back({part.customer_id, {part.amount, part.tax}});
        while (!open.empty()) {
            const Taxed left = sum_of(open);
            if (left.total().is_zero())
                break;
            const Decimal percent = Decimal::of(random.between(1, 5000), 2);
            const Decimal next = amount_for(whole.total(), left.total(), percent, 2).value_or(left.total());
            const Taxed slice = next_slice(whole, left, next, 2);
            ASSERT_EQ(slice.total(), next);
            ASSERT_TRUE(slice.tax.sign() >= 0 && slice.tax <= left.tax && slice.amount <= left.amount);
            Taxed taken;
            std::vector<OpenShare> rest = open;
            for (const SlicePart& part : cut(slice, open, shares, 2)) {
                Taxed& share = rest[part.share].left;
                taken = {taken.amount + part.part.amount, taken.tax + part.part.tax};
                const int sign = share.amount.sign();
                share = {share.amount - part.part.amount, share.tax - part.part.tax};
                ASSERT_TRUE(share.amount.is_zero() || share.amount.sign() == sign);
                ASSERT_EQ(part.takes_all, share.is_zero());
            }
            ASSERT_EQ(text(taken), text(slice));
            open.clear();
            for (const OpenShare& share : rest)
                if (!share.left.is_zero())
                    open.push_back(share);
            if (next.is_zero())
                break;
        }
    }
}

} // namespace
} // namespace billing
