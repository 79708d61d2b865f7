#pragma once

#include <optional>
#include <string_view>

namespace billing {

// Number of decimals of a currency's amounts (0, 2, 3 or 4) by its ISO 4217 code in capitals.
// Empty for an unknown code and for codes without a minor unit (precious metals, SDR, testing).
std::optional<int> minor_units(std::string_view iso4217);

} // namespace billing
