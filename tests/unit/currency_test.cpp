#include "domain/currency.hpp"

#include <gtest/gtest.h>

namespace billing {
namespace {

TEST(Currency, KnowsMinorUnits) {
    EXPECT_EQ(minor_units("EUR"), 2);
    EXPECT_EQ(minor_units("NOK"), 2);
    EXPECT_EQ(minor_units("USD"), 2);
    EXPECT_EQ(minor_units("GBP"), 2);
    EXPECT_EQ(minor_units("JPY"), 0);
    EXPECT_EQ(minor_units("KWD"), 3);
    EXPECT_EQ(minor_units("CLF"), 4);
    EXPECT_EQ(minor_units("UYW"), 4);
}

TEST(Currency, FindsTheEndsOfTheTable) {
    EXPECT_EQ(minor_units("AED"), 2);
    EXPECT_EQ(minor_units("ZWG"), 2);
}

TEST(Currency, KnowsEveryCurrencyWithoutOrWithThreeDecimals) {
    for (const char* const code : {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
                                   "VND", "VUV", "XAF", "XOF", "XPF"})
        EXPECT_EQ(minor_units(code), 0) << code;
    for (const char* const code : {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
        EXPECT_EQ(minor_units(code), 3) << code;
}

TEST(Currency, HasNoneForMetalsTestingAndUnknownCodes) {
    for (const char* const code :
         {"XAU", "XAG", "XPT", "XDR", "XXX", "XTS", "XSU", "XUA", "ABC", "", "EU", "EURO", "eur", "AAA", "ZZZ", "HRK"})
        EXPECT_EQ(minor_units(code), std::nullopt) << code;
}

} // namespace
} // namespace billing
