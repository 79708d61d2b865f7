#pragma once

// PostgreSQL's port.h redefines the printf family as macros, which the standard library and Boost do not survive.
#ifdef POSTGRES_H
#error "include the domain headers before any PostgreSQL header"
#endif

#include "domain/error.hpp"

#include <boost/multiprecision/cpp_int.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#ifndef BOOST_HAS_INT128
#error "a compiler with 128-bit integers is required"
#endif

namespace billing {

// Checked 128-bit magnitude with sign: overflow throws, nothing is ever allocated, nothing needs a destructor.
using Units =
    boost::multiprecision::number<boost::multiprecision::checked_int128_t::backend_type, boost::multiprecision::et_off>;

namespace detail {

using Magnitude = boost::uint128_type;

inline constexpr int max_power = 38;

// 10^0 .. 10^38, all that fit in 128 bits.
constexpr std::array<Magnitude, max_power + 1> make_powers_of_ten() {
    std::array<Magnitude, max_power + 1> powers{};
    powers[0] = 1;
    for (std::size_t i = 1; i < powers.size(); ++i)
        powers[i] = powers[i - 1] * 10;
    return powers;
}

inline constexpr std::array<Magnitude, max_power + 1> powers_of_ten = make_powers_of_ten();

constexpr Magnitude power_of_ten(int exponent) {
    return powers_of_ten[static_cast<std::size_t>(exponent)];
}

constexpr bool fits_64_bits(Magnitude value) {
    return (value >> 64) == 0;
}

// Absolute value as a native integer, read straight from the one limb Boost keeps it in.
inline Magnitude magnitude(const Units& units) {
    return *units.backend().limbs();
}

inline bool negative(const Units& units) {
    return units.backend().sign();
}

// A native magnitude and a sign as Units; zero is never negative.
inline Units make_units(Magnitude value, bool is_negative) {
    Units units(value);
    if (is_negative)
        units.backend().negate();
    return units;
}

// Quotient of two magnitudes, halves rounded up (away from zero once the sign is put back).
inline Magnitude divide_half_up(Magnitude dividend, Magnitude divisor) {
    if (fits_64_bits(dividend | divisor)) {
        const auto small_dividend = static_cast<std::uint64_t>(dividend);
        const auto small_divisor = static_cast<std::uint64_t>(divisor);
        const std::uint64_t rest = small_dividend % small_divisor;
        return small_dividend / small_divisor + (rest >= small_divisor - rest ? 1U : 0U);
    }
    const Magnitude rest = dividend % divisor;
    return dividend / divisor + (rest >= divisor - rest ? 1U : 0U);
}

[[noreturn]] void throw_overflow();
[[noreturn]] void throw_bad_scale(int scale);

// Runs one arithmetic step and turns Boost's overflow exceptions into the domain's.
template <typename Step>
auto checked(Step step) -> decltype(step()) {
    try {
        return step();
    } catch (const std::overflow_error&) {
        throw_overflow();
    } catch (const std::range_error&) {
        throw_overflow();
    }
}

} // namespace detail

// An exact decimal number: units x 10^-scale, scale 0 to 30, magnitude of the units below 2^128.
// Plain value, trivially destructible. Every operation is exact except where a rounding is named, and rounding is
// always half away from zero. What does not fit raises 22003 "numeric value out of range".
class Decimal {
public:
    static constexpr int max_scale = 30;
    // Longest text: sign, 39 digits, decimal point, and a leading zero to spare.
    static constexpr std::size_t max_text_size = 42;

    // Zero at scale 0.
    Decimal() noexcept = default;

    // `units` x 10^-scale: of(1250, 2) is 12.50.
    static Decimal of(std::int64_t units, int scale = 0) { return from_units(Units(units), scale); }

    // The same from the full width.
    static Decimal from_units(const Units& units, int scale) {
        if (scale < 0 || scale > max_scale)
            detail::throw_bad_scale(scale);
        return Decimal(units, scale);
    }

    // Reads plain decimal notation ("-12.50", ".5", "+3"), keeping the scale as written.
    // Raises 22P02 for anything else, 22003 when the number does not fit.
    static Decimal parse(std::string_view text);

    // Plain decimal notation with exactly scale() decimals.
    std::string text() const;

    // The same into a buffer of at least max_text_size bytes, not terminated; returns the number of bytes.
    std::size_t write_text(char* buffer) const;

    int scale() const noexcept { return scale_; }
    const Units& units() const noexcept { return units_; }
    bool is_zero() const noexcept { return detail::magnitude(units_) == 0; }

    // -1, 0 or 1.
    int sign() const noexcept { return is_zero() ? 0 : (detail::negative(units_) ? -1 : 1); }

    // Absolute value.
    Decimal magnitude() const { return sign() < 0 ? -*this : *this; }

