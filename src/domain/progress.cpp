#include "domain/progress.hpp"

#include <algorithm>

namespace billing {

namespace {

Decimal between(const Decimal& low, const Decimal& value, const Decimal& high) {
    return value < low ? low : high < value ? high : value;
}

// What may be taken of a share lies between zero and what is left of it; a rounding customer's share may be negative.
Decimal within(const Decimal& left, const Decimal& value) {
    return left.sign() < 0 ? between(left, value, Decimal()) : between(Decimal(), value, left);
}

// What each open share gets of `total`: what was asked of it as far as there is room; `first` (the rounding customer,
// of whom nothing is asked) takes the rest, then the others in their order.
std::vector<Decimal> fit(const Decimal& total, const std::vector<Decimal>& asked, const std::vector<Decimal>& left,
                         std::size_t first) {
    std::vector<Decimal> parts;
    Decimal rest = total;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        parts.push_back(within(left[i], asked[i]));
        rest -= parts.back();
    }
    for (std::size_t k = 0; k < parts.size(); ++k) {
        const std::size_t i = k == 0 ? first : k <= first ? k - 1 : k;
        const Decimal part = within(left[i], parts[i] + rest);
        rest -= part - parts[i];
        parts[i] = part;
    }
    return parts;
}

const Share* share_of(const std::vector<Share>& shares, std::int64_t customer_id) {
    const auto found = std::find_if(shares.begin(), shares.end(),
                                    [&](const Share& share) { return share.customer_id == customer_id; });
    return found == shares.end() ? nullptr : &*found;
}

// What a customer other than the rounding one is asked for.
Decimal asked_of(const Share* share, const Decimal& total, int money_scale) {
    return share == nullptr || share->rounding ? Decimal()
                                               : (total * share->percent).shifted_right(2).rounded(money_scale);
}

} // namespace

Decimal percent_of(const Decimal& whole, const Decimal& amount) {
    return whole.is_zero() ? Decimal() : Decimal::proportion(Decimal::of(100), amount, whole, progress_percent_scale);
}

std::optional<Decimal> amount_for(const Decimal& whole, const Decimal& left, const Decimal& percent, int money_scale) {
    const Decimal percent_left = percent_of(whole, left);
    if (percent_left < percent)
        return std::nullopt;
    if (percent == percent_left)
        return left;
    const Decimal amount = (whole * percent).shifted_right(2).rounded(money_scale);
    return amount < left ? amount : left;
}

Taxed next_slice(const Taxed& milestone, const Taxed& left, const Decimal& amount, int money_scale) {
    if (amount == left.total())
        return left;
    const Decimal tax = within(left.tax, Decimal::proportion(milestone.tax, amount, milestone.total(), money_scale));
    const Decimal without_tax = within(left.amount, amount - tax);
    return {without_tax, amount - without_tax};
}

std::vector<SlicePart> cut(const Taxed& slice, const std::vector<OpenShare>& open, const std::vector<Share>& shares,
                           int money_scale) {
    Taxed left;
    std::size_t first = 0;
    std::vector<Decimal> amounts;
    std::vector<Decimal> taxes;
    std::vector<Decimal> asked_amounts;
    std::vector<Decimal> asked_taxes;
    for (std::size_t i = 0; i < open.size(); ++i) {
        const Share* const share = share_of(shares, open[i].customer_id);
        first = share != nullptr && share->rounding ? i : first;
        left = {left.amount + open[i].left.amount, left.tax + open[i].left.tax};
        amounts.push_back(open[i].left.amount);
        taxes.push_back(open[i].left.tax);
        asked_amounts.push_back(asked_of(share, slice.amount, money_scale));
        asked_taxes.push_back(asked_of(share, slice.tax, money_scale));
    }
    const bool is_last = slice == left;
    const std::vector<Decimal> of_amount = is_last ? amounts : fit(slice.amount, asked_amounts, amounts, first);
    const std::vector<Decimal> of_tax = is_last ? taxes : fit(slice.tax, asked_taxes, taxes, first);
    std::vector<SlicePart> parts;
    for (std::size_t i = 0; i < open.size(); ++i) {
        const Taxed part{of_amount[i], of_tax[i]};
        if (is_last || !part.is_zero())
            parts.push_back({i, part, part == open[i].left});
    }
    return parts;
}

Taxed credited_part(const Taxed& share, const Taxed& billed, const Taxed& stands) {
    const Decimal amount = billed.amount - stands.amount;
    if (amount.is_zero())
        return {};
    return {amount, within(share.tax, billed.tax - stands.tax)};
}

} // namespace billing
