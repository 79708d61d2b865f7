#include "domain/retainer.hpp"

#include <algorithm>

namespace billing {

namespace {

// One unit at the amount; a negative amount is minus one unit.
DetailTerms terms_of(const Decimal& amount) {
    const bool is_negative = amount.sign() < 0;
    return {BillingType::chargeable, Decimal::of(is_negative ? -1 : 1), is_negative ? -amount : amount, amount,
            Decimal()};
}

ConfirmedRow row(TransactionType type, const Decimal& amount, int source) {
    return {type,  AdjustmentStatus::adjustable, BillingStatus::customer_invoice_posted, terms_of(amount), no_row,
            source};
}

ConfirmedRow taken_back(TransactionType type, const Decimal& amount, int reversed) {
    return {type,  AdjustmentStatus::unadjustable, BillingStatus::customer_invoice_posted, terms_of(-amount), reversed,
            no_row};
}

// The rows that leave `rest` of a balance; a balance of zero has no row.
void replace_balance(std::vector<ConfirmedRow>& rows, const Decimal& balance, const Decimal& rest) {
    if (!balance.is_zero())
        rows.push_back(taken_back(TransactionType::unbilled_sales, -balance, source_row));
    if (!rest.is_zero())
        rows.push_back(row(TransactionType::unbilled_sales, -rest, balance.is_zero() ? no_row : source_row));
}

} // namespace

std::vector<Decimal> apply_advances(const std::vector<AdvanceOffer>& offers, Decimal room) {
    std::vector<Decimal> taken;
    for (const AdvanceOffer& offer : offers) {
        Decimal amount = std::min(offer.free, room);
        if (offer.limit)
            amount = std::min(amount, *offer.limit);
        taken.push_back(amount.sign() > 0 ? amount : Decimal());
        room -= taken.back();
    }
    return taken;
}

std::vector<ConfirmedRow> bill_retainer(const Decimal& amount) {
    return {row(TransactionType::billed_sales, amount, no_row), row(TransactionType::unbilled_sales, -amount, no_row)};
}

std::vector<ConfirmedRow> use_retainer(const Decimal& balance, const Decimal& used) {
    std::vector<ConfirmedRow> rows{row(TransactionType::billed_sales, -used, source_row)};
    replace_balance(rows, balance, balance - used);
    return rows;
}

std::vector<ConfirmedRow> refund_retainer(const Decimal& balance) {
    return use_retainer(balance, balance);
}

std::vector<ConfirmedRow> credit_retainer(const Decimal& amount) {
    std::vector<ConfirmedRow> rows{taken_back(TransactionType::billed_sales, amount, billed_row)};
    replace_balance(rows, amount, Decimal());
    return rows;
}

std::vector<ConfirmedRow> credit_use(const Decimal& balance, const Decimal& used) {
    std::vector<ConfirmedRow> rows{taken_back(TransactionType::billed_sales, -used, billed_row)};
    replace_balance(rows, balance, balance + used);
    return rows;
}

std::vector<ConfirmedRow> credit_refund(const Decimal& refunded) {
    return credit_use(Decimal(), refunded);
}

} // namespace billing
