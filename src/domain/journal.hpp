#pragma once
// Journals: which lines may be typed, what they come to, and what a correction makes of approved work.

#include "domain/approval.hpp"

#include <string>
#include <vector>

namespace billing {

// One combination of a journal line.
struct JournalRule {
    BillingMethod method;
    TransactionType type;
    TransactionClass transaction_class;
    bool is_allowed;
};

// Whether a line of that kind may stand in an entry journal, on a contract line of that billing method. Product lines
// and types that are no facts of a project have none.
bool journal_allows(BillingMethod method, TransactionType type, TransactionClass transaction_class) noexcept;

// Every combination of two billing methods, five types and six classes: 60, of which 27 are allowed.
std::vector<JournalRule> journal_rules();

// What decides about the amount of a line.
struct TypedAmount {
    AmountMethod method;
    Decimal quantity;
    Decimal price;
    std::optional<Decimal> amount;
};

// Why the amount cannot be taken; empty if it can.
std::string amount_problem(const TypedAmount& typed, int money_scale);

// The amount of a line without such a problem: as typed, or quantity times price.
Decimal amount_of(const TypedAmount& typed, int money_scale);

// A retainer line of an entry journal, by what makes two of them a pair.
struct RetainerLine {
    std::size_t position; // in the journal
    TransactionType type;
    std::int64_t customer_id;
    std::int32_t date;
    Decimal amount;
};

// A billed sale and the negative unbilled sale that holds its balance.
struct RetainerPair {
    std::size_t billed;
    std::size_t balance;
};

struct RetainerPairs {
    std::vector<RetainerPair> pairs;
    std::vector<std::size_t> alone;
};

// Pairs billed sales with unbilled ones of the same customer and date and the negated amount, in the order of lines.
RetainerPairs pair_retainers(const std::vector<RetainerLine>& lines);

// New values for approved work; what is empty stays.
struct CorrectedValues {
    std::optional<Decimal> quantity;
    std::optional<Decimal> billable_quantity;
    std::optional<Decimal> cost_price;
    std::optional<Decimal> sales_price;
    std::optional<Decimal> tax;
    std::optional<BillingType> billing_type;
};

// The work with the new values. Where everything was billable, a new quantity is, too.
ApprovedWork corrected(const ApprovedWork& work, const CorrectedValues& values);

// Which class a correction journal is about; empty for the other journals.
std::optional<TransactionClass> corrected_class(JournalType type) noexcept;

} // namespace billing
