#include "domain/vocabulary.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace billing {
namespace {

std::vector<Vocabulary> catalog() {
    std::size_t count = 0;
    const Vocabulary* const first = all_vocabularies(count);
    return {first, first + count};
}

// Expects the SQL type of an enum, and its last enumerator to be the last label.
template <typename E>
void expect_type(const char* type_name, E last, const char* last_label) {
    const Vocabulary& vocabulary = vocabulary_of<E>();
    EXPECT_EQ(vocabulary.type_name, type_name);
    EXPECT_EQ(vocabulary.count, static_cast<std::size_t>(last) + 1) << type_name;
    EXPECT_EQ(label(last), last_label);
    EXPECT_EQ(find_vocabulary(type_name), &vocabulary);
}

TEST(Vocabulary, EveryEnumHasItsSqlType) {
    expect_type("billing_status", BillingStatus::canceled, "canceled");
    expect_type("milestone_status", MilestoneStatus::customer_invoice_posted, "customer_invoice_posted");
    expect_type("product_status", ProductStatus::customer_invoice_posted, "customer_invoice_posted");
    expect_type("retainer_status", RetainerStatus::customer_invoice_posted, "customer_invoice_posted");
    expect_type("refund_status", RefundStatus::refunded, "refunded");
    expect_type("milestone_header_status", MilestoneHeaderStatus::completed, "completed");
    expect_type("invoice_status", InvoiceStatus::paid, "paid");
    expect_type("project_invoice_status", ProjectInvoiceStatus::posted, "posted");
    expect_type("nte_status", NteStatus::failed, "failed");
    expect_type("nte_level", NteLevel::contract, "contract");
    expect_type("adjustment_status", AdjustmentStatus::unadjustable, "unadjustable");
    expect_type("entry_status", EntryStatus::recall_requested, "recall_requested");
    expect_type("contract_status", ContractStatus::closed, "closed");
    expect_type("contract_kind", ContractKind::internal, "internal");
    expect_type("billing_method", BillingMethod::product, "product");
    expect_type("billing_type", BillingType::not_available, "not_available");
    expect_type("transaction_type", TransactionType::resourcing_unit_cost, "resourcing_unit_cost");
    expect_type("transaction_class", TransactionClass::tax, "tax");
    expect_type("included_tasks", IncludedTasks::selected_project_tasks, "selected_project_tasks");
    expect_type("detail_kind", DetailKind::refund, "refund");
    expect_type("item_outcome", ItemOutcome::refused, "refused");
    expect_type("frequency_period", FrequencyPeriod::monthly, "monthly");
    expect_type("run_status", RunStatus::run_failed, "run_failed");
    expect_type("bulk_confirmation_status", BulkConfirmationStatus::failed, "failed");
    expect_type("invoice_schedule_type", InvoiceScheduleType::progress_based, "progress_based");
    expect_type("journal_type", JournalType::cancellation, "cancellation");
    expect_type("journal_status", JournalStatus::confirmed, "confirmed");
    expect_type("amount_method", AmountMethod::fixed_price, "fixed_price");
    expect_type("price_context", PriceContext::sales, "sales");
    EXPECT_EQ(catalog().size(), 29U);
}

TEST(Vocabulary, EnumeratorsStandInTheOrderOfTheirLabels) {
    EXPECT_EQ(label(BillingStatus::not_ready_to_invoice), "not_ready_to_invoice");
    EXPECT_EQ(label(BillingStatus::ready_to_invoice), "ready_to_invoice");
    EXPECT_EQ(label(BillingStatus::customer_invoice_created), "customer_invoice_created");
    EXPECT_EQ(label(BillingStatus::customer_invoice_posted), "customer_invoice_posted");
    EXPECT_EQ(label(NteStatus::not_evaluated), "not_evaluated");
    EXPECT_EQ(label(NteStatus::committed), "committed");
    EXPECT_EQ(label(AdjustmentStatus::in_process), "in_process");
    EXPECT_EQ(label(AdjustmentStatus::adjusted), "adjusted");
    EXPECT_EQ(label(EntryStatus::submitted), "submitted");
    EXPECT_EQ(label(EntryStatus::approved), "approved");
    EXPECT_EQ(label(EntryStatus::returned), "returned");
    EXPECT_EQ(label(EntryStatus::rejected), "rejected");
    EXPECT_EQ(label(TransactionType::unbilled_sales), "unbilled_sales");
    EXPECT_EQ(label(TransactionType::billed_sales), "billed_sales");
    EXPECT_EQ(label(TransactionClass::fee), "fee");
    EXPECT_EQ(label(TransactionClass::milestone), "milestone");
    EXPECT_EQ(label(TransactionClass::retainer), "retainer");
    EXPECT_EQ(label(BillingType::non_chargeable), "non_chargeable");
    EXPECT_EQ(label(BillingType::complimentary), "complimentary");
    EXPECT_EQ(label(ProjectInvoiceStatus::in_review), "in_review");
}

TEST(Vocabulary, LabelsRoundTrip) {
    for (const BillingStatus status : {BillingStatus::not_ready_to_invoice, BillingStatus::canceled})
        EXPECT_EQ(from_label<BillingStatus>(label(status)), status);
    EXPECT_EQ(from_label<NteLevel>("contract_line"), NteLevel::contract_line);
    EXPECT_EQ(from_label<NteLevel>("CONTRACT_LINE"), std::nullopt);
    EXPECT_EQ(from_label<NteLevel>(""), std::nullopt);
}

TEST(Vocabulary, LabelsAreSqlIdentifiers) {
    for (const Vocabulary& vocabulary : catalog())
        for (const VocabularyValue& value : vocabulary)
            EXPECT_EQ(value.label.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos)
                << value.label;
}

TEST(Vocabulary, EveryValueIsExplainedInOneSentence) {
    for (const Vocabulary& vocabulary : catalog())
        for (const VocabularyValue& value : vocabulary) {
            ASSERT_FALSE(value.meaning.empty()) << value.label;
            EXPECT_EQ(value.meaning.back(), '.') << value.label;
            EXPECT_EQ(value.meaning.find(". "), std::string_view::npos) << value.label;
        }
}

// Every text a value is called by: label, all languages, aliases.
std::vector<std::string_view> names_of(const VocabularyValue& value) {
    std::vector<std::string_view> names = {value.label};
    names.insert(names.end(), value.text.begin(), value.text.end());
    for (const std::string_view alias : value.aliases)
        if (!alias.empty())
            names.push_back(alias);
    return names;
}

TEST(Vocabulary, NoNameStandsForTwoValuesOfAType) {
    for (const Vocabulary& vocabulary : catalog())
        for (const VocabularyValue& value : vocabulary)
            for (const std::string_view name : names_of(value))
                EXPECT_EQ(label_from_localized(vocabulary.type_name, name), value.label)
                    << vocabulary.type_name << ": " << name;
}

TEST(Vocabulary, TextsAreUniquePerTypeAndLanguageAfterFolding) {
    for (const Vocabulary& vocabulary : catalog())
        for (std::size_t language = 0; language < language_count; ++language) {
            std::map<std::string_view, int> found;
            for (const VocabularyValue& value : vocabulary)
                ++found[*label_from_localized(vocabulary.type_name, value.text[language])];
            EXPECT_EQ(found.size(), vocabulary.count) << vocabulary.type_name << ' ' << languages[language];
        }
}

TEST(Vocabulary, EveryStatusHasAnInitialValue) {
    for (const char* const type :
         {"billing_status", "milestone_status", "product_status", "milestone_header_status", "invoice_status",
          "project_invoice_status", "nte_status", "adjustment_status", "entry_status", "contract_status"})
        EXPECT_TRUE(find_vocabulary(type)->values[0].initial) << type;
}

std::string_view norwegian(std::string_view type, std::string_view value) {
    return localized_label(type, value, "nb-NO").value_or("");
}

TEST(Vocabulary, O72_NorwegianLabels) {
    EXPECT_EQ(norwegian("billing_status", "ready_to_invoice"), "Klar for fakturering");
    EXPECT_EQ(norwegian("billing_status", "not_ready_to_invoice"), "Ikke klar for fakturering");
    EXPECT_EQ(norwegian("billing_status", "customer_invoice_created"), "Kundefaktura opprettet");
    EXPECT_EQ(norwegian("billing_status", "customer_invoice_posted"), "Kundefaktura postert");
    EXPECT_EQ(norwegian("milestone_header_status", "not_started"), "Ikke startet");
    EXPECT_EQ(norwegian("milestone_header_status", "in_progress"), "Pågår");
    EXPECT_EQ(norwegian("milestone_header_status", "completed"), "Fullført");
    EXPECT_EQ(norwegian("nte_status", "failed"), "Mislyktes");
}

TEST(Vocabulary, O72_BothPostedLabelsMeanOneValue) {
    for (const char* const type : {"billing_status", "milestone_status", "product_status"})
        for (const char* const text : {"Kundefaktura postert", "Faktura postert", "Customer Invoice Posted",
                                       "Invoice Posted", "invoice posted", "customer_invoice_posted"})
            EXPECT_EQ(label_from_localized(type, text), "customer_invoice_posted") << type << ": " << text;
}

TEST(Vocabulary, EnglishLabels) {
    EXPECT_EQ(localized_label("billing_status", "customer_invoice_created", "en"), "Customer Invoice Created");
    EXPECT_EQ(localized_label("milestone_header_status", "in_progress", "en-US"), "In Progress");
    EXPECT_EQ(localized_label("nte_status", "committed", "EN"), "Committed");
}

TEST(Vocabulary, LanguageTagsAreRecognised) {
    for (const char* const tag : {"nb", "NB", "no", "nb-NO", "nb_NO", "no-NO", "nb_NO.UTF-8", "nb-Latn-NO"})
        EXPECT_EQ(language_index(tag), 1U) << tag;
    for (const char* const tag : {"en", "en-US", "en_GB", "en_US.UTF-8"})
        EXPECT_EQ(language_index(tag), 0U) << tag;
    for (const char* const tag : {"", "de", "nbx", "e", "C", "english", "-en"})
        EXPECT_EQ(language_index(tag), std::nullopt) << tag;
}

TEST(Vocabulary, UnknownTypeLabelOrLanguageHasNoText) {
    EXPECT_EQ(localized_label("colour", "red", "en"), std::nullopt);
    EXPECT_EQ(localized_label("billing_status", "red", "en"), std::nullopt);
    EXPECT_EQ(localized_label("billing_status", "canceled", "de"), std::nullopt);
    EXPECT_EQ(label_from_localized("colour", "Ready"), std::nullopt);
    EXPECT_EQ(label_from_localized("billing_status", "Nearly ready"), std::nullopt);
    EXPECT_EQ(label_from_localized("billing_status", ""), std::nullopt);
}

TEST(Vocabulary, LookupIgnoresCaseAlsoOfNorwegianLetters) {
    EXPECT_EQ(label_from_localized("milestone_header_status", "PÅGÅR"), "in_progress");
    EXPECT_EQ(label_from_localized("milestone_header_status", "FULLFØRT"), "completed");
    EXPECT_EQ(label_from_localized("transaction_class", "MILEPÆL"), "milestone");
    EXPECT_EQ(label_from_localized("billing_status", "kLAR fOR fAKTURERING"), "ready_to_invoice");
}

TEST(Vocabulary, FoldingDoesNotConfuseLetters) {
    EXPECT_EQ(label_from_localized("milestone_header_status", "PØGØR"), std::nullopt);
    EXPECT_EQ(label_from_localized("milestone_header_status", "Pagar"), std::nullopt);
    EXPECT_EQ(label_from_localized("milestone_header_status", "P\xC3"), std::nullopt);
}

} // namespace
} // namespace billing
