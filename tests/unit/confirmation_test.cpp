#include "domain/confirmation.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "random.hpp"

namespace billing {
namespace {

Decimal d(const char* text) {
    return Decimal::parse(text);
}

DetailTerms terms(const char* quantity, const char* price, const char* amount,
                  BillingType type = BillingType::chargeable, const char* tax = "0") {
    return {type, d(quantity), d(price), d(amount), d(tax)};
}

std::string show(const ConfirmedRow& row) {
    return std::string(row.type == TransactionType::billed_sales ? "BS " : "US ") + row.terms.quantity.text() + "/" +
           row.terms.amount.text() + " " + std::string(label(row.terms.billing_type)) + " " +
           std::string(label(row.adjustment)) + " " + std::string(label(row.status)) + " reverses " +
           std::to_string(row.reverses) + " source " + std::to_string(row.source);
}

std::vector<std::string> shown(const std::vector<ConfirmedRow>& rows) {
    std::vector<std::string> lines;
    for (const ConfirmedRow& row : rows)
        lines.push_back(show(row));
    return lines;
}

using Lines = std::vector<std::string>;

TEST(Confirmation, O11_NoEdit) {
    const DetailTerms sale = terms("8", "200", "1600");
    EXPECT_EQ(shown(confirm_sale(sale, sale, 2)),
              (Lines{"US -8/-1600 chargeable unadjustable customer_invoice_posted reverses -1 source -2",
                     "BS 8/1600 chargeable adjustable customer_invoice_posted reverses -2 source -1"}));
}

TEST(Confirmation, O12_Reduced) {
    EXPECT_EQ(shown(confirm_sale(terms("8", "200", "1600"), terms("6", "200", "1200"), 0)),
              (Lines{"US -8/-1600 chargeable unadjustable canceled reverses -1 source -2",
                     "US 6/1200 chargeable adjustable customer_invoice_posted reverses -2 source -1",
                     "US -6/-1200 chargeable unadjustable customer_invoice_posted reverses 1 source -2",
                     "BS 6/1200 chargeable adjustable customer_invoice_posted reverses -2 source 1",
                     "US 2/400 non_chargeable adjustable customer_invoice_posted reverses -2 source -1",
                     "US -2/-400 non_chargeable unadjustable customer_invoice_posted reverses 4 source -2",
                     "BS 2/400 non_chargeable adjustable customer_invoice_posted reverses -2 source 4"}));
}

TEST(Confirmation, O13_Increased) {
    EXPECT_EQ(shown(confirm_sale(terms("8", "200", "1600"), terms("10", "200", "2000"), 0)),
              (Lines{"US -8/-1600 chargeable unadjustable canceled reverses -1 source -2",
                     "US 10/2000 chargeable adjustable customer_invoice_posted reverses -2 source -1",
                     "US -10/-2000 chargeable unadjustable customer_invoice_posted reverses 1 source -2",
                     "BS 10/2000 chargeable adjustable customer_invoice_posted reverses -2 source 1"}));
}

TEST(Confirmation, X16_PriceEditLeavesNoRemainder) {
    EXPECT_EQ(confirm_sale(terms("8", "200", "1600"), terms("8", "180", "1440"), 0).size(), 4U);
    const auto rows = confirm_sale(terms("8", "200", "1600"), terms("6", "180", "1080"), 0);
    EXPECT_EQ(show(rows[4]), "US 2/400 non_chargeable adjustable customer_invoice_posted reverses -2 source -1");
}

TEST(Confirmation, X17_TaxEditIsNoEdit) {
    const auto rows =
        confirm_sale(terms("8", "200", "1600"), terms("8", "200", "1600", BillingType::chargeable, "320"), 2);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].terms.tax, d("0"));
    EXPECT_EQ(rows[1].terms.tax, d("320"));
}

TEST(Confirmation, QuantityZeroLeavesOnlyTheNonChargeableTriple) {
    const auto rows = confirm_sale(terms("8", "200", "1600"), terms("0", "200", "0"), 0);
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(show(rows[3]), "BS 8/1600 non_chargeable adjustable customer_invoice_posted reverses -2 source 1");
}

