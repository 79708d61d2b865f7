#include "domain/extended.hpp"

#include <algorithm>

namespace billing {

namespace {

Decimal percentage(const Decimal& base, const Decimal& percent, int scale) {
    return (base * percent).shifted_right(2).rounded(scale);
}

// How much one unit of money can bear at most, in whole units: all of it for a discount, for a fee perhaps more.
Decimal most_of_one(const Decimal& percent) {
    const Decimal share = percent.shifted_right(2);
    const Decimal rounded = share.rounded(0);
    return std::max(Decimal::of(1), rounded < share ? rounded + Decimal::of(1) : rounded);
}

// The percentage of `base`, within what is `left` of the whole and so that `rest`, the base not yet served, can bear
// what remains. All three are of one sign.
Decimal cut(const Decimal& base, const Decimal& percent, const Decimal& left, const Decimal& rest, int scale) {
    if (base.is_zero())
        return Decimal().rounded(scale);
    if (base.sign() < 0)
        return -cut(-base, percent, -left, -rest, scale);
    const Decimal least = left - rest * most_of_one(percent);
    return std::min(std::max(percentage(base, percent, scale), least), left);
}

Extension nothing(const Rates& rates, int scale) {
    return {rates, Decimal().rounded(scale), Decimal().rounded(scale)};
}

// Parts of the sign of the whole, which can bear a share of it; the one that takes the residue last.
std::vector<std::size_t> bearing_parts(const std::vector<Part>& parts, int sign, std::int64_t residue_to) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < parts.size(); ++i)
        if (sign != 0 && parts[i].amount.sign() == sign)
            order.push_back(i);
    std::stable_partition(order.begin(), order.end(),
                          [&](std::size_t i) { return parts[i].customer_id != residue_to; });
    return order;
}

} // namespace

bool operator==(const Rates& a, const Rates& b) {
    return a.discount == b.discount && a.fee == b.fee;
}

bool operator==(const Extension& a, const Extension& b) {
    return a.rates == b.rates && a.discount == b.discount && a.fee == b.fee;
}

Extension negated(const Extension& extension) {
    return {extension.rates, -extension.discount, -extension.fee};
}

Extension sum(const Extension& a, const Extension& b) {
    return {a.rates, a.discount + b.discount, a.fee + b.fee};
}

Extension remainder(const Extension& whole, const Extension& part) {
    return {whole.rates, whole.discount - part.discount, whole.fee - part.fee};
}

Extension extend(const Decimal& base, BillingType type, const Rates& rates, int money_scale) {
    if (type != BillingType::chargeable)
        return nothing(rates, money_scale);
    return {rates, percentage(base, rates.discount, money_scale), percentage(base, rates.fee, money_scale)};
}

Extension extend_anew(const Decimal& base, BillingType type, const ExtendedSale& source, int money_scale) {
    const Rates& rates = source.extension.rates;
    if (type != BillingType::chargeable || source.type != BillingType::chargeable)
        return extend(base, type, rates, money_scale);
    if (base == source.base)
        return source.extension;
    const Decimal rest = source.base - base;
    if (rest.sign() != source.base.sign() || base.sign() * source.base.sign() < 0)
        return extend(base, type, rates, money_scale);
    return {rates, cut(base, rates.discount, source.extension.discount, rest, money_scale),
            cut(base, rates.fee, source.extension.fee, rest, money_scale)};
}

std::vector<Extension> extend_parts(const std::vector<Part>& parts, std::int64_t residue_to, const Rates& rates,
                                    int money_scale) {
    std::vector<Extension> result(parts.size(), nothing(rates, money_scale));
    Decimal whole;
    for (const Part& part : parts)
        whole += part.amount;
    const std::vector<std::size_t> order = bearing_parts(parts, whole.sign(), residue_to);
    Decimal rest;
    for (const std::size_t i : order)
        rest += parts[i].amount;
    Extension left = extend(whole, BillingType::chargeable, rates, money_scale);
    for (const std::size_t i : order) {
        const Decimal& base = parts[i].amount;
        rest -= base;
        result[i].discount = cut(base, rates.discount, left.discount, rest, money_scale);
        result[i].fee = cut(base, rates.fee, left.fee, rest, money_scale);
        left = remainder(left, result[i]);
    }
    return result;
}

} // namespace billing
