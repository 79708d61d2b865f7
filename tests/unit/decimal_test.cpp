#include "domain/decimal.hpp"

#include "random.hpp"
#include "reference.hpp"

#include <sstream>

namespace billing {
namespace {

constexpr const char* largest = "340282366920938463463374607431768211455"; // 2^128 - 1

TEST(Decimal, IsAPlainValue) {
    EXPECT_TRUE(std::is_trivially_destructible_v<Decimal>);
    EXPECT_TRUE(std::is_nothrow_copy_constructible_v<Decimal>);
    EXPECT_TRUE(Decimal().is_zero());
    EXPECT_EQ(Decimal().scale(), 0);
}

TEST(Decimal, TextKeepsTheScale) {
    EXPECT_EQ(Decimal::of(1250, 2).text(), "12.50");
    EXPECT_EQ(Decimal::of(-5, 3).text(), "-0.005");
    EXPECT_EQ(Decimal::of(0, 2).text(), "0.00");
    EXPECT_EQ(Decimal::of(7).text(), "7");
    EXPECT_EQ(Decimal::of(INT64_MIN).text(), "-9223372036854775808");
    EXPECT_EQ(dec("10000000000000000000000000000000000000").text(), "10000000000000000000000000000000000000");
}

TEST(Decimal, ParsesPlainNotation) {
    EXPECT_EQ(dec("12.50"), Decimal::of(1250, 2));
    EXPECT_EQ(dec("12.50").scale(), 2);
    EXPECT_EQ(dec("+.5"), Decimal::of(5, 1));
    EXPECT_EQ(dec("-7."), Decimal::of(-7));
    EXPECT_EQ(dec("-0.00").text(), "0.00");
    EXPECT_EQ(dec("0000000000000000000000000000000000000000000000001").text(), "1");
}

TEST(Decimal, ParseDropsOnlyZerosBeyondTheLargestScale) {
    EXPECT_EQ(dec("1.50000000000000000000000000000000000").scale(), Decimal::max_scale);
    EXPECT_EQ(sqlstate_of([] { dec("0.0000000000000000000000000000001"); }), "22003");
}

TEST(Decimal, ParseRefusesWhatIsNotANumber) {
    for (const char* const text :
         {"", "-", "+", ".", "-.", "1e5", "NaN", "Infinity", " 1", "1 ", "1,5", "1.2.3", "--1", "0x10", "12a", "1._5"})
        EXPECT_EQ(sqlstate_of([&] { dec(text); }), "22P02") << '"' << text << '"';
}

TEST(Decimal, ParseKnowsTheLargestNumber) {
    EXPECT_EQ(dec(largest).text(), largest);
    EXPECT_EQ(sqlstate_of([] { dec("340282366920938463463374607431768211456"); }), "22003");
    EXPECT_EQ(sqlstate_of([] { dec("999999999999999999999999999999999999999999"); }), "22003");
}

TEST(Decimal, ComparesByValueNotByScale) {
    EXPECT_EQ(dec("1.5"), dec("1.500"));
    EXPECT_NE(dec("1.5"), dec("1.501"));
    EXPECT_LT(dec("-1.5"), dec("-1.49"));
    EXPECT_LE(dec("0"), dec("0.00"));
    EXPECT_GT(dec("2"), dec("1.99999"));
    EXPECT_GE(dec("2.0"), dec("2"));
}

TEST(Decimal, ComparisonNeverOverflows) {
    const Decimal tiny = Decimal::of(1, Decimal::max_scale);
    EXPECT_GT(dec(largest), tiny);
    EXPECT_LT(tiny, dec(largest));
    EXPECT_LT(-dec(largest), tiny);
    EXPECT_NE(dec(largest), tiny);
}

TEST(Decimal, RoundsHalvesAwayFromZero) {
    EXPECT_EQ(dec("2.5").rounded(0).text(), "3");
    EXPECT_EQ(dec("-2.5").rounded(0).text(), "-3");
    EXPECT_EQ(dec("2.4999").rounded(0).text(), "2");
    EXPECT_EQ(dec("0.005").rounded(2).text(), "0.01");
    EXPECT_EQ(dec("-0.004").rounded(2).text(), "0.00");
    EXPECT_EQ(dec("333.967").rounded(2).text(), "333.97");
    EXPECT_EQ(dec("5").rounded(2).text(), "5.00");
}

TEST(Decimal, ArithmeticIsExact) {
    EXPECT_EQ((dec("0.1") + dec("0.2")).text(), "0.3");
    EXPECT_EQ((dec("1.005") - dec("1")).text(), "0.005");
    EXPECT_EQ((dec("-1.25") * dec("0.4")).text(), "-0.500");
    EXPECT_EQ((dec("1.20") - dec("1.2")).text(), "0.00");
    EXPECT_EQ((-dec("0.00")).text(), "0.00");
    EXPECT_EQ(dec("-3.5").magnitude().text(), "3.5");
    EXPECT_EQ(dec("12.500").trimmed().text(), "12.5");
    EXPECT_EQ(dec("100").trimmed().text(), "100");
    EXPECT_EQ(dec("50").shifted_right(2).text(), "0.50");
}

TEST(Decimal, DividesToAScale) {
    EXPECT_EQ(dec("100").divided_by(dec("3"), 2).text(), "33.33");
    EXPECT_EQ(dec("200").divided_by(dec("3"), 2).text(), "66.67");
    EXPECT_EQ(dec("-1").divided_by(dec("8"), 2).text(), "-0.13");
    EXPECT_EQ(dec("1").divided_by(dec("-0.0004"), 0).text(), "-2500");
    EXPECT_EQ(sqlstate_of([] { dec("1").divided_by(dec("0.00"), 2); }), "22023");
}

TEST(Decimal, ProportionHasRoomForItsProduct) {
    const Decimal large = dec("99999999999999999999.9999");
    EXPECT_EQ(Decimal::proportion(large, large, large, 4), large);
    EXPECT_EQ(Decimal::proportion(dec("10"), dec("1"), dec("3"), 2).text(), "3.33");
    EXPECT_EQ(sqlstate_of([] { Decimal::proportion(dec("1"), dec("1"), dec("0"), 2); }), "22023");
}

TEST(Decimal, OverflowIsAnError) {
    const Decimal huge = dec(largest);
    EXPECT_EQ(sqlstate_of([&] { huge + dec("1"); }), "22003");
    EXPECT_EQ(sqlstate_of([&] { -huge - dec("1"); }), "22003");
    EXPECT_EQ(sqlstate_of([&] { huge* dec("2"); }), "22003");
    EXPECT_EQ(sqlstate_of([&] { huge + dec("0.1"); }), "22003");
    EXPECT_EQ(sqlstate_of([&] { huge.rounded(1); }), "22003");
    EXPECT_EQ(sqlstate_of([&] { huge.divided_by(dec("0.1"), 0); }), "22003");
    EXPECT_EQ(sqlstate_of([&] { Decimal::proportion(huge, dec("2"), dec("1"), 0); }), "22003");
}

TEST(Decimal, OverflowSaysWhatHappened) {
    try {
        dec(largest) + dec("1");
        FAIL() << "no error";
    } catch (const DomainError& error) {
        EXPECT_EQ(error.message, "numeric value out of range");
        EXPECT_FALSE(error.detail.empty());
    }
}

TEST(Decimal, ScaleOutOfBoundsIsAnError) {
    EXPECT_EQ(sqlstate_of([] { Decimal::of(1, -1); }), "22003");
    EXPECT_EQ(sqlstate_of([] { Decimal::of(1, 31); }), "22003");
    EXPECT_EQ(sqlstate_of([] { Decimal::of(1, 2).rounded(31); }), "22003");
    EXPECT_EQ(sqlstate_of([] { Decimal::of(1, 2).rounded(-1); }), "22003");
    EXPECT_EQ(sqlstate_of([] { Decimal::of(1, 2).divided_by(Decimal::of(3), -1); }), "22003");
    EXPECT_EQ(sqlstate_of([] { Decimal::of(1, 20) * Decimal::of(1, 20); }), "22003");
}

// Compares one operation with the unlimited reference, expecting 22003 exactly when the result does not fit.
template <typename Operation>
void expect_same(Operation operation, const reference::Number& expected) {
    if (reference::fits(expected))
        EXPECT_TRUE(reference::same(operation(), expected));
    else
        EXPECT_EQ(sqlstate_of([&] { operation(); }), "22003");
}

// Sum and difference may fail in aligning the scales although the result itself would fit.
bool aligned_fit(const Decimal& a, const Decimal& b) {
    const int scale = a.scale() > b.scale() ? a.scale() : b.scale();
    return reference::fits(reference::at_scale(reference::number(a), scale)) &&
           reference::fits(reference::at_scale(reference::number(b), scale));
}

TEST(DecimalProperty, AgreesWithUnlimitedArithmetic) {
    Random random;
    SCOPED_TRACE(random.seed());
    for (int i = 0; i < 100'000 && !testing::Test::HasFailure(); ++i) {
        const Decimal a = random.decimal(126, 15);
        const Decimal b = random.decimal(126, 15);
        SCOPED_TRACE(a.text() + " and " + b.text());
        const reference::Number x = reference::number(a);
        const reference::Number y = reference::number(b);
        if (aligned_fit(a, b)) {
            expect_same([&] { return a + b; }, reference::plus(x, y));
            expect_same([&] { return a - b; }, reference::plus(x, {-y.units, y.scale}));
        }
        expect_same([&] { return a * b; }, reference::times(x, y));
        const int scale = random.small(0, Decimal::max_scale);
        expect_same([&] { return a.rounded(scale); }, reference::rounded(x, scale));
        if (!b.is_zero())
            expect_same([&] { return a.divided_by(b, scale); }, reference::divided(x, y, scale));
    }
}

TEST(DecimalProperty, OrderAgreesWithUnlimitedArithmetic) {
    Random random;
    SCOPED_TRACE(random.seed());
    for (int i = 0; i < 100'000 && !testing::Test::HasFailure(); ++i) {
        const Decimal a = random.decimal(random.one_in(2) ? 8 : 126, Decimal::max_scale);
        const Decimal b = random.decimal(random.one_in(2) ? 8 : 126, Decimal::max_scale);
        SCOPED_TRACE(a.text() + " and " + b.text());
        const reference::Big left = reference::at_scale(reference::number(a), Decimal::max_scale).units;
        const reference::Big right = reference::at_scale(reference::number(b), Decimal::max_scale).units;
        EXPECT_EQ(a < b, left < right);
        EXPECT_EQ(a == b, left == right);
        EXPECT_EQ(b <= a, right <= left);
    }
}

TEST(DecimalProperty, ProportionAgreesWithUnlimitedArithmetic) {
    Random random;
    SCOPED_TRACE(random.seed());
    for (int i = 0; i < 50'000 && !testing::Test::HasFailure(); ++i) {
        const Decimal whole = random.decimal(120, 10);
        const Decimal part = random.decimal(120, 10);
        const Decimal of = random.decimal(120, 10);
        const int scale = random.small(0, 10);
        SCOPED_TRACE(whole.text() + " x " + part.text() + " / " + of.text());
        if (of.is_zero())
            continue;
        const reference::Number product = reference::times(reference::number(whole), reference::number(part));
        expect_same([&] { return Decimal::proportion(whole, part, of, scale); },
                    reference::divided(product, reference::number(of), scale));
    }
}

TEST(DecimalProperty, TextRoundTrips) {
    Random random;
    SCOPED_TRACE(random.seed());
    for (int i = 0; i < 50'000 && !testing::Test::HasFailure(); ++i) {
        const Decimal value = random.decimal(126, Decimal::max_scale);
        const Decimal again = Decimal::parse(value.text());
        EXPECT_EQ(again, value);
        EXPECT_EQ(again.scale(), value.scale());
        EXPECT_LE(value.text().size(), Decimal::max_text_size);
    }
}

TEST(DecimalProperty, RoundingIsSymmetric) {
    Random random;
    SCOPED_TRACE(random.seed());
    for (int i = 0; i < 50'000 && !testing::Test::HasFailure(); ++i) {
        const Decimal value = random.decimal(100, 12);
        const int scale = random.small(0, 6);
        EXPECT_EQ((-value).rounded(scale), -value.rounded(scale)) << value.text();
    }
}

TEST(DecimalProperty, TrimmingKeepsTheValue) {
    Random random;
    SCOPED_TRACE(random.seed());
    for (int i = 0; i < 20'000 && !testing::Test::HasFailure(); ++i) {
        const Decimal value = random.decimal(60, 6).rounded(random.small(0, 8));
        EXPECT_EQ(value.trimmed(), value);
        EXPECT_LE(value.trimmed().scale(), value.scale());
    }
}

} // namespace
} // namespace billing
