#include "domain/extended.hpp"

#include "domain/approval.hpp"
#include "domain/confirmation.hpp"
#include "random.hpp"
#include "reference.hpp"

#include <algorithm>

namespace billing {
namespace {

const Rates ten_and_five{Decimal::of(10), Decimal::of(5)};

Extension of(const char* discount, const char* fee, const Rates& rates = ten_and_five) {
    return {rates, dec(discount), dec(fee)};
}

std::vector<Part> parts_of(const std::vector<const char*>& amounts) {
    std::vector<Part> parts;
    for (const char* amount : amounts)
        parts.push_back({static_cast<std::int64_t>(parts.size()) + 1, dec("1"), dec(amount), Decimal()});
    return parts;
}

std::vector<NewActual> approve(const Rates& rates, const std::vector<Share>& shares, const char* quantity,
                               const char* price, const char* billable, BillingType type = BillingType::chargeable) {
    std::vector<Part> parts;
    std::vector<NewActual> actuals;
    approve_work(
        {TransactionClass::time, dec(quantity), dec(billable), std::nullopt, dec("100"), dec(price), Decimal()},
        {BillingMethod::time_and_material, type, shares.data(), shares.size(), {2, 2}, {2, 2}, rates}, parts, actuals);
    actuals.erase(std::remove_if(actuals.begin(), actuals.end(),
                                 [](const NewActual& a) { return a.type == TransactionType::cost; }),
                  actuals.end());
    return actuals;
}

TEST(Extended, O49_DiscountAndFeeOfEightHours) {
    const Extension whole = extend(dec("1600"), BillingType::chargeable, ten_and_five, 2);
    EXPECT_EQ(whole, of("160", "80"));
    EXPECT_EQ(dec("1600") + whole.net(), dec("1520"));
    const Extension six =
        extend_anew(dec("1200"), BillingType::chargeable, {BillingType::chargeable, dec("1600"), whole}, 2);
    EXPECT_EQ(six, of("120", "60"));
    EXPECT_EQ(base_amount(dec("1140"), six), dec("1200"));
}

TEST(Extended, NothingOfWhatIsNotCharged) {
    EXPECT_EQ(extend(dec("1600"), BillingType::non_chargeable, ten_and_five, 2), of("0", "0"));
    EXPECT_EQ(extend(dec("1600"), BillingType::complimentary, ten_and_five, 2), of("0", "0"));
    const ExtendedSale free{BillingType::non_chargeable, dec("1600"), of("0", "0")};
    EXPECT_EQ(extend_anew(dec("1600"), BillingType::chargeable, free, 2), of("160", "80"));
    const ExtendedSale charged{BillingType::chargeable, dec("1600"), of("160", "80")};
    EXPECT_EQ(extend_anew(dec("1600"), BillingType::complimentary, charged, 2), of("0", "0"));
}

TEST(Extended, ZeroBaseHasNeither) {
    EXPECT_EQ(extend(dec("0"), BillingType::chargeable, ten_and_five, 2), of("0", "0"));
    const ExtendedSale negative{BillingType::chargeable, dec("-1600"), of("-160", "-80")};
    EXPECT_EQ(extend_anew(dec("0"), BillingType::chargeable, negative, 2), of("0", "0"));
}

TEST(Extended, RoundsHalvesAwayFromZero) {
    EXPECT_EQ(extend(dec("0.05"), BillingType::chargeable, ten_and_five, 2), of("0.01", "0.00"));
    EXPECT_EQ(extend(dec("-0.05"), BillingType::chargeable, ten_and_five, 2), of("-0.01", "0.00"));
    EXPECT_EQ(extend(dec("1234"), BillingType::chargeable, ten_and_five, 0), of("123", "62"));
}

TEST(Extended, TheRoundingCustomerTakesTheResidue) {
    // 10 % of 0.15 is 0.02: the others round up to 0.01 each, nothing is left for the third.
    const std::vector<Extension> extensions =
        extend_parts(parts_of({"0.05", "0.05", "0.05"}), 3, {dec("10"), Decimal()}, 2);
    EXPECT_EQ(extensions[0].discount, dec("0.01"));
    EXPECT_EQ(extensions[1].discount, dec("0.01"));
    EXPECT_EQ(extensions[2].discount, dec("0.00"));
    const std::vector<Extension> first =
        extend_parts(parts_of({"33.33", "33.33", "33.34"}), 1, {dec("33.33"), Decimal()}, 2);
    EXPECT_EQ(first[1].discount, dec("11.11"));
    EXPECT_EQ(first[2].discount, dec("11.11"));
    EXPECT_EQ(first[0].discount, dec("11.11"));
}

TEST(Extended, NobodyGetsANegativeFee) {
    // Ten times 0.005 rounds to 0.10, but the fee of the whole is 0.05.
    const std::vector<Extension> extensions =
        extend_parts(parts_of({"0.10", "0.10", "0.10", "0.10", "0.10", "0.10", "0.10", "0.10", "0.10", "0.10"}), 10,
                     {Decimal(), dec("5")}, 2);
    Decimal total;
    for (const Extension& extension : extensions) {
        EXPECT_GE(extension.fee.sign(), 0);
        total += extension.fee;
    }
    EXPECT_EQ(total, dec("0.05"));
}

TEST(Extended, AResidueNeverExceedsItsBase) {
    // 49 cents of discount on a hundred parts of one cent, of which each by itself rounds to none.
    std::vector<Part> parts;
    for (std::int64_t i = 1; i <= 100; ++i)
        parts.push_back({i, dec("1"), dec("0.01"), Decimal()});
    Decimal total;
    for (const Extension& extension : extend_parts(parts, 100, {dec("49"), Decimal()}, 2)) {
        EXPECT_LE(extension.discount, dec("0.01"));
        total += extension.discount;
    }
    EXPECT_EQ(total, dec("0.49"));
}

TEST(Extended, ApprovalExtendsChargeableSalesOnly) {
    const std::vector<Share> one = {{1, dec("100"), true}};
    const std::vector<NewActual> sales = approve(ten_and_five, one, "8", "200", "6");
    ASSERT_EQ(sales.size(), 2U);
    EXPECT_EQ(sales[0].amount, dec("1140"));
    EXPECT_EQ(sales[0].extension, of("120", "60"));
    EXPECT_EQ(sales[1].billing_type, BillingType::non_chargeable);
    EXPECT_EQ(sales[1].amount, dec("400"));
    EXPECT_EQ(sales[1].extension, of("0", "0"));
    EXPECT_FALSE(approve({}, one, "8", "200", "8")[0].extension.rates.any());
}

// Percentages as people agree them, now and then extreme.
Rates random_rates(Random& random) {
    const auto percent = [&](std::int64_t most) {
        return random.one_in(4) ? Decimal() : Decimal::of(random.between(0, most * 10000), 4);
    };
    return {random.one_in(10) ? Decimal::of(100) : percent(100), percent(random.one_in(4) ? 900 : 30)};
}

// Zero, or of the sign of its base; a discount is at most the base.
void expect_sensible(const Extension& extension, const Decimal& base) {
    EXPECT_GE(extension.discount.sign() * base.sign(), 0);
    EXPECT_GE(extension.fee.sign() * base.sign(), 0);
    EXPECT_LE(extension.discount.magnitude(), base.magnitude());
    if (base.is_zero()) {
        EXPECT_TRUE(extension.fee.is_zero());
    }
}

TEST(Extended, PropertySumsOverCustomersAreTheRoundedWhole) {
    Random random;
    for (int run = 0; run < 20000; ++run) {
        const int scale = random.small(0, 4);
        const int sign = random.one_in(3) ? -1 : 1;
        const bool is_small = random.one_in(2);
        std::vector<Part> parts;
        Decimal whole;
        for (int i = random.small(1, 12); i > 0; --i) {
            // What rounding leaves can be of the other sign.
            const std::int64_t units =
                random.one_in(20) ? -random.between(0, 3) : random.between(0, is_small ? 20 : 1000000);
            parts.push_back({i, dec("1"), Decimal::of(sign * units, scale), Decimal()});
            whole += parts.back().amount;
        }
        const Rates rates = random_rates(random);
        const std::vector<Extension> extensions =
            extend_parts(parts, random.between(1, static_cast<std::int64_t>(parts.size())), rates, scale);
        ASSERT_EQ(extensions.size(), parts.size());
        Extension left = extend(whole, BillingType::chargeable, rates, scale);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            left = remainder(left, extensions[i]);
            expect_sensible(extensions[i], parts[i].amount);
        }
        EXPECT_TRUE(left.discount.is_zero()) << left.discount.text();
        EXPECT_TRUE(left.fee.is_zero()) << left.fee.text();
    }
}

TEST(Extended, PropertyAnEditKeepsWhatItCan) {
    Random random;
    for (int run = 0; run < 20000; ++run) {
        const int scale = random.small(0, 3);
        const int sign = random.one_in(3) ? -1 : 1;
        const std::int64_t most = random.one_in(2) ? 20 : 1000000;
        const Rates rates = random_rates(random);
        // A part of a split, so that it may hold a residue.
        const std::vector<Part> parts = {{1, dec("1"), Decimal::of(sign * random.between(0, most), scale), Decimal()},
                                         {2, dec("1"), Decimal::of(sign * random.between(0, most), scale), Decimal()}};
        const Extension original = extend_parts(parts, 2, rates, scale)[1];
        const ExtendedSale source{BillingType::chargeable, parts[1].amount, original};
        EXPECT_EQ(extend_anew(source.base, BillingType::chargeable, source, scale), original);
        const Decimal base = Decimal::of(sign * random.between(0, most), scale);
        const Extension anew = extend_anew(base, BillingType::chargeable, source, scale);
        expect_sensible(anew, base);
        if (base.magnitude() <= source.base.magnitude()) {
            expect_sensible(remainder(original, anew), source.base - base);
        }
        const Extension reversed = negated(original);
        EXPECT_TRUE((original.discount + reversed.discount).is_zero() && (original.fee + reversed.fee).is_zero());
    }
}

TEST(Extended, PropertyConfirmationReversesExactly) {
    Random random;
    for (int run = 0; run < 5000; ++run) {
        const Rates rates = random_rates(random);
        const auto terms = [&](std::int64_t quantity, const ExtendedSale* source) {
            const Decimal base = Decimal::of(quantity * 150);
            const Extension extension = source != nullptr ? extend_anew(base, BillingType::chargeable, *source, 2)
                                                          : extend(base, BillingType::chargeable, rates, 2);
            return DetailTerms{BillingType::chargeable,
                               Decimal::of(quantity),
                               Decimal::of(150),
                               base + extension.net(),
                               Decimal(),
                               extension};
        };
        const DetailTerms sale = terms(random.between(1, 20), nullptr);
        const ExtendedSale source{sale.billing_type, base_amount(sale.amount, sale.extension), sale.extension};
        const DetailTerms edited = terms(random.between(0, 20), &source);
        Extension total{rates, Decimal(), Decimal()};
        for (const ConfirmedRow& row : confirm_sale(sale, edited, 2))
            if (row.type == TransactionType::unbilled_sales)
                total = remainder(total, negated(row.terms.extension));
        EXPECT_EQ(total, remainder(Extension{rates, Decimal(), Decimal()}, sale.extension)) << "sale itself is no row";
        // A correction conserves what was billed: credited, billed anew and returned add up.
        Decimal discount;
        Decimal fee;
        for (const ConfirmedRow& row : confirm_correction(sale, edited, 2, true)) {
            discount += row.terms.extension.discount;
            fee += row.terms.extension.fee;
        }
        if (edited.quantity <= sale.quantity) {
            // Credit, sale, its reversal, billed sale, and what returned.
            EXPECT_TRUE(discount.is_zero() && fee.is_zero());
        }
    }
}

} // namespace
} // namespace billing
