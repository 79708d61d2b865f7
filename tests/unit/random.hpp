#pragma once

#include "domain/decimal.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace billing {

// Random numbers of one property test. The seed is printed; BILLING_TEST_SEED=<seed> repeats a run.
class Random {
public:
    Random() : seed_(choose_seed()), engine_(seed_) { std::cout << "[   SEED   ] " << seed_ << '\n'; }

    std::uint64_t seed() const { return seed_; }

    // Uniform between both bounds, inclusive.
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
    }

    int small(int low, int high) { return static_cast<int>(between(low, high)); }

    bool one_in(int n) { return between(1, n) == 1; }

    // A number of up to `bits` bits (at most 126), any sign, small ones as likely as large ones.
    Units units(int bits) {
        const int length = small(0, bits);
        Units value = 0;
        for (int i = 0; i < length; ++i)
            value = value * 2 + between(0, 1);
        return one_in(2) ? Units(-value) : value;
    }

    Decimal decimal(int bits, int max_scale) { return Decimal::from_units(units(bits), small(0, max_scale)); }

private:
    static std::uint64_t choose_seed() {
        const char* const wanted = std::getenv("BILLING_TEST_SEED");
        return wanted != nullptr ? std::stoull(wanted) : std::random_device{}();
    }

    std::uint64_t seed_;
    std::mt19937_64 engine_;
};

inline Decimal dec(const char* text) {
    return Decimal::parse(text);
}

// SQLSTATE of the DomainError that `action` raises, or "none".
template <typename Action>
std::string sqlstate_of(Action action) {
    try {
        action();
    } catch (const DomainError& error) {
        return error.sqlstate;
    }
    return "none";
}

// Failure messages show numbers, not bytes.
inline void PrintTo(const Decimal& value, std::ostream* out) {
    *out << value.text();
}

} // namespace billing