    // The value at exactly `scale` decimals, halves away from zero; a larger scale only appends zeros.
    Decimal rounded(int scale) const {
        if (scale == scale_)
            return *this;
        if (scale < 0 || scale > max_scale)
            detail::throw_bad_scale(scale);
        return scale > scale_ ? widened(scale) : narrowed(scale);
    }

    // The quotient at `scale` decimals, halves away from zero. Raises 22023 for a zero divisor.
    Decimal divided_by(const Decimal& divisor, int scale) const;

    // The same value without trailing zero decimals.
    Decimal trimmed() const;

    // Value x 10^-places, exactly: a percentage becomes a fraction by two places.
    Decimal shifted_right(int places) const { return from_units(units_, scale_ + places); }

    Decimal operator-() const {
        Decimal result(*this);
        result.units_.backend().negate();
        return result;
    }

    friend Decimal operator+(const Decimal& a, const Decimal& b) {
        if (a.scale_ == b.scale_)
            return detail::checked([&] { return Decimal(a.units_ + b.units_, a.scale_); });
        return a.scale_ < b.scale_ ? a.widened(b.scale_) + b : a + b.widened(a.scale_);
    }

    friend Decimal operator-(const Decimal& a, const Decimal& b) {
        if (a.scale_ == b.scale_)
            return detail::checked([&] { return Decimal(a.units_ - b.units_, a.scale_); });
        return a.scale_ < b.scale_ ? a.widened(b.scale_) - b : a - b.widened(a.scale_);
    }

    // Exact product; the scales add up, more than max_scale raises 22003.
    friend Decimal operator*(const Decimal& a, const Decimal& b) {
        const int scale = a.scale_ + b.scale_;
        if (scale > max_scale)
            detail::throw_bad_scale(scale);
        return Decimal(product(a.units_, b.units_), scale);
    }

    Decimal& operator+=(const Decimal& other) { return *this = *this + other; }
    Decimal& operator-=(const Decimal& other) { return *this = *this - other; }

    // Comparisons are by value: 1.5 equals 1.50. They never overflow.
    friend bool operator==(const Decimal& a, const Decimal& b) { return compare(a, b) == 0; }
    friend bool operator!=(const Decimal& a, const Decimal& b) { return compare(a, b) != 0; }
    friend bool operator<(const Decimal& a, const Decimal& b) { return compare(a, b) < 0; }
    friend bool operator<=(const Decimal& a, const Decimal& b) { return compare(a, b) <= 0; }
    friend bool operator>(const Decimal& a, const Decimal& b) { return compare(a, b) > 0; }
    friend bool operator>=(const Decimal& a, const Decimal& b) { return compare(a, b) >= 0; }

    // Negative, zero or positive as a is less than, equal to or greater than b.
    static int compare(const Decimal& a, const Decimal& b) {
        if (a.scale_ == b.scale_)
            return a.units_.compare(b.units_);
        return a.scale_ < b.scale_ ? -compare_wider(b, a) : compare_wider(a, b);
    }

    // whole x part / of at `scale` decimals, halves away from zero, with room for the intermediate product.
    // Raises 22023 when `of` is zero.
    static Decimal proportion(const Decimal& whole, const Decimal& part, const Decimal& of, int scale);

private:
    Decimal(const Units& units, int scale) noexcept : units_(units), scale_(scale) {}

    // Boost checks a product by a 128-bit division; factors below 2^64 cannot overflow and need no check.
    static Units product(const Units& a, const Units& b) {
        const detail::Magnitude left = detail::magnitude(a);
        const detail::Magnitude right = detail::magnitude(b);
        if (detail::fits_64_bits(left | right))
            return detail::make_units(left * right, detail::negative(a) != detail::negative(b));
        return detail::checked([&] { return Units(a * b); });
    }

    Decimal widened(int scale) const {
        return Decimal(product(units_, Units(detail::power_of_ten(scale - scale_))), scale);
    }

    Decimal narrowed(int scale) const {
        const detail::Magnitude quotient =
            detail::divide_half_up(detail::magnitude(units_), detail::power_of_ten(scale_ - scale));
        return Decimal(detail::make_units(quotient, detail::negative(units_)), scale);
    }

    // Compares with a number of smaller scale. The product of two factors below 2^64 fits; the rest goes the slow way.
    static int compare_wider(const Decimal& a, const Decimal& b) {
        const int difference = a.scale_ - b.scale_;
        if (difference > 19 || !detail::fits_64_bits(detail::magnitude(b.units_)))
            return compare_slowly(a, b);
        return a.units_.compare(b.widened(a.scale_).units_);
    }

    static int compare_slowly(const Decimal& a, const Decimal& b);

    Units units_{0};
    int scale_{0};
};

static_assert(std::is_trivially_destructible_v<Decimal>, "values must survive a longjmp over their frame");

} // namespace billing
