#include "domain/journal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace billing {
namespace {

Decimal d(const char* text) {
    return Decimal::parse(text);
}

// O-70, as written down there: method, type, classes.
const char* const oracle[] = {
    "fixed_price cost: time expense material",
    "fixed_price unbilled_sales: retainer",
    "fixed_price billed_sales: retainer milestone",
    "fixed_price inter_organizational_sales: time expense",
    "fixed_price resourcing_unit_cost: time expense",
    "time_and_material cost: time expense material",
    "time_and_material unbilled_sales: time expense material fee retainer",
    "time_and_material billed_sales: time expense material fee retainer",
    "time_and_material inter_organizational_sales: time expense",
    "time_and_material resourcing_unit_cost: time expense",
};

TEST(Journal, MatrixHas60CellsOf27Allowed) {
    const std::vector<JournalRule> rules = journal_rules();
    const auto allowed_of = [&rules](BillingMethod method) {
        return std::count_if(rules.begin(), rules.end(),
                             [method](const JournalRule& rule) { return rule.method == method && rule.is_allowed; });
    };
    EXPECT_EQ(rules.size(), 60U);
    EXPECT_EQ(allowed_of(BillingMethod::fixed_price), 10);
    EXPECT_EQ(allowed_of(BillingMethod::time_and_material), 17);
}

TEST(Journal, MatrixIsTheOracles) {
    std::vector<std::string> rows;
    std::string key;
    for (const JournalRule& rule : journal_rules()) {
        const std::string next = std::string(label(rule.method)) + " " + std::string(label(rule.type)) + ":";
        if (next != key) {
            key = next;
            rows.push_back(key);
        }
        if (rule.is_allowed)
            rows.back() += " " + std::string(label(rule.transaction_class));
    }
    EXPECT_EQ(rows, std::vector<std::string>(std::begin(oracle), std::end(oracle)));
}

TEST(Journal, NothingElseIsAllowed) {
    EXPECT_FALSE(journal_allows(BillingMethod::product, TransactionType::cost, TransactionClass::time));
    EXPECT_FALSE(
        journal_allows(BillingMethod::time_and_material, TransactionType::project_contract, TransactionClass::time));
    EXPECT_FALSE(journal_allows(BillingMethod::time_and_material, TransactionType::cost, TransactionClass::tax));
}

TEST(Journal, AmountsAreTypedOrComputed) {
    const TypedAmount computed{AmountMethod::multiply_quantity_by_price, d("3"), d("33.335"), std::nullopt};
    EXPECT_EQ(amount_problem(computed, 2), "");
    EXPECT_EQ(amount_of(computed, 2).text(), "100.01");
    EXPECT_EQ(amount_problem({AmountMethod::multiply_quantity_by_price, d("3"), d("33.335"), d("100.01")}, 2), "");
    EXPECT_EQ(amount_problem({AmountMethod::multiply_quantity_by_price, d("3"), d("33.335"), d("100.00")}, 2),
              "the amount 100 is not quantity times price, which is 100.01");
    EXPECT_EQ(amount_problem({AmountMethod::fixed_price, d("1"), d("0"), std::nullopt}, 2),
              "a fixed price needs an amount");
    EXPECT_EQ(amount_problem({AmountMethod::fixed_price, d("1"), d("0"), d("5.001")}, 2),
              "the amount 5.001 has more decimals than its currency knows");
    EXPECT_EQ(amount_of({AmountMethod::fixed_price, d("2"), d("9"), d("5.0000")}, 2).text(), "5.00");
}

TEST(Journal, RetainersComeInPairs) {
    const TransactionType billed = TransactionType::billed_sales;
    const TransactionType unbilled = TransactionType::unbilled_sales;
    const RetainerPairs found = pair_retainers({{0, billed, 1, 10, d("5")},
                                                {1, unbilled, 1, 10, d("-5")},
                                                {2, billed, 1, 10, d("5")},
                                                {3, unbilled, 2, 10, d("-5")},
                                                {4, unbilled, 1, 11, d("-5")},
                                                {5, unbilled, 1, 10, d("5")},
                                                {6, billed, 3, 10, d("-7")},
                                                {7, unbilled, 3, 10, d("7")}});
    ASSERT_EQ(found.pairs.size(), 1U);
    EXPECT_EQ(found.pairs[0].billed, 0U);
    EXPECT_EQ(found.pairs[0].balance, 1U);
    EXPECT_EQ(found.alone, (std::vector<std::size_t>{2, 3, 4, 5, 6, 7}));
}

TEST(Journal, CorrectionKeepsWhatIsNotNamed) {
    const ApprovedWork work{TransactionClass::time, d("8"), d("8"), std::nullopt, d("100"), d("200"), d("10")};
    const ApprovedWork same = corrected(work, {});
    EXPECT_EQ(same.quantity, work.quantity);
    EXPECT_EQ(same.billable_quantity, work.billable_quantity);
    EXPECT_EQ(same.sales_price, work.sales_price);
    EXPECT_FALSE(same.chosen_type.has_value());
    CorrectedValues values;
    values.quantity = d("6");
    values.tax = d("7");
    values.billing_type = BillingType::complimentary;
    const ApprovedWork other = corrected(work, values);
    EXPECT_EQ(other.quantity, d("6"));
    EXPECT_EQ(other.billable_quantity, d("6")) << "all of it was billable";
    EXPECT_EQ(other.tax, d("7"));
    EXPECT_EQ(other.cost_price, d("100"));
    EXPECT_EQ(*other.chosen_type, BillingType::complimentary);
}

TEST(Journal, CorrectionKeepsAReducedBillableQuantity) {
    const ApprovedWork work{TransactionClass::time, d("8"), d("5"), std::nullopt, d("100"), d("200"), d("10")};
    CorrectedValues values;
    values.quantity = d("9");
    EXPECT_EQ(corrected(work, values).billable_quantity, d("5"));
    values.billable_quantity = d("9");
    EXPECT_EQ(corrected(work, values).billable_quantity, d("9"));
}

TEST(Journal, OnlyCorrectionsAreOfOneClass) {
    EXPECT_EQ(corrected_class(JournalType::time_correction), TransactionClass::time);
    EXPECT_EQ(corrected_class(JournalType::expense_correction), TransactionClass::expense);
    EXPECT_EQ(corrected_class(JournalType::material_correction), TransactionClass::material);
    EXPECT_FALSE(corrected_class(JournalType::entry).has_value());
    EXPECT_FALSE(corrected_class(JournalType::cancellation).has_value());
}

} // namespace
} // namespace billing
