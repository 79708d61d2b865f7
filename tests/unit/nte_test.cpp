#include "domain/nte.hpp"

#include "random.hpp"

#include <map>
#include <tuple>

namespace billing {
namespace {

constexpr std::int64_t line_1 = 1;
constexpr std::int64_t line_2 = 2;
constexpr std::int64_t customer_a = 10;
constexpr std::int64_t customer_b = 20;

NteScope limit(const char* text) {
    return {dec(text), Decimal()};
}

// "committed", or "failed" and the level, or "not applicable".
std::string outcome(const NteVerdict& verdict) {
    std::string text(label(verdict.status));
    return verdict.failed_level ? text + ' ' + std::string(label(*verdict.failed_level)) : text;
}

NteBook o31_book() {
    NteBook book;
    book.set_contract(limit("10000"));
    book.set_customer(customer_a, limit("8000"));
    book.set_line(line_1, limit("6000"));
    book.set_line_customer(line_1, customer_a, limit("5000"));
    return book;
}

std::string evaluate(NteBook& book, std::int64_t line, std::int64_t customer, const char* amount) {
    return outcome(book.evaluate(line, customer, dec(amount), true));
}

TEST(Nte, O31_LevelOrderAndBoundary) {
    NteBook book = o31_book();
    EXPECT_EQ(evaluate(book, line_1, customer_a, "4000"), "committed");
    EXPECT_EQ(evaluate(book, line_1, customer_a, "1000"), "committed");
    EXPECT_EQ(evaluate(book, line_1, customer_a, "1"), "failed contract_line_customer");
    book.set_line_customer(line_1, customer_a,
                           {dec("10000"), book.used(NteLevel::contract_line_customer, line_1, customer_a)});
    EXPECT_EQ(evaluate(book, line_1, customer_a, "1"), "committed");
    EXPECT_EQ(evaluate(book, line_1, customer_a, "1000"), "failed contract_line");
    EXPECT_EQ(evaluate(book, line_2, customer_a, "3000"), "failed contract_customer");
    EXPECT_EQ(evaluate(book, line_2, customer_a, "2999"), "committed");
    EXPECT_EQ(evaluate(book, line_2, customer_b, "2001"), "failed contract");
    EXPECT_EQ(evaluate(book, line_2, customer_b, "2000"), "committed");
}

TEST(Nte, O30_NotApplicableWithoutAnyLimit) {
    NteBook book;
    EXPECT_FALSE(book.has_limits());
    EXPECT_EQ(evaluate(book, line_1, customer_a, "1000000"), "not_applicable");
    EXPECT_EQ(outcome(book.evaluate_milestone(customer_a, dec("1"))), "not_applicable");
    book.set_contract({std::nullopt, dec("5")});
    EXPECT_FALSE(book.has_limits());
    EXPECT_EQ(evaluate(book, line_1, customer_a, "1000000"), "not_applicable");
}

TEST(Nte, WhatAnInvoiceChangesIsJudgedTogether) {
    NteBook book;
    EXPECT_EQ(outcome(book.evaluate_together(customer_a, {{line_1, dec("1")}})), "not_applicable");
    book.set_line(line_2, {dec("100"), dec("60")});
    book.set_contract({dec("1000"), dec("3000")});
    EXPECT_EQ(outcome(book.evaluate_together(customer_a, {{line_1, dec("5")}, {0, dec("-4")}})), "failed contract");
    EXPECT_EQ(outcome(book.evaluate_together(customer_a, {{line_1, dec("-50")}, {line_2, dec("41")}})),
              "failed contract_line");
    EXPECT_EQ(book.used(NteLevel::contract, 0, 0), dec("3000"));
    EXPECT_EQ(outcome(book.evaluate_together(customer_a, {{line_1, dec("-50")}, {line_2, dec("40")}, {0, dec("9")}})),
              "committed");
    EXPECT_EQ(book.used(NteLevel::contract, 0, 0), dec("2999"));
    EXPECT_EQ(book.used(NteLevel::contract_line, line_2, 0), dec("100"));
}

TEST(Nte, O30_NotApplicableUnlessChargeableTimeAndMaterial) {
    NteBook book = o31_book();
    EXPECT_EQ(outcome(book.evaluate(line_1, customer_a, dec("999999"), false)), "not_applicable");
    EXPECT_TRUE(book.used(NteLevel::contract, 0, 0).is_zero());
}

TEST(Nte, NotApplicableWhenTheLimitsConcernOthers) {
    NteBook book;
    book.set_line_customer(line_1, customer_a, limit("10"));
    EXPECT_EQ(evaluate(book, line_1, customer_b, "100"), "not_applicable");
    EXPECT_EQ(evaluate(book, line_2, customer_a, "100"), "not_applicable");
}

TEST(Nte, ZeroLimitBillsNothing) {
    NteBook book;
    book.set_contract(limit("0"));
    EXPECT_EQ(evaluate(book, line_1, customer_a, "0.01"), "failed contract");
    EXPECT_EQ(evaluate(book, line_1, customer_a, "0"), "committed");
}

TEST(Nte, NonPositiveAmountsAlwaysCommitAndGiveRoom) {
    NteBook book;
    book.set_contract({dec("100"), dec("150")});
    EXPECT_EQ(evaluate(book, line_1, customer_a, "0"), "committed");
    EXPECT_EQ(evaluate(book, line_1, customer_a, "-60"), "committed");
    EXPECT_EQ(evaluate(book, line_1, customer_a, "10"), "committed");
    EXPECT_EQ(evaluate(book, line_1, customer_a, "0.01"), "failed contract");
}

TEST(Nte, LoadedUseCounts) {
    NteBook book;
    book.set_customer(customer_a, {dec("100"), dec("99.99")});
    EXPECT_EQ(evaluate(book, line_1, customer_a, "0.02"), "failed contract_customer");
    EXPECT_EQ(evaluate(book, line_1, customer_a, "0.01"), "committed");
}

TEST(Nte, FailedRowsClaimNothing) {
    NteBook book = o31_book();
    EXPECT_EQ(evaluate(book, line_1, customer_a, "5000.01"), "failed contract_line_customer");
    EXPECT_EQ(evaluate(book, line_1, customer_a, "5000"), "committed");
}

TEST(Nte, CommittedRowsClaimAtEveryLevel) {
    NteBook book;
    book.set_contract(limit("10000"));
    EXPECT_EQ(evaluate(book, line_1, customer_a, "70"), "committed");
    for (const NteLevel level :
         {NteLevel::contract_line_customer, NteLevel::contract_line, NteLevel::contract_customer, NteLevel::contract})
        EXPECT_EQ(book.used(level, line_1, customer_a), dec("70"));
    EXPECT_TRUE(book.used(NteLevel::contract_line, line_2, customer_a).is_zero());
}

TEST(Nte, ReleaseGivesBack) {
    NteBook book = o31_book();
    EXPECT_EQ(evaluate(book, line_1, customer_a, "5000"), "committed");
    book.release(line_1, customer_a, dec("5000"));
    EXPECT_EQ(evaluate(book, line_1, customer_a, "5000"), "committed");
    EXPECT_EQ(evaluate(book, line_1, customer_a, "0.01"), "failed contract_line_customer");
}

TEST(Nte, ReleasedMilestonesGiveBack) {
    NteBook book = o31_book();
    EXPECT_EQ(outcome(book.evaluate_milestone(customer_a, dec("8000"))), "committed");
    book.release_milestone(customer_a, dec("8000"));
    EXPECT_EQ(outcome(book.evaluate_milestone(customer_a, dec("8000"))), "committed");
    EXPECT_EQ(outcome(book.evaluate_milestone(customer_a, dec("0.01"))), "failed contract_customer");
}

TEST(Nte, OrderOfTheCallerDecidesWhoFits) {
    NteBook first;
    first.set_contract(limit("100"));
    EXPECT_EQ(evaluate(first, line_1, customer_a, "60"), "committed");
    EXPECT_EQ(evaluate(first, line_1, customer_a, "50"), "failed contract");
    EXPECT_EQ(evaluate(first, line_1, customer_a, "40"), "committed");
    NteBook second;
    second.set_contract(limit("100"));
    EXPECT_EQ(evaluate(second, line_1, customer_a, "50"), "committed");
    EXPECT_EQ(evaluate(second, line_1, customer_a, "60"), "failed contract");
}

TEST(Nte, MilestonesKnowCustomerAndContractOnly) {
    NteBook book = o31_book();
    EXPECT_EQ(outcome(book.evaluate_milestone(customer_a, dec("7000"))), "committed");
    EXPECT_EQ(outcome(book.evaluate_milestone(customer_a, dec("1001"))), "failed contract_customer");
    EXPECT_EQ(outcome(book.evaluate_milestone(customer_b, dec("3001"))), "failed contract");
    EXPECT_EQ(outcome(book.evaluate_milestone(customer_b, dec("3000"))), "committed");
    EXPECT_TRUE(book.used(NteLevel::contract_line, line_1, customer_a).is_zero());
}

TEST(Nte, MilestonesIgnoreLimitsOfLines) {
    NteBook book;
    book.set_line(line_1, limit("1"));
    EXPECT_EQ(outcome(book.evaluate_milestone(customer_a, dec("7000"))), "not_applicable");
}

TEST(Nte, ReplacingALimitByNoneCounts) {
    NteBook book;
    book.set_contract(limit("1"));
    EXPECT_TRUE(book.has_limits());
    book.set_contract({});
    EXPECT_FALSE(book.has_limits());
    EXPECT_EQ(evaluate(book, line_1, customer_a, "7"), "not_applicable");
}

// The rule written naively over maps, for comparison.
class NaiveBook {
public:
    using Key = std::tuple<int, std::int64_t, std::int64_t>;
    std::map<Key, Decimal> limits;

