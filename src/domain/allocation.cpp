#include "domain/allocation.hpp"

namespace billing {

namespace {

void require_index(std::size_t index, std::size_t count) {
    if (count == 0)
        throw DomainError(sqlstate::invalid_parameter, "nothing to allocate to", "The list of parts is empty.");
    if (index >= count)
        throw DomainError(sqlstate::invalid_parameter, "residue index out of range",
                          "There are " + std::to_string(count) + " parts.",
                          "Name one of the parts to receive the rounding residue.");
}

// Sum of the weights, which must be usable as shares of a whole.
Decimal checked_sum(const std::vector<Decimal>& weights) {
    Decimal sum;
    for (const Decimal& weight : weights) {
        if (weight.sign() < 0)
            throw DomainError(sqlstate::invalid_parameter, "allocation weights must not be negative",
                              "A weight is " + weight.text() + ".");
        sum += weight;
    }
    if (sum.is_zero())
        throw DomainError(sqlstate::invalid_parameter, "allocation weights must not sum to zero");
    return sum;
}

} // namespace

std::vector<Decimal> allocate(const Decimal& total, const std::vector<Decimal>& weights, int scale,
                              std::size_t residue_to) {
    require_index(residue_to, weights.size());
    const Decimal sum = checked_sum(weights);
    std::vector<Decimal> parts(weights.size());
    Decimal residue = total;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (i == residue_to)
            continue;
        parts[i] = Decimal::proportion(total, weights[i], sum, scale);
        residue -= parts[i];
    }
    parts[residue_to] = residue;
    return parts;
}

std::vector<Decimal> evenly(std::size_t n, std::size_t residue_to) {
    require_index(residue_to, n);
    constexpr std::size_t whole = 10'000; // hundredths of a percent
    const auto each = static_cast<std::int64_t>(whole / n);
    const auto rest = static_cast<std::int64_t>(whole % n);
    std::vector<Decimal> percents(n, Decimal::of(each, 2));
    percents[residue_to] = Decimal::of(each + rest, 2);
    return percents;
}

} // namespace billing
