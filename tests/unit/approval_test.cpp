#include "domain/approval.hpp"

#include <gtest/gtest.h>

namespace billing {
namespace {

Decimal d(const char* text) {
    return Decimal::parse(text);
}

// Bob's eight hours: cost 100, bill rate 200, one customer who pays everything.
ApprovedWork bob() {
    return {TransactionClass::time, d("8"), d("8"), std::nullopt, d("100"), d("200"), d("0")};
}

const Share everything[] = {{1, Decimal::of(100), true}};
const Share sixty_forty[] = {{1, Decimal::of(60), true}, {2, Decimal::of(40), false}};

PayingLine line_with(const Share* shares, std::size_t count, BillingMethod method = BillingMethod::time_and_material,
                     BillingType type = BillingType::chargeable) {
    return {method, type, shares, count, {2, 2}, {2, 2}};
}

std::vector<NewActual> approve(const ApprovedWork& work, const PayingLine& line) {
    std::vector<Part> parts;
    std::vector<NewActual> actuals;
    approve_work(work, line, parts, actuals);
    return actuals;
}

std::string show(const NewActual& actual) {
    return std::string(label(actual.type)) + " " + std::to_string(actual.customer_id) + " " + actual.quantity.text() +
           "@" + actual.price.text() + "=" + actual.amount.text() + " tax " + actual.tax.text() + " " +
           std::string(label(actual.billing_type));
}

std::vector<std::string> shown(const std::vector<NewActual>& actuals) {
    std::vector<std::string> lines;
    for (const NewActual& actual : actuals)
        lines.push_back(show(actual));
    return lines;
}

using Lines = std::vector<std::string>;

TEST(Approval, O02_BillableAsSubmitted) {
    EXPECT_EQ(shown(approve(bob(), line_with(everything, 1))),
              (Lines{"cost 1 8.00@100.00=800.00 tax 0.00 chargeable",
                     "unbilled_sales 1 8.00@200.00=1600.00 tax 0.00 chargeable"}));
}

TEST(Approval, O03_BillableReduced) {
    ApprovedWork work = bob();
    work.billable_quantity = d("6");
    EXPECT_EQ(shown(approve(work, line_with(everything, 1))),
              (Lines{"cost 1 8.00@100.00=800.00 tax 0.00 chargeable",
                     "unbilled_sales 1 6.00@200.00=1200.00 tax 0.00 chargeable",
                     "unbilled_sales 1 2.00@200.00=400.00 tax 0.00 non_chargeable"}));
}

TEST(Approval, BillableIncreasedLeavesNoRest) {
    ApprovedWork work = bob();
    work.billable_quantity = d("10");
    EXPECT_EQ(shown(approve(work, line_with(everything, 1)))[1],
              "unbilled_sales 1 10.00@200.00=2000.00 tax 0.00 chargeable");
    EXPECT_EQ(approve(work, line_with(everything, 1)).size(), 2U);
}

TEST(Approval, X14_BillableZeroIsOneNonChargeableSale) {
    ApprovedWork work = bob();
    work.billable_quantity = d("0");
    EXPECT_EQ(shown(approve(work, line_with(everything, 1))),
              (Lines{"cost 1 8.00@100.00=800.00 tax 0.00 chargeable",
                     "unbilled_sales 1 8.00@200.00=1600.00 tax 0.00 non_chargeable"}));
}

TEST(Approval, O05_FixedPriceIsCostOnly) {
    EXPECT_EQ(shown(approve(bob(), line_with(everything, 1, BillingMethod::fixed_price))),
              (Lines{"cost 1 8.00@100.00=800.00 tax 0.00 chargeable"}));
}

TEST(Approval, O05_UnpaidWorkIsOneCostWithoutCustomer) {
    EXPECT_EQ(show(unpaid_cost(bob(), 2)), "cost 0 8@100.00=800.00 tax 0.00 not_available");
}

TEST(Approval, O19_FeeHasNoCost) {
    ApprovedWork work{TransactionClass::fee, d("1"), d("1"), std::nullopt, d("50"), d("300"), d("0")};
    EXPECT_EQ(shown(approve(work, line_with(everything, 1))),
              (Lines{"unbilled_sales 1 1.00@300.00=300.00 tax 0.00 chargeable"}));
}

TEST(Approval, O33_TwoCustomers) {
    ApprovedWork work{TransactionClass::time, d("10"), d("10"), std::nullopt, d("80"), d("150"), d("10")};
    EXPECT_EQ(shown(approve(work, line_with(sixty_forty, 2))),
              (Lines{"cost 1 6.00@80.00=480.00 tax 0.00 chargeable", "cost 2 4.00@80.00=320.00 tax 0.00 chargeable",
                     "unbilled_sales 1 6.00@150.00=900.00 tax 6.00 chargeable",
                     "unbilled_sales 2 4.00@150.00=600.00 tax 4.00 chargeable"}));
}

TEST(Approval, ChosenTypeWinsAndIsNotReduced) {
    ApprovedWork work = bob();
    work.chosen_type = BillingType::complimentary;
    work.billable_quantity = d("6");
    work.tax = d("100");
    EXPECT_EQ(shown(approve(work, line_with(everything, 1))),
              (Lines{"cost 1 8.00@100.00=800.00 tax 0.00 complimentary",
                     "unbilled_sales 1 8.00@200.00=1600.00 tax 0.00 complimentary"}));
}

TEST(Approval, NegativeWorkMirrorsPositive) {
    ApprovedWork work = bob();
    work.quantity = d("-8");
    work.billable_quantity = d("-6");
    EXPECT_EQ(shown(approve(work, line_with(everything, 1))),
              (Lines{"cost 1 -8.00@100.00=-800.00 tax 0.00 chargeable",
                     "unbilled_sales 1 -6.00@200.00=-1200.00 tax 0.00 chargeable",
                     "unbilled_sales 1 -2.00@200.00=-400.00 tax 0.00 non_chargeable"}));
}

} // namespace
} // namespace billing
