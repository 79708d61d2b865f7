#include "domain/edit_rules.hpp"

#include "random.hpp"

#include <set>

namespace billing {
namespace {

constexpr DetailField fields[] = {DetailField::billing_type,
                                  DetailField::quantity,
                                  DetailField::price,
                                  DetailField::tax,
                                  DetailField::description,
                                  DetailField::external_description,
                                  DetailField::task,
                                  DetailField::category,
                                  DetailField::role,
                                  DetailField::resource,
                                  DetailField::unit,
                                  DetailField::product,
                                  DetailField::transaction_class,
                                  DetailField::amount,
                                  DetailField::rest};

// Expects exactly these fields of a kind to be editable, and a reason for every other one.
void expect_editable(DetailKind kind, const std::set<DetailField>& editable) {
    for (const DetailField field : fields) {
        const auto reason = edit_refusal(kind, field);
        EXPECT_EQ(!reason, editable.count(field) == 1) << static_cast<int>(field);
        if (reason) {
            EXPECT_FALSE(reason->empty());
        }
    }
}

TEST(EditRules, TimeAndMaterial) {
    expect_editable(DetailKind::actual,
                    {DetailField::billing_type, DetailField::quantity, DetailField::price, DetailField::tax,
                     DetailField::description, DetailField::external_description, DetailField::rest});
}

TEST(EditRules, Milestone) {
    expect_editable(DetailKind::milestone, {DetailField::billing_type, DetailField::tax, DetailField::description,
                                            DetailField::external_description});
}

TEST(EditRules, Product) {
    expect_editable(DetailKind::product, {DetailField::tax});
}

TEST(EditRules, ManualIsFreeButForItsClass) {
    std::set<DetailField> editable(std::begin(fields), std::end(fields));
    editable.erase(DetailField::transaction_class);
    editable.erase(DetailField::rest);
    expect_editable(DetailKind::manual, editable);
}

TEST(EditRules, CorrectionKeepsItsBillingType) {
    expect_editable(DetailKind::correction, {DetailField::quantity, DetailField::price, DetailField::tax,
                                             DetailField::description, DetailField::external_description});
}

TEST(EditRules, O18_ProductIsCreditedInFull) {
    expect_editable(DetailKind::product_correction, {});
}

TEST(EditRules, AnAmountOfABilledMilestoneMayStand) {
    expect_editable(DetailKind::milestone_correction, {DetailField::quantity, DetailField::price, DetailField::tax,
                                                       DetailField::description, DetailField::external_description});
    EXPECT_FALSE(standing_refusal(dec("5000"), dec("1"), dec("3000")));
    EXPECT_FALSE(standing_refusal(dec("5000"), dec("1"), dec("5000.00")));
    EXPECT_FALSE(standing_refusal(dec("5000"), dec("0"), dec("5000")));
    EXPECT_FALSE(standing_refusal(dec("-0.02"), dec("1"), dec("-0.01")));
    EXPECT_TRUE(standing_refusal(dec("5000"), dec("0.6"), dec("5000")));
    EXPECT_TRUE(standing_refusal(dec("5000"), dec("2"), dec("2000")));
    EXPECT_TRUE(standing_refusal(dec("5000"), dec("1"), dec("5000.01")));
    EXPECT_TRUE(standing_refusal(dec("5000"), dec("1"), dec("-1")));
    EXPECT_TRUE(standing_refusal(dec("-0.02"), dec("1"), dec("0.01")));
}

TEST(EditRules, RetainersAreNotEditedAsDetails) {
    for (const DetailKind kind : {DetailKind::retainer, DetailKind::advance, DetailKind::refund})
        expect_editable(kind, {});
}

TEST(EditRules, O24_ClassIsFixedOnEveryDraft) {
    for (const DetailKind kind :
         {DetailKind::actual, DetailKind::milestone, DetailKind::product, DetailKind::manual, DetailKind::correction,
          DetailKind::milestone_correction, DetailKind::product_correction})
        EXPECT_TRUE(edit_refusal(kind, DetailField::transaction_class).has_value());
}

TEST(EditRules, QuantityKeepsTheSignOfItsSource) {
    EXPECT_FALSE(quantity_refusal(dec("8"), dec("6")));
    EXPECT_FALSE(quantity_refusal(dec("8"), dec("10")));
    EXPECT_FALSE(quantity_refusal(dec("8"), dec("0")));
    EXPECT_FALSE(quantity_refusal(dec("-8"), dec("-6")));
    EXPECT_FALSE(quantity_refusal(dec("-8"), dec("0")));
    EXPECT_FALSE(quantity_refusal(dec("0"), dec("3")));
    EXPECT_TRUE(quantity_refusal(dec("8"), dec("-0.01")));
    EXPECT_TRUE(quantity_refusal(dec("0"), dec("-1")));
    EXPECT_TRUE(quantity_refusal(dec("-8"), dec("0.01")));
}

TEST(EditRules, O12_ReducingLeavesARemainder) {
    EXPECT_EQ(remainder(dec("8"), dec("6")), dec("2"));
    EXPECT_EQ(remainder(dec("8"), dec("0")), dec("8"));
    EXPECT_EQ(remainder(dec("-8"), dec("-6")), dec("-2"));
    EXPECT_EQ(remainder(dec("-8"), dec("0")), dec("-8"));
}

TEST(EditRules, O13_IncreasingLeavesNone) {
    EXPECT_TRUE(remainder(dec("8"), dec("10")).is_zero());
    EXPECT_TRUE(remainder(dec("8"), dec("8.00")).is_zero());
    EXPECT_TRUE(remainder(dec("-8"), dec("-10")).is_zero());
    EXPECT_TRUE(remainder(dec("0"), dec("10")).is_zero());
}

TEST(EditRules, RemainderRefusesAChangeOfSign) {
    EXPECT_EQ(sqlstate_of([] { remainder(dec("8"), dec("-1")); }), "ZB021");
    EXPECT_EQ(sqlstate_of([] { remainder(dec("-8"), dec("1")); }), "ZB021");
}

TEST(EditRulesProperty, RemainderIsSymmetricAndNeverPassesZero) {
    Random random;
    SCOPED_TRACE(random.seed());
    for (int i = 0; i < 20'000 && !testing::Test::HasFailure(); ++i) {
        const Decimal original = random.decimal(40, 5).magnitude();
        const Decimal edited = random.decimal(40, 5).magnitude();
        const Decimal rest = remainder(original, edited);
        if (!original.is_zero()) {
            EXPECT_EQ(remainder(-original, -edited), -rest);
        }
        EXPECT_GE(rest, Decimal());
        EXPECT_LE(rest, original);
        EXPECT_EQ(rest.is_zero() || rest + edited == original, true);
    }
}

} // namespace
} // namespace billing
