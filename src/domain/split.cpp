#include "domain/split.hpp"

namespace billing {

namespace {

[[noreturn]] void throw_wrong_total(const Decimal& total) {
    throw DomainError(sqlstate::percentages, "billing split percentages of a contract line must total 100",
                      "They total " + total.trimmed().text() + ".",
                      "Set the billing percentages of the line's customers so that they total exactly 100.");
}

[[noreturn]] void throw_negative_percent(const Decimal& percent) {
    throw DomainError(sqlstate::percentages, "billing split percentages must not be negative",
                      "A percentage is " + percent.trimmed().text() + ".",
                      "Give a customer who pays nothing 0 percent.");
}

[[noreturn]] void throw_wrong_rounding(std::size_t count) {
    throw DomainError(sqlstate::percentages, "a contract line must have exactly one rounding customer",
                      "It has " + std::to_string(count) + ".",
                      "Mark the one customer of the line that takes the rounding residue.");
}

// Refuses shares that are not a division of the whole; returns the index of the rounding share.
std::size_t checked_rounding_share(const Share* shares, std::size_t n) {
    Decimal total;
    std::size_t rounding_count = 0;
    std::size_t rounding = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (shares[i].percent.sign() < 0)
            throw_negative_percent(shares[i].percent);
        total += shares[i].percent;
        if (shares[i].rounding) {
            ++rounding_count;
            rounding = i;
        }
    }
    if (total != Decimal::of(100))
        throw_wrong_total(total);
    if (rounding_count != 1)
        throw_wrong_rounding(rounding_count);
    return rounding;
}

// round(whole x percent / 100).
Decimal percentage(const Decimal& whole, const Decimal& percent, int scale) {
    return (whole * percent).shifted_right(2).rounded(scale);
}

bool is_empty(const Part& part) {
    return part.quantity.is_zero() && part.amount.is_zero() && part.tax.is_zero();
}

// The common case of a line with one customer.
bool is_single(const Share* shares, std::size_t n) {
    return n == 1 && shares[0].rounding && shares[0].percent == Decimal::of(100);
}

// Lets `cut` make the parts of all shares but the rounding one, which gets what they leave of `whole`.
template <typename Cut>
void distribute(const Part& whole, const Share* shares, std::size_t n, std::vector<Part>& out, Cut cut) {
    const std::size_t rounding = checked_rounding_share(shares, n);
    Part residue = whole;
    residue.customer_id = shares[rounding].customer_id;
    std::size_t place = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (i == rounding) {
            place = out.size();
            out.push_back(residue);
        } else if (!shares[i].percent.is_zero()) {
            out.push_back(cut(shares[i]));
            residue.quantity -= out.back().quantity;
            residue.amount -= out.back().amount;
            residue.tax -= out.back().tax;
        }
    }
    out[place] = residue;
    if (shares[rounding].percent.is_zero() && is_empty(residue))
        out.erase(out.begin() + static_cast<std::ptrdiff_t>(place));
}

} // namespace

void split(const Decimal& quantity, const Decimal& price, const Decimal& tax, const Share* shares, std::size_t n,
           Scales scales, std::vector<Part>& out) {
    out.clear();
    const Part whole{0, quantity, (quantity * price).rounded(scales.money), tax};
    if (is_single(shares, n)) {
        out.push_back(whole);
        out.front().customer_id = shares[0].customer_id;
        return;
    }
    distribute(whole, shares, n, out, [&](const Share& share) {
        const Decimal part = percentage(quantity, share.percent, scales.quantity);
        return Part{share.customer_id, part, (part * price).rounded(scales.money),
                    percentage(tax, share.percent, scales.money)};
    });
}

void split_amount(const Decimal& amount, const Decimal& tax, const Share* shares, std::size_t n, int money_scale,
                  std::vector<Part>& out) {
    out.clear();
    distribute(Part{0, Decimal(), amount, tax}, shares, n, out, [&](const Share& share) {
        return Part{share.customer_id, Decimal(), percentage(amount, share.percent, money_scale),
                    percentage(tax, share.percent, money_scale)};
    });
    for (Part& part : out)
        part.quantity = Decimal::of(1);
}

} // namespace billing
