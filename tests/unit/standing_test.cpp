#include "domain/standing.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace billing {
namespace {

Decimal d(const char* text) {
    return Decimal::parse(text);
}

LedgerRow row(TransactionType type, const char* quantity = "8", BillingType billing_type = BillingType::chargeable) {
    const Decimal price = d(type == TransactionType::cost ? "100" : "200");
    return {1,
            10,
            11,
            1,
            type,
            billing_type,
            BillingStatus::not_ready_to_invoice,
            AdjustmentStatus::adjustable,
            NteStatus::not_applicable,
            0,
            d(quantity),
            price,
            d(quantity) * price,
            Decimal()};
}

LedgerRow cost() {
    return row(TransactionType::cost);
}

LedgerRow sale(BillingStatus status = BillingStatus::not_ready_to_invoice, const char* quantity = "8",
               BillingType type = BillingType::chargeable) {
    LedgerRow result = row(TransactionType::unbilled_sales, quantity, type);
    result.billing_status = status;
    return result;
}

LedgerRow billed(AdjustmentStatus adjustment) {
    LedgerRow result = row(TransactionType::billed_sales);
    result.billing_status = BillingStatus::customer_invoice_posted;
    result.adjustment = adjustment;
    return result;
}

NewActual wanted(const LedgerRow& row) {
    return {row.type, row.billing_type, row.customer_id, row.quantity, row.price, row.amount, row.tax};
}

TEST(Standing, CostsAndSalesInTheBacklogStand) {
    EXPECT_TRUE(stands(cost()));
    EXPECT_TRUE(stands(sale()));
    EXPECT_TRUE(stands(sale(BillingStatus::ready_to_invoice)));
    EXPECT_FALSE(stands(sale(BillingStatus::customer_invoice_created)));
    EXPECT_FALSE(stands(sale(BillingStatus::customer_invoice_posted)));
    EXPECT_FALSE(stands(billed(AdjustmentStatus::adjustable)));
    LedgerRow superseded = cost();
    superseded.adjustment = AdjustmentStatus::adjusted;
    EXPECT_FALSE(stands(superseded));
    EXPECT_FALSE(is_in_backlog(cost()));
    EXPECT_TRUE(is_in_backlog(sale()));
}

TEST(Standing, TheStrongestHoldCounts) {
    const LedgerRow draft = sale(BillingStatus::customer_invoice_created);
    const LedgerRow posted = sale(BillingStatus::customer_invoice_posted);
    EXPECT_EQ(hold_of({}), Hold::none);
    EXPECT_EQ(hold_of({cost(), sale()}), Hold::none);
    EXPECT_EQ(hold_of({cost(), sale(), draft}), Hold::on_draft);
    EXPECT_EQ(hold_of({cost(), draft, posted, billed(AdjustmentStatus::adjustable)}), Hold::on_invoice);
    EXPECT_EQ(hold_of({cost(), posted, billed(AdjustmentStatus::in_process)}), Hold::in_correction);
}

TEST(Standing, AFullCreditHoldsNoLonger) {
    const LedgerRow posted = sale(BillingStatus::customer_invoice_posted);
    EXPECT_EQ(hold_of({cost(), posted, billed(AdjustmentStatus::adjusted), sale()}), Hold::none);
    // A partial one left a smaller billed sale.
    EXPECT_EQ(
        hold_of({cost(), posted, billed(AdjustmentStatus::adjusted), billed(AdjustmentStatus::adjustable), sale()}),
        Hold::on_invoice);
}

TEST(Standing, EveryHoldHasItsReason) {
    EXPECT_STREQ(reason_of(Hold::none), "");
    for (const Hold hold : {Hold::on_draft, Hold::in_correction, Hold::on_invoice})
        EXPECT_STRNE(reason_of(hold), "");
}

TEST(Standing, SameTermsWhateverTheOrderAndTheZeros) {
    std::vector<LedgerRow> rows{cost(), sale(), sale(BillingStatus::ready_to_invoice, "2.00")};
    std::vector<NewActual> same{wanted(rows[2]), wanted(rows[0]), wanted(rows[1])};
    same[1].quantity = d("8.000");
    EXPECT_TRUE(same_terms(rows, 10, 11, same));
    EXPECT_TRUE(same_terms({}, 10, 11, {}));
    rows[0].nte = NteStatus::failed;
    EXPECT_TRUE(same_terms(rows, 10, 11, same));
}

TEST(Standing, EveryDifferenceIsOne) {
    const std::vector<LedgerRow> rows{cost(), sale()};
    const std::vector<NewActual> same{wanted(rows[0]), wanted(rows[1])};
    EXPECT_FALSE(same_terms(rows, 12, 11, same));
    EXPECT_FALSE(same_terms(rows, 10, 12, same));
    EXPECT_FALSE(same_terms(rows, 10, 11, {same[0]}));
    EXPECT_FALSE(same_terms(rows, 10, 11, {same[0], same[0]}));
    const auto differs = [&](auto change) {
        std::vector<NewActual> other = same;
        change(other[1]);
        return !same_terms(rows, 10, 11, other);
    };
    EXPECT_TRUE(differs([](NewActual& a) { a.billing_type = BillingType::non_chargeable; }));
    EXPECT_TRUE(differs([](NewActual& a) { a.customer_id = 2; }));
    EXPECT_TRUE(differs([](NewActual& a) { a.quantity = d("7"); }));
    EXPECT_TRUE(differs([](NewActual& a) { a.price = d("210"); }));
    EXPECT_TRUE(differs([](NewActual& a) { a.amount = d("1600.01"); }));
    EXPECT_TRUE(differs([](NewActual& a) { a.tax = d("1"); }));
    EXPECT_TRUE(differs([](NewActual& a) { a.type = TransactionType::cost; }));
}

TEST(Standing, TwoEqualRowsAreTwo) {
    const std::vector<LedgerRow> rows{sale(), sale()};
    EXPECT_TRUE(same_terms(rows, 10, 11, {wanted(sale()), wanted(sale())}));
    EXPECT_FALSE(same_terms(rows, 10, 11, {wanted(sale()), wanted(cost())}));
}

TEST(Standing, PartsOfASaleAreTheSale) {
    const std::vector<LedgerRow> parts{cost(), sale(BillingStatus::not_ready_to_invoice, "5"),
                                       sale(BillingStatus::ready_to_invoice, "3")};
    EXPECT_TRUE(same_terms(parts, 10, 11, {wanted(cost()), wanted(sale())}));
    EXPECT_FALSE(same_terms({parts[0], parts[1]}, 10, 11, {wanted(cost()), wanted(sale())}));
    EXPECT_FALSE(same_terms(parts, 10, 11, {wanted(cost())}));
}

TEST(Standing, PartsAtDifferentPricesAreComparedByQuantity) {
    std::vector<LedgerRow> parts{cost(), sale(BillingStatus::not_ready_to_invoice, "5"),
                                 sale(BillingStatus::not_ready_to_invoice, "3")};
    EXPECT_TRUE(agreed_at_one_price(parts));
    parts[1].price = d("180");
    EXPECT_FALSE(agreed_at_one_price(parts));
    EXPECT_FALSE(same_terms(parts, 10, 11, {wanted(cost()), wanted(sale())}));
    EXPECT_TRUE(same_quantities(parts, 10, 11, {wanted(cost()), wanted(sale())}));
    parts[2].customer_id = 2;
    EXPECT_FALSE(same_quantities(parts, 10, 11, {wanted(cost()), wanted(sale())}));
}

ApprovedWork bob() {
    return {TransactionClass::time, d("8"), d("8"), std::nullopt, d("100"), d("200"), d("0")};
}

TEST(Standing, AnUneditedCreditAgreesWithTheEntry) {
    const ApprovedWork agreed = as_agreed(bob(), {cost(), sale()});
    EXPECT_EQ(agreed.billable_quantity, d("8"));
    EXPECT_EQ(agreed.sales_price, d("200"));
    EXPECT_FALSE(agreed.chosen_type.has_value());
    EXPECT_EQ(agreed.tax, d("0"));
}

TEST(Standing, AReducedInvoiceStaysReduced) {
    const ApprovedWork agreed =
        as_agreed(bob(), {cost(), sale(BillingStatus::not_ready_to_invoice, "6"),
                          sale(BillingStatus::not_ready_to_invoice, "2", BillingType::non_chargeable)});
    EXPECT_EQ(agreed.billable_quantity, d("6"));
    EXPECT_EQ(agreed.quantity, d("8"));
    EXPECT_FALSE(agreed.chosen_type.has_value());
}

TEST(Standing, AnAgreedPriceAndTaxStay) {
    std::vector<LedgerRow> rows{sale(BillingStatus::not_ready_to_invoice, "2", BillingType::non_chargeable),
                                sale(BillingStatus::not_ready_to_invoice, "3"),
                                sale(BillingStatus::not_ready_to_invoice, "3")};
    rows[1].price = rows[2].price = d("180");
    rows[1].tax = d("5");
    rows[2].tax = d("6");
    ApprovedWork agreed = as_agreed(bob(), rows);
    EXPECT_EQ(agreed.sales_price, d("180"));
    EXPECT_EQ(agreed.tax, d("11"));
    std::reverse(rows.begin(), rows.end());
    EXPECT_EQ(as_agreed(bob(), rows).sales_price, d("180"));
    rows[0].price = d("190");
    EXPECT_EQ(as_agreed(bob(), rows).sales_price, d("200"));
}

TEST(Standing, ASaleThatACreditWroteIsKnownByItsSource) {
    LedgerRow credited = sale();
    credited.actual_id = 7;
    credited.source_id = 5;
    EXPECT_EQ(credited_sale({cost(), sale()}), 0);
    EXPECT_EQ(credited_sale({cost(), sale(), credited}), 7);
    credited.billing_status = BillingStatus::customer_invoice_posted;
    EXPECT_EQ(credited_sale({credited}), 0);
}

TEST(Standing, WhatWasGivenAwayStaysGivenAway) {
    const ApprovedWork agreed =
        as_agreed(bob(), {cost(), sale(BillingStatus::not_ready_to_invoice, "8", BillingType::complimentary)});
    EXPECT_EQ(agreed.chosen_type, BillingType::complimentary);
    ApprovedWork chosen = bob();
    chosen.chosen_type = BillingType::non_chargeable;
    EXPECT_EQ(as_agreed(chosen, {sale()}).chosen_type, BillingType::chargeable);
    EXPECT_EQ(as_agreed(chosen, {cost()}).chosen_type, BillingType::non_chargeable);
}

TEST(Standing, AgreedPricesCountAsTyped) {
    ApprovedWork listed = bob();
    listed.sales_source = PriceSource::list;
    LedgerRow credit = sale();
    credit.source_id = 5;
    const ApprovedWork agreed = as_agreed(listed, {cost(), credit});
    EXPECT_EQ(agreed.sales_source, PriceSource::typed);
    EXPECT_EQ(agreed.sales_price, credit.price);
    EXPECT_FALSE(agreed.is_typed() && listed.is_typed());
}

// A sale that was approved, billed on invoice 20 and credited on invoice 21, priced anew since.
struct Credited {
    LedgerRow approved = sale(BillingStatus::customer_invoice_posted);
    LedgerRow edited = sale(BillingStatus::customer_invoice_posted);
    LedgerRow bill = billed(AdjustmentStatus::adjusted);
    LedgerRow credit = sale();
    LedgerRow anew = sale();

