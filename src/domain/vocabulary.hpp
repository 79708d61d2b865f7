#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace billing {

// Every enumerator is spelled exactly like its SQL label, and declared in the order of the SQL enum.

// Where an actual (an unbilled sale above all) stands on its way to an invoice.
enum class BillingStatus {
    not_ready_to_invoice,
    ready_to_invoice,
    customer_invoice_created,
    customer_invoice_posted,
    canceled
};
// The same for one customer's part of a fixed-price milestone.
enum class MilestoneStatus {
    not_ready_to_invoice,
    ready_to_invoice,
    customer_invoice_created,
    customer_invoice_posted
};
// The same for a product line of a contract.
enum class ProductStatus { not_ready_to_invoice, ready_to_invoice, customer_invoice_created, customer_invoice_posted };
// The same for a retainer on its way to an invoice of its own.
enum class RetainerStatus { not_ready_to_invoice, ready_to_invoice, customer_invoice_created, customer_invoice_posted };
// Whether the balance of a retainer goes back to the customer.
enum class RefundStatus { not_refunded, ready_to_refund, refunded };
// Progress of a whole milestone, derived from the statuses of its customers' parts.
enum class MilestoneHeaderStatus { not_started, in_progress, completed };
// Whether the invoice has been paid.
enum class InvoiceStatus { active, paid };
// How far the invoice has come: draft and in review are editable, the rest is final.
enum class ProjectInvoiceStatus { draft, in_review, confirmed, posted };
// How far a bulk confirmation has come with the invoice; an invoice confirmed by itself has none.
enum class BulkConfirmationStatus { scheduled, processing, complete, failed };
// Outcome of the not-to-exceed check of an actual.
enum class NteStatus { not_applicable, not_evaluated, committed, failed };
// Where a not-to-exceed limit is held, in the order of evaluation.
enum class NteLevel { contract_line_customer, contract_line, contract_customer, contract };
// Whether an actual may still be corrected.
enum class AdjustmentStatus { adjustable, in_process, adjusted, unadjustable };
// Approval workflow of a time, expense or material entry.
enum class EntryStatus { draft, submitted, approved, returned, rejected, recall_requested };
enum class ContractStatus { draft, active, closed };
enum class ContractKind { customer, internal };
enum class BillingMethod { time_and_material, fixed_price, product };
enum class BillingType { chargeable, non_chargeable, complimentary, not_available };
enum class TransactionType {
    cost,
    project_contract,
    unbilled_sales,
    billed_sales,
    inter_organizational_sales,
    resourcing_unit_cost
};
enum class TransactionClass { time, expense, material, fee, milestone, retainer, tax };
enum class IncludedTasks { all_project_tasks, selected_project_tasks };
// How the milestones of a fixed-price line are billed: whole when they are reached, or bit by bit.
enum class InvoiceScheduleType { completed_milestones, progress_based };
enum class DetailKind {
    actual,
    milestone,
    product,
    manual,
    correction,
    milestone_correction,
    product_correction,
    retainer,
    advance,
    refund
};
// What an operation did with one item it was given.
enum class ItemOutcome { changed, unchanged, refused };
// How often invoices are run.
enum class FrequencyPeriod { weekly, biweekly, monthly };
// Whether a date of an invoice schedule has been run.
enum class RunStatus { not_run, run_successful, run_failed };
// What a journal is for: actuals of its own, other values for approved work, or taking its own kind back.
enum class JournalType { entry, time_correction, expense_correction, material_correction, cancellation };
// Whether a journal has become actuals.
enum class JournalStatus { draft, confirmed };
// Where the amount of a journal line comes from.
enum class AmountMethod { multiply_quantity_by_price, fixed_price };
// What the prices of a list are.
enum class PriceContext { cost, sales };

// Languages of the texts, by index into VocabularyValue::text. One more language is one more row here and one more
// text per value.
inline constexpr std::size_t language_count = 2;
inline constexpr std::array<std::string_view, language_count> languages = {"en", "nb"};