    std::string evaluate(std::int64_t line, std::int64_t customer, const Decimal& amount) {
        const Key keys[] = {{0, line, customer}, {1, line, 0}, {2, 0, customer}, {3, 0, 0}};
        bool limited = false;
        for (const Key& key : keys) {
            if (limits.count(key) == 0)
                continue;
            limited = true;
            if (amount.sign() > 0 && used_[key] + amount > limits[key])
                return "failed " + std::string(label(static_cast<NteLevel>(std::get<0>(key))));
        }
        if (!limited)
            return "not_applicable";
        for (const Key& key : keys)
            used_[key] += amount;
        return "committed";
    }

private:
    std::map<Key, Decimal> used_;
};

void set_random_limits(Random& random, NteBook& book, NaiveBook& naive) {
    const auto draw = [&] { return Decimal::of(random.between(0, 50'000), 2); };
    for (std::int64_t line = 1; line <= 3; ++line) {
        if (random.one_in(3)) {
            const Decimal drawn = naive.limits[{1, line, 0}] = draw();
            book.set_line(line, {drawn, Decimal()});
        }
        for (std::int64_t customer = 1; customer <= 3; ++customer)
            if (random.one_in(4)) {
                const Decimal drawn = naive.limits[{0, line, customer}] = draw();
                book.set_line_customer(line, customer, {drawn, Decimal()});
            }
    }
    for (std::int64_t customer = 1; customer <= 3; ++customer)
        if (random.one_in(3)) {
            const Decimal drawn = naive.limits[{2, 0, customer}] = draw();
            book.set_customer(customer, {drawn, Decimal()});
        }
    if (random.one_in(2)) {
        const Decimal drawn = naive.limits[{3, 0, 0}] = draw();
        book.set_contract({drawn, Decimal()});
    }
}

TEST(NteProperty, AgreesWithTheNaiveRule) {
    Random random;
    SCOPED_TRACE(random.seed());
    for (int i = 0; i < 500 && !testing::Test::HasFailure(); ++i) {
        NteBook book;
        NaiveBook naive;
        set_random_limits(random, book, naive);
        for (int row = 0; row < 100; ++row) {
            const std::int64_t line = random.between(1, 3);
            const std::int64_t customer = random.between(1, 3);
            const Decimal amount = Decimal::of(random.between(-1'000, 10'000), 2);
            EXPECT_EQ(outcome(book.evaluate(line, customer, amount, true)), naive.evaluate(line, customer, amount));
        }
    }
}

// --- partial fit

constexpr Scales cents{2, 2};

NteSale bob(const char* quantity = "8", const char* price = "200", const char* amount = "1600", const char* tax = "0") {
    return {dec(quantity), dec(price), dec(amount), dec(tax)};
}

// "fits q = a tax t, rest q = a tax t", or "whole".
std::string parts_of(const std::optional<NteSplit>& split) {
    const auto text = [](const NteSale& part) {
        return part.quantity.trimmed().text() + " = " + part.amount.trimmed().text() + " tax " +
               part.tax.trimmed().text();
    };
    return split ? "fits " + text(split->fits) + ", rest " + text(split->rest) : "whole";
}

TEST(NteSplit, TheQuantityThatFitsIsRoundedDown) {
    EXPECT_EQ(parts_of(split_at(bob(), dec("1000"), cents)), "fits 5 = 1000 tax 0, rest 3 = 600 tax 0");
    EXPECT_EQ(parts_of(split_at(bob(), dec("1001.99"), cents)), "fits 5 = 1000 tax 0, rest 3 = 600 tax 0");
    EXPECT_EQ(parts_of(split_at(bob(), dec("1002"), cents)), "fits 5.01 = 1002 tax 0, rest 2.99 = 598 tax 0");
    EXPECT_EQ(parts_of(split_at(bob(), dec("1000"), {0, 2})), "fits 5 = 1000 tax 0, rest 3 = 600 tax 0");
    EXPECT_EQ(parts_of(split_at(bob(), dec("1199"), {0, 2})), "fits 5 = 1000 tax 0, rest 3 = 600 tax 0");
    EXPECT_EQ(parts_of(split_at(bob("10", "100", "1000"), dec("940"), cents)),
              "fits 9.4 = 940 tax 0, rest 0.6 = 60 tax 0");
}

TEST(NteSplit, TaxGoesWithTheAmounts) {
    EXPECT_EQ(parts_of(split_at(bob("8", "200", "1600", "400"), dec("1000"), cents)),
              "fits 5 = 1000 tax 250, rest 3 = 600 tax 150");
    EXPECT_EQ(parts_of(split_at(bob("3", "1", "3", "0.01"), dec("2"), cents)), "fits 2 = 2 tax 0.01, rest 1 = 1 tax 0");
}

TEST(NteSplit, WhatCannotBeDividedFailsAsAWhole) {
    EXPECT_EQ(parts_of(split_at(bob(), dec("0"), cents)), "whole");
    EXPECT_EQ(parts_of(split_at(bob(), dec("-5"), cents)), "whole");
    EXPECT_EQ(parts_of(split_at(bob(), dec("1.99"), cents)), "whole") << "less than the smallest quantity";
    EXPECT_EQ(parts_of(split_at(bob("1", "200", "200"), dec("199"), {0, 2})), "whole") << "one piece";
    EXPECT_EQ(parts_of(split_at(bob("8", "0.0001", "1600"), dec("0.009"), cents)), "whole") << "less than a cent";
    EXPECT_EQ(parts_of(split_at(bob("-0.01", "33.33", "0.02"), dec("0.01"), cents)), "whole") << "a residue of a split";
    EXPECT_EQ(parts_of(split_at(bob(), dec("1600"), cents)), "whole") << "it fits";
}

TEST(NteSplit, AnAmountEnteredDirectlyIsDividedByTheAmount) {
    EXPECT_EQ(parts_of(split_at(bob("0", "1000", "1000", "100"), dec("940.005"), cents)),
              "fits 0 = 940 tax 94, rest 0 = 60 tax 6");
    EXPECT_EQ(parts_of(split_at(bob("10", "0", "1000"), dec("940"), cents)),
              "fits 9.4 = 940 tax 0, rest 0.6 = 60 tax 0");
    EXPECT_EQ(parts_of(split_at(bob("0.01", "0", "1000"), dec("940"), cents)), "whole");
}

TEST(NteSplit, TwoNegativeFactorsAreAPositiveAmount) {
    EXPECT_EQ(parts_of(split_at(bob("-8", "-200", "1600"), dec("1000"), cents)),
              "fits -5 = 1000 tax 0, rest -3 = 600 tax 0");
}

TEST(NteSplit, TheResidueOfTheRoundingCustomerStaysInTheRest) {
    // 3.34 at 99.99 is 333.97; the rounding customer's row is 333.96.
    EXPECT_EQ(parts_of(split_at(bob("3.34", "99.99", "333.96"), dec("333.95"), cents)),
              "fits 3.33 = 332.97 tax 0, rest 0.01 = 0.99 tax 0");
    EXPECT_EQ(parts_of(split_at(bob("3.33", "33.33", "111.00"), dec("110.99"), cents)),
              "fits 3.32 = 110.66 tax 0, rest 0.01 = 0.34 tax 0");
}

TEST(Nte, FitSplitsAtTheTightestLimit) {
    NteBook book = o31_book();
    book.set_line(line_1, limit("1000"));
    const NteFit fit = book.fit(line_1, customer_a, bob(), cents);
    EXPECT_EQ(outcome(fit.verdict), "failed contract_line");
    EXPECT_EQ(parts_of(fit.split), "fits 5 = 1000 tax 0, rest 3 = 600 tax 0");
    for (const NteLevel level :
         {NteLevel::contract_line_customer, NteLevel::contract_line, NteLevel::contract_customer, NteLevel::contract})
        EXPECT_EQ(book.used(level, line_1, customer_a), dec("1000"));
    EXPECT_EQ(parts_of(book.fit(line_1, customer_a, bob(), cents).split), "whole") << "nothing is left";
    EXPECT_EQ(outcome(book.fit(line_2, customer_a, bob(), cents).verdict), "committed");
}

TEST(Nte, FitNamesTheLevelThatLeavesTheLeast) {
    NteBook book;
    book.set_line_customer(line_1, customer_a, limit("1500"));
    book.set_contract(limit("1000"));
    EXPECT_EQ(outcome(book.evaluate(line_1, customer_a, dec("1600"), true)), "failed contract_line_customer");
    EXPECT_EQ(outcome(book.fit(line_1, customer_a, bob(), cents).verdict), "failed contract");
    NteBook equal;
    equal.set_line(line_1, limit("1000"));
    equal.set_contract(limit("1000"));
    EXPECT_EQ(outcome(equal.fit(line_1, customer_a, bob(), cents).verdict), "failed contract_line");
}

TEST(Nte, FitLeavesAloneWhatFitsOrHasNoLimit) {
    NteBook book;
    EXPECT_EQ(outcome(book.fit(line_1, customer_a, bob(), cents).verdict), "not_applicable");
    book.set_contract(limit("1600"));
    EXPECT_EQ(outcome(book.fit(line_1, customer_a, bob("-8", "200", "-1600"), cents).verdict), "committed");
    EXPECT_EQ(outcome(book.fit(line_1, customer_a, bob("16", "200", "3200"), cents).verdict), "committed");
    EXPECT_EQ(outcome(book.fit(line_1, customer_a, bob("0.01", "200", "2"), cents).verdict), "failed contract");
}

NteSale random_sale(Random& random, Scales scales) {
    const int extra = random.one_in(4) ? 3 : 0; // quantities may be finer than their scale
    const Decimal quantity = Decimal::of(random.between(random.one_in(50) ? 0 : 1, 100'000), scales.quantity + extra);
    const Decimal price = Decimal::of(random.between(random.one_in(50) ? 0 : 1, 100'000), random.small(0, 4));
    const Decimal residue = random.one_in(3) ? Decimal::of(random.between(-3, 3), scales.money) : Decimal();
    const Decimal amount = price.is_zero() || quantity.is_zero() ? Decimal::of(random.between(1, 100'000), scales.money)
                                                                 : (quantity * price).rounded(scales.money) + residue;
    const Decimal tax = Decimal::of(random.between(-100, 10'000), scales.money);
    return random.one_in(5) ? NteSale{-quantity, -price, amount, tax} : NteSale{quantity, price, amount, tax};
}

// Nothing is lost, nothing is zero, and the part that fits is the largest that does.
TEST(NteProperty, PartsAddUpAndTheFirstFits) {
    Random random;
    SCOPED_TRACE(random.seed());
    int split_count = 0;
    for (int i = 0; i < 50'000 && !testing::Test::HasFailure(); ++i) {
        const Scales scales{random.small(0, 4), random.small(0, 3)};
        const NteSale sale = random_sale(random, scales);
        const Decimal room = random.one_in(2) ? Decimal::of(random.between(-10, 1'000'000), 4)
                                              : Decimal::proportion(sale.amount, Decimal::of(random.between(0, 100)),
                                                                    Decimal::of(100), 4);
        SCOPED_TRACE(sale.quantity.text() + " x " + sale.price.text() + " = " + sale.amount.text() + " room " +
                     room.text());
        const auto split = split_at(sale, room, scales);
        if (!split)
            continue;
        ++split_count;
        const NteSale& fits = split->fits;
        const NteSale& rest = split->rest;
        EXPECT_EQ(fits.quantity + rest.quantity, sale.quantity);
        EXPECT_EQ(fits.amount + rest.amount, sale.amount);
        EXPECT_EQ(fits.tax + rest.tax, sale.tax);
        EXPECT_EQ(fits.price, sale.price);
        EXPECT_EQ(rest.price, sale.price);
        EXPECT_LE(fits.amount, room);
        EXPECT_GT(fits.amount.sign(), 0);
        EXPECT_GT(rest.amount.sign(), 0);
        EXPECT_EQ(fits.quantity.sign(), sale.quantity.sign());
        EXPECT_EQ(rest.quantity.sign(), sale.quantity.sign());
        EXPECT_LE(fits.tax.magnitude(), sale.tax.magnitude());
        if (!sale.price.is_zero() && !sale.quantity.is_zero()) {
            EXPECT_EQ(fits.amount, (fits.quantity * fits.price).rounded(scales.money));
            const Decimal more = fits.quantity.magnitude() + Decimal::of(1, scales.quantity);
            EXPECT_TRUE(more >= sale.quantity.magnitude() ||
                        more * sale.price.magnitude() > room - Decimal::of(1, scales.money));
        }
    }
    EXPECT_GT(split_count, 5'000);
}

// However many sales are offered in whatever order, no limit is ever exceeded, and none of them leaves room for more
// than one step of quantity of a sale that failed.
TEST(NteProperty, FittingNeverExceedsALimit) {
    Random random;
    SCOPED_TRACE(random.seed());
    for (int i = 0; i < 300 && !testing::Test::HasFailure(); ++i) {
        NteBook book;
        NaiveBook limits;
        set_random_limits(random, book, limits);
        for (int row = 0; row < 60; ++row) {
            const std::int64_t line = random.between(1, 3);
            const std::int64_t customer = random.between(1, 3);
            const NteFit fit = book.fit(line, customer, random_sale(random, cents), cents);
            EXPECT_EQ(fit.verdict.status == NteStatus::failed, fit.verdict.failed_level.has_value());
            if (fit.split) {
                EXPECT_EQ(fit.verdict.status, NteStatus::failed);
            }
            for (const auto& [key, most] : limits.limits) {
                const auto& [level, of_line, of_customer] = key;
                EXPECT_LE(book.used(static_cast<NteLevel>(level), of_line, of_customer), most);
            }
        }
    }
}

} // namespace
} // namespace billing
