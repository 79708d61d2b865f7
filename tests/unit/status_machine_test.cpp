#include "domain/status_machine.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>

namespace billing {
namespace {

const std::set<std::string_view>& machines() {
    static const std::set<std::string_view> names = {"billing_status",
                                                     "milestone_status",
                                                     "product_status",
                                                     "retainer_status",
                                                     "refund_status",
                                                     "nte_status",
                                                     "project_invoice_status",
                                                     "invoice_status",
                                                     "adjustment_status",
                                                     "entry_status",
                                                     "contract_status",
                                                     "run_status",
                                                     "bulk_confirmation_status",
                                                     "journal_status"};
    return names;
}

TEST(StatusMachine, ListsEveryMachine) {
    std::set<std::string_view> listed;
    for (const TransitionRow& row : all_transitions())
        listed.insert(row.type_name);
    EXPECT_EQ(listed, machines());
}

TEST(StatusMachine, RowsAreUniqueAndNameKnownLabels) {
    std::set<std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>> seen;
    for (const TransitionRow& row : all_transitions()) {
        EXPECT_TRUE(seen.insert({row.type_name, row.from, row.to, row.verb}).second) << row.from << " -> " << row.to;
        EXPECT_TRUE(localized_label(row.type_name, row.from, "en").has_value());
        EXPECT_TRUE(localized_label(row.type_name, row.to, "en").has_value());
        EXPECT_NE(row.from, row.to);
        EXPECT_FALSE(row.verb.empty());
    }
}

bool leads_away(std::string_view type, std::string_view from) {
    for (const TransitionRow& row : all_transitions())
        if (row.type_name == type && row.from == from)
            return true;
    return false;
}

bool leads_to(std::string_view type, std::string_view to) {
    for (const TransitionRow& row : all_transitions())
        if (row.type_name == type && row.to == to)
            return true;
    return false;
}

TEST(StatusMachine, TerminalValuesOfTheCatalogAreThoseWithoutAWayOut) {
    for (const std::string_view type : machines())
        for (const VocabularyValue& value : *find_vocabulary(type))
            EXPECT_EQ(value.terminal, !leads_away(type, value.label)) << type << ' ' << value.label;
}

TEST(StatusMachine, EveryValueIsInitialOrReachable) {
    for (const std::string_view type : machines())
        for (const VocabularyValue& value : *find_vocabulary(type))
            EXPECT_TRUE(value.initial || leads_to(type, value.label)) << type << ' ' << value.label;
}

// Number of permitted pairs among all pairs of a status.
template <typename E>
std::size_t permitted_pairs() {
    const auto count = static_cast<int>(vocabulary_of<E>().count);
    std::size_t pairs = 0;
    for (int from = 0; from < count; ++from)
        for (int to = 0; to < count; ++to)
            if (allowed(static_cast<E>(from), static_cast<E>(to)))
                ++pairs;
    return pairs;
}

TEST(StatusMachine, PermitsExactlyTheseManyChanges) {
    EXPECT_EQ(permitted_pairs<BillingStatus>(), 8U);
    EXPECT_EQ(permitted_pairs<MilestoneStatus>(), 6U);
    EXPECT_EQ(permitted_pairs<ProductStatus>(), 6U);
    EXPECT_EQ(permitted_pairs<RetainerStatus>(), 6U);
    EXPECT_EQ(permitted_pairs<RefundStatus>(), 4U);
    EXPECT_EQ(permitted_pairs<AdjustmentStatus>(), 4U);
    EXPECT_EQ(permitted_pairs<NteStatus>(), 11U);
    EXPECT_EQ(permitted_pairs<ProjectInvoiceStatus>(), 5U);
    EXPECT_EQ(permitted_pairs<InvoiceStatus>(), 1U);
    EXPECT_EQ(permitted_pairs<EntryStatus>(), 12U);
    EXPECT_EQ(permitted_pairs<ContractStatus>(), 2U);
    EXPECT_EQ(permitted_pairs<RunStatus>(), 3U);
    EXPECT_EQ(permitted_pairs<BulkConfirmationStatus>(), 4U);
}

TEST(StatusMachine, WhatHasNoStatusYetStartsWithAnInitialOne) {
    EXPECT_TRUE(may_start("bulk_confirmation_status", "scheduled"));
    EXPECT_FALSE(may_start("bulk_confirmation_status", "complete"));
    EXPECT_FALSE(may_start("bulk_confirmation_status", "NULL"));
    EXPECT_FALSE(may_start("no_status", "scheduled"));
}

TEST(StatusMachine, O50_BulkConfirmationIsRetriedUntilComplete) {
    EXPECT_TRUE(allowed(BulkConfirmationStatus::failed, BulkConfirmationStatus::scheduled));
    EXPECT_FALSE(allowed(BulkConfirmationStatus::scheduled, BulkConfirmationStatus::complete));
    EXPECT_TRUE(is_final(BulkConfirmationStatus::complete));
}

TEST(StatusMachine, O26_TraceOfOneItem) {
    EXPECT_TRUE(allowed(BillingStatus::not_ready_to_invoice, BillingStatus::ready_to_invoice));
    EXPECT_TRUE(allowed(BillingStatus::ready_to_invoice, BillingStatus::customer_invoice_created));
    EXPECT_TRUE(allowed(BillingStatus::customer_invoice_created, BillingStatus::customer_invoice_posted));
    EXPECT_TRUE(allowed(BillingStatus::customer_invoice_created, BillingStatus::ready_to_invoice));
}

TEST(StatusMachine, O24_PostedNeverReopens) {
    for (const BillingStatus to : {BillingStatus::not_ready_to_invoice, BillingStatus::ready_to_invoice,
                                   BillingStatus::customer_invoice_created, BillingStatus::canceled})
        EXPECT_FALSE(allowed(BillingStatus::customer_invoice_posted, to));
    for (const ProjectInvoiceStatus to : {ProjectInvoiceStatus::draft, ProjectInvoiceStatus::in_review})
        EXPECT_FALSE(allowed(ProjectInvoiceStatus::confirmed, to));
}

TEST(StatusMachine, O18_PostedMilestoneReopensOnlyByACorrectiveConfirmation) {
    for (const TransitionRow& row : all_transitions()) {
        if (row.type_name == "milestone_status" && row.from == "customer_invoice_posted") {
            EXPECT_EQ(row.to, "ready_to_invoice");
            EXPECT_EQ(row.verb, "confirm_invoices");
            EXPECT_EQ(row.actor, Actor::system);
        }
    }
    EXPECT_TRUE(transition_allowed("milestone_status", "customer_invoice_posted", "ready_to_invoice"));
}

TEST(StatusMachine, PeopleOnlyMarkReadyAndNotReady) {
    for (const TransitionRow& row : all_transitions())
        if (row.actor == Actor::user && row.to.find("_to_invoice") != std::string_view::npos) {
            EXPECT_TRUE(row.verb == "mark_ready_to_invoice" || row.verb == "mark_not_ready_to_invoice" ||
                        (row.verb == "set_progress" && row.type_name == "milestone_status"))
                << row.verb;
        }
}

TEST(StatusMachine, O06_CancelledApprovalReturnsTheEntry) {
    EXPECT_TRUE(transition_allowed("entry_status", "approved", "submitted"));
    EXPECT_TRUE(transition_allowed("adjustment_status", "adjustable", "adjusted"));
    EXPECT_FALSE(transition_allowed("adjustment_status", "adjusted", "adjustable"));
    EXPECT_FALSE(transition_allowed("adjustment_status", "unadjustable", "adjustable"));
}

TEST(StatusMachine, LabelsAndEnumsAgree) {
    for (const TransitionRow& row : all_transitions())
        EXPECT_TRUE(transition_allowed(row.type_name, row.from, row.to));
    EXPECT_FALSE(transition_allowed("billing_status", "customer_invoice_posted", "ready_to_invoice"));
    EXPECT_FALSE(transition_allowed("billing_status", "ready_to_invoice", "ready_to_invoice"));
    EXPECT_FALSE(transition_allowed("billing_status", "ready", "canceled"));
    EXPECT_FALSE(transition_allowed("billing_status", "ready_to_invoice", "red"));
    EXPECT_FALSE(transition_allowed("colour", "red", "green"));
}

} // namespace
} // namespace billing
