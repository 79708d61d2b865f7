#include "domain/journal.hpp"

#include <algorithm>

namespace billing {

namespace {

constexpr BillingMethod methods[] = {BillingMethod::fixed_price, BillingMethod::time_and_material};

constexpr TransactionType types[] = {TransactionType::cost, TransactionType::unbilled_sales,
                                     TransactionType::billed_sales, TransactionType::inter_organizational_sales,
                                     TransactionType::resourcing_unit_cost};

constexpr TransactionClass classes[] = {TransactionClass::time,     TransactionClass::expense,
                                        TransactionClass::material, TransactionClass::fee,
                                        TransactionClass::retainer, TransactionClass::milestone};

constexpr std::size_t class_count = std::size(classes);

struct AllowedClasses {
    BillingMethod method;
    TransactionType type;
    bool allowed[class_count]; // in the order of `classes`
};

//                                time   expense material fee   retainer milestone
constexpr AllowedClasses allowed_classes[] = {
    {BillingMethod::fixed_price, TransactionType::cost, {true, true, true, false, false, false}},
    {BillingMethod::fixed_price, TransactionType::unbilled_sales, {false, false, false, false, true, false}},
    {BillingMethod::fixed_price, TransactionType::billed_sales, {false, false, false, false, true, true}},
    {BillingMethod::fixed_price, TransactionType::inter_organizational_sales, {true, true, false, false, false, false}},
    {BillingMethod::fixed_price, TransactionType::resourcing_unit_cost, {true, true, false, false, false, false}},
    {BillingMethod::time_and_material, TransactionType::cost, {true, true, true, false, false, false}},
    {BillingMethod::time_and_material, TransactionType::unbilled_sales, {true, true, true, true, true, false}},
    {BillingMethod::time_and_material, TransactionType::billed_sales, {true, true, true, true, true, false}},
    {BillingMethod::time_and_material,
     TransactionType::inter_organizational_sales,
     {true, true, false, false, false, false}},
    {BillingMethod::time_and_material, TransactionType::resourcing_unit_cost, {true, true, false, false, false, false}},
};

constexpr std::size_t allowed_count() {
    std::size_t count = 0;
    for (const AllowedClasses& row : allowed_classes)
        for (const bool is_allowed : row.allowed)
            count += is_allowed ? 1 : 0;
    return count;
}
static_assert(std::size(allowed_classes) == std::size(methods) * std::size(types));
static_assert(allowed_count() == 27);

bool is_pair(const RetainerLine& billed, const RetainerLine& balance) {
    return balance.type == TransactionType::unbilled_sales && balance.customer_id == billed.customer_id &&
           balance.date == billed.date && balance.amount == -billed.amount;
}

} // namespace

bool journal_allows(BillingMethod method, TransactionType type, TransactionClass transaction_class) noexcept {
    for (const AllowedClasses& row : allowed_classes)
        for (std::size_t i = 0; i < class_count; ++i)
            if (row.method == method && row.type == type && classes[i] == transaction_class)
                return row.allowed[i];
    return false;
}

std::vector<JournalRule> journal_rules() {
    std::vector<JournalRule> rules;
    for (const BillingMethod method : methods)
        for (const TransactionType type : types)
            for (const TransactionClass transaction_class : classes)
                rules.push_back({method, type, transaction_class, journal_allows(method, type, transaction_class)});
    return rules;
}

std::string amount_problem(const TypedAmount& typed, int money_scale) {
    if (typed.method == AmountMethod::fixed_price && !typed.amount)
        return "a fixed price needs an amount";
    if (!typed.amount)
        return {};
    const Decimal& amount = *typed.amount;
    if (amount.trimmed().scale() > money_scale)
        return "the amount " + amount.trimmed().text() + " has more decimals than its currency knows";
    if (typed.method == AmountMethod::fixed_price)
        return {};
    const Decimal product = (typed.quantity * typed.price).rounded(money_scale);
    if (!(amount - product).is_zero())
        return "the amount " + amount.trimmed().text() + " is not quantity times price, which is " +
               product.trimmed().text();
    return {};
}

Decimal amount_of(const TypedAmount& typed, int money_scale) {
    return typed.amount ? typed.amount->rounded(money_scale) : (typed.quantity * typed.price).rounded(money_scale);
}

RetainerPairs pair_retainers(const std::vector<RetainerLine>& lines) {
    RetainerPairs found;
    std::vector<bool> taken(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].type != TransactionType::billed_sales || lines[i].amount.sign() <= 0)
            continue;
        for (std::size_t k = 0; k < lines.size(); ++k) {
            if (taken[k] || !is_pair(lines[i], lines[k]))
                continue;
            taken[i] = true;
            taken[k] = true;
            found.pairs.push_back({lines[i].position, lines[k].position});
            break;
        }
    }
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (!taken[i])
            found.alone.push_back(lines[i].position);
    return found;
}

ApprovedWork corrected(const ApprovedWork& work, const CorrectedValues& values) {
    ApprovedWork result = work;
    if (values.quantity) {
        if (work.billable_quantity == work.quantity)
            result.billable_quantity = *values.quantity;
        result.quantity = *values.quantity;
    }
    result.billable_quantity = values.billable_quantity.value_or(result.billable_quantity);
    if (values.cost_price) {
        result.cost_price = *values.cost_price;
        result.cost_source = PriceSource::typed;
    }
    if (values.sales_price) {
        result.sales_price = *values.sales_price;
        result.sales_source = PriceSource::typed;
    }
    result.tax = values.tax.value_or(work.tax);
    if (values.billing_type)
        result.chosen_type = values.billing_type;
    return result;
}

std::optional<TransactionClass> corrected_class(JournalType type) noexcept {
    switch (type) {
    case JournalType::time_correction:
        return TransactionClass::time;
    case JournalType::expense_correction:
        return TransactionClass::expense;
    case JournalType::material_correction:
        return TransactionClass::material;
    case JournalType::entry:
    case JournalType::cancellation:
        break;
    }
    return std::nullopt;
}

} // namespace billing