TEST(Confirmation, KeptRestIsAnOpenSaleOfItsOwn) {
    EXPECT_EQ(shown(confirm_sale(terms("8", "200", "1600"), terms("6", "200", "1200"), 0, true)),
              (Lines{"US -8/-1600 chargeable unadjustable canceled reverses -1 source -2",
                     "US 6/1200 chargeable adjustable customer_invoice_posted reverses -2 source -1",
                     "US -6/-1200 chargeable unadjustable customer_invoice_posted reverses 1 source -2",
                     "BS 6/1200 chargeable adjustable customer_invoice_posted reverses -2 source 1",
                     "US 2/400 chargeable adjustable not_ready_to_invoice reverses -2 source -1"}));
}

TEST(Confirmation, KeptRestHasTheTermsOfItsSource) {
    const DetailTerms sale = terms("8", "200", "1600", BillingType::chargeable, "320");
    const auto rows = confirm_sale(sale, terms("6", "180", "1080", BillingType::complimentary, "0"), 0, true);
    ASSERT_EQ(rows.size(), 5U);
    EXPECT_EQ(show(rows[4]), "US 2/400 chargeable adjustable not_ready_to_invoice reverses -2 source -1");
    EXPECT_EQ(rows[4].terms.price, d("200"));
    EXPECT_EQ(rows[4].terms.tax, d("80"));
}

TEST(Confirmation, WithoutARestThereIsNothingToKeep) {
    const DetailTerms sale = terms("8", "200", "1600");
    for (const char* quantity : {"8", "10"}) {
        const DetailTerms edited = terms(quantity, "180", "1");
        EXPECT_EQ(shown(confirm_sale(sale, edited, 0, true)), shown(confirm_sale(sale, edited, 0)));
        EXPECT_TRUE(rest_of(sale, edited.quantity, 0).quantity.is_zero());
    }
}

