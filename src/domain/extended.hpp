#pragma once
// Discount and fee of a time-and-material sale.
//
// The amount of a sale is what the customer owes without tax: its base (quantity x price) less the discount plus the
// fee. Whatever sums amounts - totals, limits, advances, ageing - therefore counts discount and fee without knowing of
// them; only what computes an amount from quantity and price comes here.

#include "domain/split.hpp"
#include "domain/vocabulary.hpp"

#include <vector>

namespace billing {

// Percentages of a contract line, as they were when the sale was written.
struct Rates {
    Decimal discount; // 0 to 100
    Decimal fee;      // 0 or more

    bool any() const noexcept { return !discount.is_zero() || !fee.is_zero(); }
};

bool operator==(const Rates& a, const Rates& b);

// What they come to.
struct Extension {
    Rates rates;
    Decimal discount;
    Decimal fee;

    // What they add to the base.
    Decimal net() const { return fee - discount; }
};

bool operator==(const Extension& a, const Extension& b);
inline bool operator!=(const Extension& a, const Extension& b) {
    return !(a == b);
}

// Quantity x price as it was when `amount` was extended.
inline Decimal base_amount(const Decimal& amount, const Extension& extension) {
    return amount - extension.net();
}

// Of the other sign: what a reversal carries.
Extension negated(const Extension& extension);

// Of two sales made with the same percentages.
Extension sum(const Extension& a, const Extension& b);

// What `part` leaves of `whole`.
Extension remainder(const Extension& whole, const Extension& part);

// round(base x percent / 100), halves away from zero; nothing of what is not charged.
Extension extend(const Decimal& base, BillingType type, const Rates& rates, int money_scale);

// A sale as it was written.
struct ExtendedSale {
    BillingType type;
    Decimal base;
    Extension extension;
};

// The same for a sale of another base or type made of `source`, with its percentages. An unchanged base keeps what the
// source has, residues of its split included. A smaller one takes no more than there is and leaves the rest what it can
// bear, so that the remainder is neither negative nor a discount above its base.
Extension extend_anew(const Decimal& base, BillingType type, const ExtendedSale& source, int money_scale);

// Extensions of the chargeable parts of one split, in their order. Each customer's is rounded by itself, the customer
// `residue_to` takes what that leaves of the rounded whole, so the sums are exact. Where so many small parts were
// rounded that nothing sensible would be left, they get less (or more) instead: none is of the other sign than its
// base, none of a zero base is other than zero, no discount exceeds its base.
std::vector<Extension> extend_parts(const std::vector<Part>& parts, std::int64_t residue_to, const Rates& rates,
                                    int money_scale);

} // namespace billing
