#include "domain/retainer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "random.hpp"

namespace billing {
namespace {

Decimal d(const char* text) {
    return Decimal::parse(text);
}

std::string show(const ConfirmedRow& row) {
    return std::string(row.type == TransactionType::billed_sales ? "BS " : "US ") + row.terms.quantity.text() + "@" +
           row.terms.price.text() + " = " + row.terms.amount.text() + " " + std::string(label(row.adjustment)) +
           " reverses " + std::to_string(row.reverses) + " source " + std::to_string(row.source);
}

using Lines = std::vector<std::string>;

Lines shown(const std::vector<ConfirmedRow>& rows) {
    Lines lines;
    for (const ConfirmedRow& row : rows)
        lines.push_back(show(row));
    return lines;
}

TEST(Retainer, O56_Billed) {
    EXPECT_EQ(shown(bill_retainer(d("1000"))), (Lines{"BS 1@1000 = 1000 adjustable reverses -2 source -2",
                                                      "US -1@1000 = -1000 adjustable reverses -2 source -2"}));
}

TEST(Retainer, O57_AppliedInFull) {
    EXPECT_EQ(shown(use_retainer(d("1000"), d("1000"))),
              (Lines{"BS -1@1000 = -1000 adjustable reverses -2 source -1",
                     "US 1@1000 = 1000 unadjustable reverses -1 source -2"}));
}

TEST(Retainer, AppliedInPart) {
    EXPECT_EQ(shown(use_retainer(d("1000"), d("400"))), (Lines{"BS -1@400 = -400 adjustable reverses -2 source -1",
                                                               "US 1@1000 = 1000 unadjustable reverses -1 source -2",
                                                               "US -1@600 = -600 adjustable reverses -2 source -1"}));
}

TEST(Retainer, X19_Refunded) {
    EXPECT_EQ(shown(refund_retainer(d("600"))), (Lines{"BS -1@600 = -600 adjustable reverses -2 source -1",
                                                       "US 1@600 = 600 unadjustable reverses -1 source -2"}));
}

TEST(Retainer, X21_BilledAndCredited) {
    EXPECT_EQ(shown(credit_retainer(d("1000"))), (Lines{"BS -1@1000 = -1000 unadjustable reverses -3 source -2",
                                                        "US 1@1000 = 1000 unadjustable reverses -1 source -2"}));
}

TEST(Retainer, X21_UseCredited) {
    EXPECT_EQ(shown(credit_use(d("600"), d("400"))), (Lines{"BS 1@400 = 400 unadjustable reverses -3 source -2",
                                                            "US 1@600 = 600 unadjustable reverses -1 source -2",
                                                            "US -1@1000 = -1000 adjustable reverses -2 source -1"}));
    EXPECT_EQ(shown(credit_use(d("0"), d("1000"))), (Lines{"BS 1@1000 = 1000 unadjustable reverses -3 source -2",
                                                           "US -1@1000 = -1000 adjustable reverses -2 source -2"}));
}

TEST(Retainer, X21_RefundCredited) {
    EXPECT_EQ(shown(credit_refund(d("600"))), (Lines{"BS 1@600 = 600 unadjustable reverses -3 source -2",
                                                     "US -1@600 = -600 adjustable reverses -2 source -2"}));
}

Lines taken(const std::vector<AdvanceOffer>& offers, const char* room) {
    Lines amounts;
    for (const Decimal& amount : apply_advances(offers, d(room)))
        amounts.push_back(amount.text());
    return amounts;
}

TEST(Advances, OldestFirstUntilTheRoomIsUsedUp) {
    const std::vector<AdvanceOffer> offers = {{d("100"), {}}, {d("50"), {}}, {d("70"), {}}};
    EXPECT_EQ(taken(offers, "500"), (Lines{"100", "50", "70"}));
    EXPECT_EQ(taken(offers, "120"), (Lines{"100", "20", "0"}));
    EXPECT_EQ(taken(offers, "30"), (Lines{"30", "0", "0"}));
    EXPECT_EQ(taken(offers, "0"), (Lines{"0", "0", "0"}));
    EXPECT_EQ(taken(offers, "-40"), (Lines{"0", "0", "0"}));
    EXPECT_EQ(taken({}, "30"), Lines{});
}

TEST(Advances, LimitsLeaveRoomToTheNext) {
    const std::vector<AdvanceOffer> offers = {{d("100"), d("10")}, {d("50"), d("0")}, {d("70"), d("80")}};
    EXPECT_EQ(taken(offers, "500"), (Lines{"10", "0", "70"}));
    EXPECT_EQ(taken(offers, "30"), (Lines{"10", "0", "20"}));
}

TEST(Advances, NothingIsTakenFromABalanceBelowZero) {
    EXPECT_EQ(taken({{d("-5"), {}}, {d("50"), {}}}, "30"), (Lines{"0", "30"}));
}

// Whatever happens to a retainer, billed sales and the balance say the same, and nobody gets below zero.
TEST(Retainer, BilledSalesAndBalanceAgree) {
    Random random;
    for (int round = 0; round < 2000; ++round) {
        Decimal billed;
        Decimal open;
        const auto add = [&](const std::vector<ConfirmedRow>& rows) {
            for (const ConfirmedRow& row : rows)
                (row.type == TransactionType::billed_sales ? billed : open) += row.terms.amount;
        };
        const Decimal amount = Decimal::of(random.between(1, 1000000), 2);
        Decimal used;
        add(bill_retainer(amount));
        for (int step = 0; step < 6; ++step) {
            const Decimal room = Decimal::of(random.between(0, 500000), 2);
            const Decimal part = apply_advances({{amount - used, {}}}, room)[0];
            if (part.is_zero())
                continue;
            add(use_retainer(amount - used, part));
            used += part;
            ASSERT_GE(amount - used, Decimal());
            ASSERT_EQ(billed, amount - used);
            ASSERT_EQ(open, used - amount);
            if (random.between(0, 3) == 0) {
                add(credit_use(amount - used, part));
                used -= part;
            }
            ASSERT_EQ(billed, -open);
        }
        if (used.is_zero())
            add(credit_retainer(amount));
        else if (used < amount)
            add(refund_retainer(amount - used));
        EXPECT_TRUE(billed.is_zero() && open.is_zero());
    }
}

} // namespace
} // namespace billing