// What is billed at the price of the source and what is kept are the source, also where its amount was the residue of a
// split; a negated sale leaves a negated rest.
TEST(ConfirmationProperty, BilledAndKeptAddUpToTheSource) {
    Random random;
    SCOPED_TRACE(random.seed());
    for (int i = 0; i < 20'000 && !testing::Test::HasFailure(); ++i) {
        const Decimal quantity = Decimal::of(random.between(1, 100'000), 2);
        const Decimal price = Decimal::of(random.between(0, 1'000'000), static_cast<int>(random.between(0, 4)));
        const Decimal residue = Decimal::of(random.between(-2, 2), 2);
        const DetailTerms source{BillingType::chargeable, quantity, price, (quantity * price).rounded(2) + residue,
                                 Decimal::of(random.between(0, 100'000), 2)};
        const Decimal billed = Decimal::of(random.between(0, 120'000), 2);
        const DetailTerms rest = rest_of(source, billed, 2);
        if (billed >= quantity) {
            EXPECT_TRUE(rest.quantity.is_zero() && rest.amount.is_zero() && rest.tax.is_zero());
            continue;
        }
        EXPECT_EQ(billed + rest.quantity, quantity);
        EXPECT_EQ((billed * price).rounded(2) + rest.amount, source.amount);
        EXPECT_GE(rest.tax.sign(), 0);
        EXPECT_LE(rest.tax, source.tax);
        const DetailTerms negated{source.billing_type, -quantity, price, -source.amount, -source.tax};
        EXPECT_EQ(rest_of(negated, -billed, 2).amount, -rest.amount);
        EXPECT_EQ(rest_of(negated, -billed, 2).tax, -rest.tax);
    }
}

TEST(Confirmation, BillingTypeEditIsWrittenAnew) {
    const auto rows = confirm_sale(terms("8", "200", "1600"), terms("8", "200", "1600", BillingType::complimentary), 2);
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(show(rows[3]), "BS 8/1600 complimentary adjustable customer_invoice_posted reverses -2 source 1");
}

TEST(Confirmation, O21_Manual) {
    EXPECT_EQ(shown(confirm_manual(terms("3", "150", "450"), true)),
              (Lines{"US 3/450 chargeable adjustable customer_invoice_posted reverses -2 source -2",
                     "US -3/-450 chargeable unadjustable customer_invoice_posted reverses 0 source -2",
                     "BS 3/450 chargeable adjustable customer_invoice_posted reverses -2 source 0"}));
    EXPECT_EQ(shown(confirm_manual(terms("3", "150", "450"), false)),
              (Lines{"BS 3/450 chargeable adjustable customer_invoice_posted reverses -2 source -2"}));
}

TEST(Confirmation, O15_FullCredit) {
    EXPECT_EQ(shown(confirm_correction(terms("8", "200", "1600"), terms("0", "200", "0"), 0, true)),
              (Lines{"BS -8/-1600 chargeable unadjustable customer_invoice_posted reverses -1 source -2",
                     "US 8/1600 chargeable adjustable not_ready_to_invoice reverses -2 source -1"}));
}

TEST(Confirmation, O16_CorrectionDecreasing) {
    EXPECT_EQ(shown(confirm_correction(terms("8", "200", "1600"), terms("6", "200", "1200"), 0, true)),
              (Lines{"BS -8/-1600 chargeable unadjustable customer_invoice_posted reverses -1 source -2",
                     "US 6/1200 chargeable adjustable customer_invoice_posted reverses -2 source -1",
                     "US -6/-1200 chargeable unadjustable customer_invoice_posted reverses 1 source -2",
                     "BS 6/1200 chargeable adjustable customer_invoice_posted reverses -2 source 1",
                     "US 2/400 chargeable adjustable not_ready_to_invoice reverses -2 source -1"}));
}

TEST(Confirmation, O17_CorrectionIncreasing) {
    EXPECT_EQ(shown(confirm_correction(terms("8", "200", "1600"), terms("10", "200", "2000"), 0, true)),
              (Lines{"BS -8/-1600 chargeable unadjustable customer_invoice_posted reverses -1 source -2",
                     "US 10/2000 chargeable adjustable customer_invoice_posted reverses -2 source -1",
                     "US -10/-2000 chargeable unadjustable customer_invoice_posted reverses 1 source -2",
                     "BS 10/2000 chargeable adjustable customer_invoice_posted reverses -2 source 1"}));
}

TEST(Confirmation, X16_PriceCorrectionLeavesNoRemainder) {
    EXPECT_EQ(confirm_correction(terms("8", "200", "1600"), terms("8", "180", "1440"), 0, true).size(), 4U);
    const auto rows = confirm_correction(terms("8", "200", "1600"), terms("6", "180", "1080"), 0, true);
    ASSERT_EQ(rows.size(), 5U);
    EXPECT_EQ(show(rows[4]), "US 2/400 chargeable adjustable not_ready_to_invoice reverses -2 source -1");
}

TEST(Confirmation, X20_FeeCorrectionReturnsTheRest) {
    const auto rows = confirm_correction(terms("1", "300", "300"), terms("1", "200", "200"), 0, true);
    EXPECT_EQ(rows.size(), 4U) << "a lower price of the same quantity returns nothing";
}

TEST(Confirmation, CorrectionWithoutUnbilledSales) {
    EXPECT_EQ(shown(confirm_correction(terms("3", "150", "450"), terms("2", "150", "300"), 0, false)),
              (Lines{"BS -3/-450 chargeable unadjustable customer_invoice_posted reverses -1 source -2",
                     "BS 2/300 chargeable adjustable customer_invoice_posted reverses -2 source -2"}));
}

TEST(Confirmation, CorrectedTaxFollowsTheAmount) {
    const DetailTerms billed = terms("8", "200", "1600", BillingType::chargeable, "333.33");
    EXPECT_EQ(corrected_tax(billed, d("1600.00"), 2), d("333.33"));
    EXPECT_EQ(corrected_tax(billed, d("1200"), 2), d("250.00"));
    EXPECT_EQ(corrected_tax(billed, d("0"), 2), d("0"));
    EXPECT_EQ(corrected_tax(terms("8", "0", "0"), d("0"), 2), d("0"));
}

// Billed = credited + billed anew + returned, to the cent, while the price stays; nothing else is left unbilled.
TEST(Confirmation, PropertyCorrectionsConserve) {
    std::mt19937_64 random(20261121);
    for (int round = 0; round < 20000; ++round) {
        const auto quantity = static_cast<std::int64_t>(random() % 9999) + 1;
        const auto price = static_cast<std::int64_t>(random() % 50000);
        const Decimal unit = Decimal::of(price, 3);
        // The amount of a rounding customer is not quantity times price.
        const Decimal penny = Decimal::of(static_cast<std::int64_t>(random() % 3) - 1, 2);
        const DetailTerms billed{BillingType::chargeable, Decimal::of(quantity, 2), unit,
                                 (Decimal::of(quantity, 2) * unit).rounded(2) + penny,
                                 Decimal::of(static_cast<std::int64_t>(random() % 10000), 2)};
        const Decimal kept = Decimal::of(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(quantity)), 2);
        const Decimal amount = (kept * unit).rounded(2);
        const DetailTerms corrected{BillingType::chargeable, kept, unit, amount, Decimal()};
        Decimal now_billed = billed.amount;
        Decimal open;
        Decimal open_tax;
        Decimal settled;
        for (const ConfirmedRow& row : confirm_correction(billed, corrected, 2, true)) {
            if (row.type == TransactionType::billed_sales)
                now_billed += row.terms.amount;
            else if (row.status == BillingStatus::not_ready_to_invoice) {
                open += row.terms.amount;
                open_tax += row.terms.tax;
            } else
                settled += row.terms.amount;
        }
        ASSERT_EQ(now_billed, amount) << "round " << round;
        ASSERT_EQ(now_billed + open, billed.amount) << "round " << round;
        ASSERT_EQ(open_tax, billed.tax) << "round " << round;
        ASSERT_TRUE(settled.is_zero()) << "round " << round;
    }
}

// The source and everything written cancel out in unbilled sales; what is billed chargeable is what the detail says.
TEST(Confirmation, PropertyUnbilledSalesCancelOut) {
    std::mt19937_64 random(20260117);
    for (int round = 0; round < 20000; ++round) {
        const auto quantity = static_cast<std::int64_t>(random() % 10000) - 5000;
        const auto edited_quantity = static_cast<std::int64_t>(random() % 10000) * (quantity < 0 ? -1 : 1);
        const auto price = static_cast<std::int64_t>(random() % 50000);
        const auto edited_price = random() % 2 == 0 ? price : static_cast<std::int64_t>(random() % 50000);
        const auto of = [](std::int64_t q, std::int64_t p, BillingType type) {
            const Decimal amount = (Decimal::of(q, 2) * Decimal::of(p, 2)).rounded(2);
            return DetailTerms{type, Decimal::of(q, 2), Decimal::of(p, 2), amount, Decimal::of(q, 3)};
        };
        const DetailTerms source = of(quantity, price, BillingType::chargeable);
        const DetailTerms edited = of(edited_quantity, edited_price, BillingType::chargeable);
        Decimal unbilled = source.amount;
        Decimal unbilled_quantity = source.quantity;
        Decimal billed;
        for (const ConfirmedRow& row : confirm_sale(source, edited, 2)) {
            if (row.type == TransactionType::unbilled_sales) {
                unbilled += row.terms.amount;
                unbilled_quantity += row.terms.quantity;
            } else if (row.terms.billing_type == BillingType::chargeable) {
                billed += row.terms.amount;
            }
        }
        ASSERT_TRUE(unbilled.is_zero()) << "round " << round;
        ASSERT_TRUE(unbilled_quantity.is_zero()) << "round " << round;
        ASSERT_EQ(billed, edited.quantity.is_zero() && !source.quantity.is_zero() ? Decimal() : edited.amount)
            << "round " << round;
    }
}

} // namespace
} // namespace billing
