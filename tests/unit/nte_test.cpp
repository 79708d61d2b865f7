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

} // namespace
} // namespace billing