    Credited() {
        std::int64_t id = 11;
        for (LedgerRow* row : {&approved, &edited, &bill, &credit, &anew}) {
            row->source_id = row == &approved ? 0 : id - 1;
            row->actual_id = id++;
        }
        edited.invoice_id = bill.invoice_id = 20;
        credit.invoice_id = 21;
    }
    std::vector<LedgerRow> rows() const { return {cost(), approved, edited, bill, credit}; }
    std::vector<LedgerRow> rows_anew() const {
        std::vector<LedgerRow> all = rows();
        all.back().adjustment = AdjustmentStatus::adjusted;
        all.push_back(anew);
        return all;
    }
};

TEST(Standing, APriceIsAgreedOnTheInvoice) {
    Credited work;
    EXPECT_FALSE(was_priced_on_invoice({cost(), sale()}));
    EXPECT_FALSE(was_priced_on_invoice(work.rows()));
    work.edited.price = work.bill.price = work.credit.price = d("190");
    EXPECT_TRUE(was_priced_on_invoice(work.rows()));
    work.anew.price = d("190");
    EXPECT_TRUE(was_priced_on_invoice(work.rows_anew()));
}

TEST(Standing, APriceFromAListIsNotAgreedOnTheInvoice) {
    Credited work;
    work.anew.price = d("230");
    EXPECT_FALSE(was_priced_on_invoice(work.rows_anew()));
    // Nor is it where it replaced a price that was.
    work.edited.price = work.bill.price = work.credit.price = d("190");
    EXPECT_FALSE(was_priced_on_invoice(work.rows_anew()));
}

TEST(Standing, PricesAreComparedAsApproved) {
    Credited work;
    work.bill.adjustment = AdjustmentStatus::adjustable;
    const std::vector<LedgerRow> rows = {cost(), work.approved, work.edited, work.bill};
    std::vector<NewActual> now = {wanted(cost()), wanted(sale())};
    EXPECT_TRUE(same_prices(rows, now));
    now[1].quantity = d("5");
    EXPECT_TRUE(same_prices(rows, now));
    now[1].price = d("210");
    EXPECT_FALSE(same_prices(rows, now));
}

TEST(Standing, WhatWasEditedOnAnInvoiceIsComparedAsItWas) {
    Credited work;
    work.edited.price = work.bill.price = d("190");
    work.bill.adjustment = AdjustmentStatus::adjustable;
    const std::vector<LedgerRow> rows{cost(), work.approved, work.edited, work.bill};
    EXPECT_TRUE(same_prices(rows, {wanted(cost()), wanted(sale())}));
    ASSERT_EQ(as_written(rows).size(), 2U);
    EXPECT_EQ(as_written(rows)[1].actual_id, work.approved.actual_id);
}

TEST(Standing, WhatWasPricedAnewIsComparedAsItIs) {
    Credited work;
    work.anew.price = d("230");
    LedgerRow again = billed(AdjustmentStatus::adjustable);
    work.anew.billing_status = BillingStatus::customer_invoice_posted;
    again.actual_id = 16;
    again.source_id = work.anew.actual_id;
    again.invoice_id = 22;
    again.price = d("230");
    std::vector<LedgerRow> rows = work.rows_anew();
    rows.push_back(again);
    std::vector<NewActual> now = {wanted(cost()), wanted(sale())};
    EXPECT_FALSE(same_prices(rows, now));
    now[1].price = d("230");
    EXPECT_TRUE(same_prices(rows, now));
}

} // namespace
} // namespace billing
