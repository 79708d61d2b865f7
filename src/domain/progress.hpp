#pragma once
// Progress billing: a milestone is invoiced slice by slice until nothing is left of it.

#include "domain/split.hpp"

#include <optional>
#include <string>
#include <vector>

namespace billing {

// An amount without tax, and its tax.
struct Taxed {
    Decimal amount;
    Decimal tax;

    Decimal total() const { return amount + tax; }
    bool is_zero() const { return amount.is_zero() && tax.is_zero(); }
    friend bool operator==(const Taxed& a, const Taxed& b) { return a.amount == b.amount && a.tax == b.tax; }
};

// What of one customer's share of a milestone has not been cut off yet.
struct OpenShare {
    std::int64_t customer_id;
    Taxed left;
};

// What a slice takes of one open share.
struct SlicePart {
    std::size_t share; // index of the open share
    Taxed part;
    bool takes_all; // nothing is left of the share
};

// Percentages are of the milestone including tax, and shown with this many decimals.
inline constexpr int progress_percent_scale = 4;

// The percentage of `whole` that an amount is.
Decimal percent_of(const Decimal& whole, const Decimal& amount);

// The amount, including tax, that a percentage of `whole` asks for. The percentage that `left` is, as shown, asks for
// all of `left`: what rounding added or took on the way is in the last slice. More than that: empty.
std::optional<Decimal> amount_for(const Decimal& whole, const Decimal& left, const Decimal& percent, int money_scale);

// Divides `amount`, which includes tax, into amount and tax in the proportion of the milestone, but takes of neither
// more than what is left; all that is left is taken exactly.
Taxed next_slice(const Taxed& milestone, const Taxed& left, const Decimal& amount, int money_scale);

// Divides a slice between the open shares: to each customer its percentage, to the rounding customer what does not
// divide. No customer gets more than is left of its share, which is what makes the last slice come out even; what one
// has no room for the others take, the rounding customer first. Parts of nothing are left out.
std::vector<SlicePart> cut(const Taxed& slice, const std::vector<OpenShare>& open, const std::vector<Share>& shares,
                           int money_scale);

// How a billed share of a milestone is divided by a correction that lets `stands` stand: the credited amount is ready
// to be billed again, with the tax that was credited with it, as far as the share has tax.
Taxed credited_part(const Taxed& share, const Taxed& billed, const Taxed& stands);

} // namespace billing
