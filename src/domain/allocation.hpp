#pragma once

#include "domain/decimal.hpp"

#include <cstddef>
#include <vector>

namespace billing {

// Divides `total` in proportion to `weights` so that the parts sum to the total exactly.
// Part i is round(total x weight_i / sum of weights, scale), halves away from zero; the part at index `residue_to` is
// what the others leave of the total, whatever the total's own scale.
// Raises 22023 for no weights, a negative weight, weights that sum to zero or an index out of range.
std::vector<Decimal> allocate(const Decimal& total, const std::vector<Decimal>& weights, int scale,
                              std::size_t residue_to);

// Even percentages for n customers: 100/n cut off after two decimals each, what is left of 100 added to the customer
// at index `residue_to` (three customers: 33.33, 33.33 and 33.34).
// Raises 22023 for n = 0 or an index out of range.
std::vector<Decimal> evenly(std::size_t n, std::size_t residue_to);

} // namespace billing
