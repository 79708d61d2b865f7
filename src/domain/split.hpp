#pragma once

#include "domain/decimal.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace billing {

// One customer's share of a contract line.
struct Share {
    std::int64_t customer_id;
    Decimal percent; // 0 to 100; the shares of a line total exactly 100
    bool rounding;   // receives what rounding leaves over; exactly one share of a line
};

// Decimals that computed quantities and money are rounded to.
struct Scales {
    int quantity;
    int money; // minor units of the contract's currency
};

// What one customer gets of a transaction.
struct Part {
    std::int64_t customer_id;
    Decimal quantity;
    Decimal amount; // without tax
    Decimal tax;
};

// Splits a transaction over the customers of its contract line; quantity, amount and tax each sum to the whole exactly.
//
// A customer other than the rounding one gets round(quantity x percent / 100), priced at round(that x price), and
// round(tax x percent / 100), halves away from zero, so a negated transaction splits into negated parts. The rounding
// customer gets what is left of the quantity, of round(quantity x price) and of the tax: the exact total wins over the
// product of its own quantity and price. A customer at 0 % gets no part, the rounding customer only a residue that is
// not zero. The parts come in the order of the shares; `out` is cleared and reused.
//
// Raises ZB011 when the percentages do not total 100, one is negative, or there is not exactly one rounding share.
void split(const Decimal& quantity, const Decimal& price, const Decimal& tax, const Share* shares, std::size_t n,
           Scales scales, std::vector<Part>& out);

// The same for what has no quantity to divide, such as a milestone: the amount itself is split by percentage, and
// every part has quantity 1.
void split_amount(const Decimal& amount, const Decimal& tax, const Share* shares, std::size_t n, int money_scale,
                  std::vector<Part>& out);

} // namespace billing
