#include "domain/confirmation.hpp"

#include "domain/edit_rules.hpp"

namespace billing {

namespace {

DetailTerms negated(const DetailTerms& terms) {
    return {terms.billing_type, -terms.quantity, terms.price, -terms.amount, -terms.tax, negated(terms.extension)};
}

ConfirmedRow reversal(const DetailTerms& terms, BillingStatus status, int reversed) {
    return {TransactionType::unbilled_sales, AdjustmentStatus::unadjustable, status, negated(terms), reversed, no_row};
}

ConfirmedRow billed(const DetailTerms& terms, int sale) {
    return {TransactionType::billed_sales,
            AdjustmentStatus::adjustable,
            BillingStatus::customer_invoice_posted,
            terms,
            no_row,
            sale};
}

// A sale that exists only to be billed: itself, its reversal and the billed sale.
void add_billed_sale(std::vector<ConfirmedRow>& rows, const DetailTerms& terms, int replaces) {
    const int sale = static_cast<int>(rows.size());
    rows.push_back({TransactionType::unbilled_sales, AdjustmentStatus::adjustable,
                    BillingStatus::customer_invoice_posted, terms, no_row, replaces});
    rows.push_back(reversal(terms, BillingStatus::customer_invoice_posted, sale));
    rows.push_back(billed(terms, sale));
}

} // namespace

bool supersedes_source(const DetailTerms& source, const DetailTerms& edited) {
    return source.billing_type != edited.billing_type || source.quantity != edited.quantity ||
           source.price != edited.price;
}

DetailTerms rest_of(const DetailTerms& source, const Decimal& quantity, int money_scale) {
    const Decimal rest = remainder(source.quantity, quantity);
    const Rates& rates = source.extension.rates;
    if (rest.is_zero())
        return {source.billing_type, rest, source.price, Decimal(), Decimal(), {rates, Decimal(), Decimal()}};
    const Decimal base = quantity.is_zero() ? Decimal() : (quantity * source.price).rounded(money_scale);
    const Extension extension =
        extend_anew(base, source.billing_type,
                    {source.billing_type, base_amount(source.amount, source.extension), source.extension}, money_scale);
    const Decimal billed = base + extension.net();
    const Decimal tax = source.tax - corrected_tax(source, billed, money_scale);
    // The amount billed may exceed the source's by a cent of rounding; a tax never changes its side for that.
    return {source.billing_type,
            rest,
            source.price,
            source.amount - billed,
            tax.sign() == source.tax.sign() ? tax : Decimal(),
            remainder(source.extension, extension)};
}

namespace {

// The rest of a reduced quantity that nobody pays. All of it is the source's amount, residue of its split included.
DetailTerms written_off(const DetailTerms& source, const Decimal& billed, const Decimal& rest, int money_scale) {
    const Decimal amount =
        billed.is_zero() ? base_amount(source.amount, source.extension) : (rest * source.price).rounded(money_scale);
    return {BillingType::non_chargeable,
            rest,
            source.price,
            amount,
            Decimal(),
            extend(Decimal(), BillingType::non_chargeable, source.extension.rates, money_scale)};
}

// A sale that is open again.
ConfirmedRow kept(const DetailTerms& terms) {
    return {TransactionType::unbilled_sales,
            AdjustmentStatus::adjustable,
            BillingStatus::not_ready_to_invoice,
            terms,
            no_row,
            source_row};
}

} // namespace

std::vector<ConfirmedRow> confirm_sale(const DetailTerms& source, const DetailTerms& edited, int money_scale,
                                       bool keeps_rest) {
    if (!supersedes_source(source, edited))
        return {reversal(source, BillingStatus::customer_invoice_posted, source_row), billed(edited, source_row)};
    std::vector<ConfirmedRow> rows{reversal(source, BillingStatus::canceled, source_row)};
    if (!edited.quantity.is_zero())
        add_billed_sale(rows, edited, source_row);
    const Decimal rest = remainder(source.quantity, edited.quantity);
    if (!rest.is_zero() && keeps_rest)
        rows.push_back(kept(rest_of(source, edited.quantity, money_scale)));
    else if (!rest.is_zero())
        add_billed_sale(rows, written_off(source, edited.quantity, rest, money_scale), source_row);
    return rows;
}

namespace {

// What the correction returns to the backlog.
DetailTerms returned(const DetailTerms& billed, const DetailTerms& corrected, const Decimal& rest, int money_scale) {
    if (corrected.quantity.is_zero() || corrected.price == billed.price) {
        const Decimal tax = billed.tax - corrected.tax;
        return {billed.billing_type,
                rest,
                billed.price,
                billed.amount - corrected.amount,
                tax.sign() == billed.tax.sign() ? tax : Decimal(),
                remainder(billed.extension, corrected.extension)};
    }
    const Decimal base = (rest * billed.price).rounded(money_scale);
    const Extension extension =
        extend_anew(base, billed.billing_type,
                    {billed.billing_type, base_amount(billed.amount, billed.extension), billed.extension}, money_scale);
    const Decimal amount = base + extension.net();
    return {billed.billing_type, rest, billed.price, amount, corrected_tax(billed, amount, money_scale), extension};
}

} // namespace

ConfirmedRow credit_in_full(const DetailTerms& billed) {
    return {TransactionType::billed_sales,
            AdjustmentStatus::unadjustable,
            BillingStatus::customer_invoice_posted,
            negated(billed),
            source_row,
            no_row};
}

Decimal corrected_tax(const DetailTerms& billed, const Decimal& corrected_amount, int money_scale) {
    if (corrected_amount == billed.amount)
        return billed.tax;
    if (billed.amount.is_zero())
        return Decimal();
    return Decimal::proportion(billed.tax, corrected_amount, billed.amount, money_scale);
}

std::vector<ConfirmedRow> confirm_correction(const DetailTerms& billed, const DetailTerms& corrected, int money_scale,
                                             bool has_unbilled_sales) {
    std::vector<ConfirmedRow> rows{credit_in_full(billed)};
    if (!has_unbilled_sales) {
        if (!corrected.quantity.is_zero())
            rows.push_back({TransactionType::billed_sales, AdjustmentStatus::adjustable,
                            BillingStatus::customer_invoice_posted, corrected, no_row, no_row});
        return rows;
    }
    if (!corrected.quantity.is_zero())
        add_billed_sale(rows, corrected, source_row);
    const Decimal rest = remainder(billed.quantity, corrected.quantity);
    if (!rest.is_zero())
        rows.push_back(kept(returned(billed, corrected, rest, money_scale)));
    return rows;
}

std::vector<ConfirmedRow> confirm_manual(const DetailTerms& terms, bool has_unbilled_sales) {
    if (!has_unbilled_sales)
        return {billed(terms, no_row)};
    std::vector<ConfirmedRow> rows;
    add_billed_sale(rows, terms, no_row);
    return rows;
}

} // namespace billing