inline constexpr std::size_t max_aliases = 4;

// One value of a vocabulary.
struct VocabularyValue {
    std::string_view label;                            // SQL label
    std::array<std::string_view, language_count> text; // what people read, by language
    std::string_view meaning;                          // one English sentence
    std::array<std::string_view, max_aliases> aliases; // further spellings accepted as input, empty when unused
    bool initial = false;                              // a new row may start with it
    bool terminal = false;                             // nothing leads away from it
};

// No enum has more; tables of an enum's values are of this size.
inline constexpr std::size_t most_values = 16;

// One SQL enum type; the values are in the order of the C++ enumerators.
struct Vocabulary {
    std::string_view type_name;
    const VocabularyValue* values;
    std::size_t count;

    constexpr const VocabularyValue* begin() const noexcept { return values; }
    constexpr const VocabularyValue* end() const noexcept { return values + count; }
};

// The whole catalog, `count` vocabularies.
const Vocabulary* all_vocabularies(std::size_t& count) noexcept;

// The vocabulary with that SQL type name, or null.
const Vocabulary* find_vocabulary(std::string_view type_name) noexcept;

namespace detail {

template <typename... Enums>
struct EnumList {
    static constexpr std::size_t size = sizeof...(Enums);

    // Position of an enum in the list, and so of its vocabulary in the catalog.
    template <typename E>
    static constexpr std::size_t index_of() {
        constexpr bool matches[] = {std::is_same_v<E, Enums>...};
        std::size_t i = 0;
        while (!matches[i])
            ++i;
        return i;
    }
};

// In the order of the catalog.
using VocabularyEnums =
    EnumList<BillingStatus, MilestoneStatus, ProductStatus, RetainerStatus, RefundStatus, MilestoneHeaderStatus,
             InvoiceStatus, ProjectInvoiceStatus, NteStatus, NteLevel, AdjustmentStatus, EntryStatus, ContractStatus,
             ContractKind, BillingMethod, BillingType, TransactionType, TransactionClass, IncludedTasks, DetailKind,
             ItemOutcome, FrequencyPeriod, RunStatus, BulkConfirmationStatus, InvoiceScheduleType, JournalType,
             JournalStatus, AmountMethod, PriceContext>;

// Position of a label in a vocabulary, or its count.
std::size_t position_of(const Vocabulary& vocabulary, std::string_view label) noexcept;

} // namespace detail

// The vocabulary of an enum.
template <typename E>
const Vocabulary& vocabulary_of() noexcept {
    std::size_t count = 0;
    return all_vocabularies(count)[detail::VocabularyEnums::index_of<E>()];
}

// SQL label of a value.
template <typename E>
std::string_view label(E value) noexcept {
    return vocabulary_of<E>().values[static_cast<std::size_t>(value)].label;
}

// Value of an SQL label, exactly as spelled.
template <typename E>
std::optional<E> from_label(std::string_view text) noexcept {
    const Vocabulary& vocabulary = vocabulary_of<E>();
    const std::size_t position = detail::position_of(vocabulary, text);
    if (position == vocabulary.count)
        return std::nullopt;
    return static_cast<E>(position);
}

// Index into VocabularyValue::text of a language tag: "en", "en-US", "nb", "no", "nb_NO.UTF-8" and the like.
std::optional<std::size_t> language_index(std::string_view tag) noexcept;

// Text of a label in a language; empty when type, label or language is unknown.
std::optional<std::string_view> localized_label(std::string_view type_name, std::string_view label,
                                                std::string_view language) noexcept;

// SQL label that a text in any language, an alias or the label itself stands for, upper and lower case alike
// (ASCII and the Latin letters of UTF-8 such as AE, O-slash and A-ring).
std::optional<std::string_view> label_from_localized(std::string_view type_name, std::string_view text) noexcept;

} // namespace billing
