#pragma once

#include "domain/decimal.hpp"

#include <boost/multiprecision/cpp_int.hpp>

namespace billing::reference {

using Big = boost::multiprecision::cpp_int;

// A decimal of unlimited size, computed the slow and obvious way.
struct Number {
    Big units;
    int scale;
};

inline Big power_of_ten(int exponent) {
    Big power = 1;
    for (int i = 0; i < exponent; ++i)
        power *= 10;
    return power;
}

inline Number number(const Decimal& value) {
    return {Big(value.units()), value.scale()};
}

inline Number at_scale(const Number& value, int scale) {
    return {value.units * power_of_ten(scale - value.scale), scale};
}

// dividend / divisor to the nearest integer, halves away from zero.
inline Big nearest(const Big& dividend, const Big& divisor) {
    const Big twice = 2 * abs(divisor);
    const Big size = (2 * abs(dividend) + abs(divisor)) / twice;
    return (dividend < 0) == (divisor < 0) ? size : Big(-size);
}

inline Number rounded(const Number& value, int scale) {
    if (scale >= value.scale)
        return at_scale(value, scale);
    return {nearest(value.units, power_of_ten(value.scale - scale)), scale};
}

inline Number plus(const Number& a, const Number& b) {
    const int scale = a.scale > b.scale ? a.scale : b.scale;
    return {at_scale(a, scale).units + at_scale(b, scale).units, scale};
}

inline Number times(const Number& a, const Number& b) {
    return {a.units * b.units, a.scale + b.scale};
}

inline Number divided(const Number& a, const Number& b, int scale) {
    const int common = a.scale > b.scale ? a.scale : b.scale;
    return {nearest(at_scale(a, common).units * power_of_ten(scale), at_scale(b, common).units), scale};
}

inline bool fits(const Number& value) {
    return abs(value.units) < (Big(1) << 128);
}

inline bool same(const Decimal& value, const Number& expected) {
    return value.scale() == expected.scale && Big(value.units()) == expected.units;
}

} // namespace billing::reference
