#include "domain/chargeability.hpp"

#include <gtest/gtest.h>

namespace billing {
namespace {

constexpr BillingType C = BillingType::chargeable;
constexpr BillingType N = BillingType::non_chargeable;
constexpr BillingType NA = BillingType::not_available;

// A row of the truth table: what the line includes and says, and what comes out for time, expense and material.
// 'C' and 'N' set a factor, '-' leaves it open (and the master then says chargeable).
struct Row {
    char name;
    bool time, expense, material;
    bool selected;
    char role, category, task;
    BillingType time_result, expense_result, material_result;
};

constexpr Row table[] = {
    {'a', true, true, true, false, 'C', 'C', '-', C, C, C},   {'b', true, true, true, true, 'C', 'C', 'C', C, C, C},
    {'c', true, true, true, true, 'N', 'C', 'C', N, C, C},    {'d', true, true, true, true, 'C', 'C', 'N', N, N, N},
    {'e', true, true, true, true, 'N', 'C', 'N', N, N, N},    {'f', true, true, true, true, 'N', 'N', 'C', N, N, C},
    {'g', false, true, true, false, '-', 'C', '-', NA, C, C}, {'h', false, true, true, false, '-', 'N', '-', NA, N, C},
    {'i', true, false, true, false, 'C', '-', '-', C, NA, C}, {'j', true, false, true, false, 'N', '-', '-', N, NA, C},
    {'k', true, true, false, false, 'C', 'C', '-', C, C, NA}, {'l', true, true, false, false, 'N', 'N', '-', N, N, NA},
};

std::optional<bool> setting(char mark) {
    return mark == '-' ? std::nullopt : std::optional<bool>(mark == 'C');
}

ChargeabilityFacts facts(const Row& row, TransactionClass transaction_class, bool included) {
    return {transaction_class, included, row.selected,          row.task != 'N',
            setting(row.role), true,     setting(row.category), true};
}

class TruthTable : public testing::TestWithParam<Row> {};

TEST_P(TruthTable, O37_Time) {
    const Row& row = GetParam();
    EXPECT_EQ(chargeability(facts(row, TransactionClass::time, row.time)), row.time_result);
}

TEST_P(TruthTable, O37_Expense) {
    const Row& row = GetParam();
    EXPECT_EQ(chargeability(facts(row, TransactionClass::expense, row.expense)), row.expense_result);
}

TEST_P(TruthTable, O37_Material) {
    const Row& row = GetParam();
    EXPECT_EQ(chargeability(facts(row, TransactionClass::material, row.material)), row.material_result);
}

TEST_P(TruthTable, O37_FeeIsLikeMaterial) {
    const Row& row = GetParam();
    EXPECT_EQ(chargeability(facts(row, TransactionClass::fee, row.material)), row.material_result);
}

INSTANTIATE_TEST_SUITE_P(O37, TruthTable, testing::ValuesIn(table),
                         [](const testing::TestParamInfo<Row>& row) { return std::string(1, row.param.name); });

ChargeabilityFacts plain(TransactionClass transaction_class) {
    return {transaction_class, true, false, true, std::nullopt, true, std::nullopt, true};
}

TEST(Chargeability, LineBeatsMaster) {
    ChargeabilityFacts time = plain(TransactionClass::time);
    time.role_master = false;
    EXPECT_EQ(chargeability(time), N);
    time.role_on_line = true;
    EXPECT_EQ(chargeability(time), C);
    ChargeabilityFacts expense = plain(TransactionClass::expense);
    expense.category_master = false;
    EXPECT_EQ(chargeability(expense), N);
    expense.category_on_line = true;
    EXPECT_EQ(chargeability(expense), C);
}

TEST(Chargeability, FactorsOfAnotherClassDoNotMatter) {
    ChargeabilityFacts time = plain(TransactionClass::time);
    time.category_on_line = false;
    EXPECT_EQ(chargeability(time), C);
    ChargeabilityFacts expense = plain(TransactionClass::expense);
    expense.role_on_line = false;
    EXPECT_EQ(chargeability(expense), C);
}

TEST(Chargeability, TasksMatterOnlyWhereTheyAreSelected) {
    ChargeabilityFacts time = plain(TransactionClass::time);
    time.task_chargeable = false;
    EXPECT_EQ(chargeability(time), C);
    time.selected_tasks = true;
    EXPECT_EQ(chargeability(time), N);
}

TEST(Chargeability, AgreedInstalmentsAreChargeableAndTaxRowsAreNot) {
    EXPECT_EQ(chargeability(plain(TransactionClass::milestone)), C);
    EXPECT_EQ(chargeability(plain(TransactionClass::retainer)), C);
    EXPECT_EQ(chargeability(plain(TransactionClass::tax)), NA);
}

} // namespace
} // namespace billing
