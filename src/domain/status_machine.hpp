#pragma once

#include "domain/vocabulary.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace billing {

// Who takes a transition.
enum class Actor {
    user,  // a person asks for exactly this by calling the verb
    system // a side effect of a verb that is about something else
};

// One permitted change of a status, and the verb it happens in.
template <typename E>
struct Transition {
    E from;
    E to;
    Actor actor;
    std::string_view verb;
    std::string_view note;
};

// What is not listed is refused. A value never changes to itself: writing the same value is not a transition.

inline constexpr Transition<BillingStatus> billing_transitions[] = {
    {BillingStatus::not_ready_to_invoice, BillingStatus::ready_to_invoice, Actor::user, "mark_ready_to_invoice",
     "open unbilled sale, not-to-exceed check not failed"},
    {BillingStatus::ready_to_invoice, BillingStatus::not_ready_to_invoice, Actor::user, "mark_not_ready_to_invoice",
     "not on an invoice"},
    {BillingStatus::ready_to_invoice, BillingStatus::not_ready_to_invoice, Actor::system, "reset_nte",
     "a reset row must be evaluated before it is ready again"},
    {BillingStatus::ready_to_invoice, BillingStatus::not_ready_to_invoice, Actor::system, "reevaluate_nte",
     "the row no longer fits its limits"},
    {BillingStatus::ready_to_invoice, BillingStatus::customer_invoice_created, Actor::system, "create_invoices",
     "a draft takes the item"},
    {BillingStatus::ready_to_invoice, BillingStatus::customer_invoice_created, Actor::system, "run_invoicing",
     "the draft of an automatic run takes the item"},
    {BillingStatus::ready_to_invoice, BillingStatus::customer_invoice_created, Actor::system, "add_to_invoice",
     "an existing draft takes the item"},
    {BillingStatus::ready_to_invoice, BillingStatus::customer_invoice_created, Actor::system, "refresh_invoices",
     "an existing draft takes what became ready"},
    {BillingStatus::customer_invoice_created, BillingStatus::ready_to_invoice, Actor::system, "remove_invoice_details",
     "the detail leaves the draft"},
    {BillingStatus::customer_invoice_created, BillingStatus::ready_to_invoice, Actor::system, "delete_invoices",
     "the draft is deleted"},
    {BillingStatus::customer_invoice_created, BillingStatus::customer_invoice_posted, Actor::system, "confirm_invoices",
     "detail confirmed as it was"},
    {BillingStatus::customer_invoice_created, BillingStatus::canceled, Actor::system, "confirm_invoices",
     "detail was edited; replacement rows carry on"},
    {BillingStatus::not_ready_to_invoice, BillingStatus::canceled, Actor::system, "reevaluate_nte",
     "split in two where it fits its limits only partly"},
    {BillingStatus::ready_to_invoice, BillingStatus::canceled, Actor::system, "reevaluate_nte",
     "split in two where it fits its limits only partly; what fits stays ready"},
    {BillingStatus::not_ready_to_invoice, BillingStatus::canceled, Actor::system, "mark_ready_to_invoice",
     "evaluated first, and split where it fits its limits only partly"},
    {BillingStatus::not_ready_to_invoice, BillingStatus::canceled, Actor::system, "cancel_approval", "actual reversed"},
    {BillingStatus::ready_to_invoice, BillingStatus::canceled, Actor::system, "cancel_approval", "actual reversed"},
    {BillingStatus::not_ready_to_invoice, BillingStatus::canceled, Actor::system, "approve_recall", "actual reversed"},
    {BillingStatus::ready_to_invoice, BillingStatus::canceled, Actor::system, "approve_recall", "actual reversed"},
    {BillingStatus::not_ready_to_invoice, BillingStatus::canceled, Actor::system, "confirm_contract",
     "actual reversed and written again at the confirmed terms"},
    {BillingStatus::ready_to_invoice, BillingStatus::canceled, Actor::system, "confirm_contract",
     "actual reversed and written again at the confirmed terms"},
    {BillingStatus::not_ready_to_invoice, BillingStatus::canceled, Actor::system, "close_contract",
     "contract lost, actual reversed"},
    {BillingStatus::ready_to_invoice, BillingStatus::canceled, Actor::system, "close_contract",
     "contract lost, actual reversed"},
    {BillingStatus::not_ready_to_invoice, BillingStatus::canceled, Actor::system, "reevaluate_work",
     "actual reversed and written again at the terms of today"},
    {BillingStatus::ready_to_invoice, BillingStatus::canceled, Actor::system, "reevaluate_work",
     "actual reversed and written again at the terms of today"},
    {BillingStatus::ready_to_invoice, BillingStatus::not_ready_to_invoice, Actor::system, "confirm_contract",
     "the row no longer fits its limits"},
    {BillingStatus::ready_to_invoice, BillingStatus::not_ready_to_invoice, Actor::system, "reevaluate_work",
     "the row no longer fits its limits"},
    {BillingStatus::not_ready_to_invoice, BillingStatus::canceled, Actor::system, "confirm_journal",
     "actual reversed by a correction or a cancellation"},
    {BillingStatus::ready_to_invoice, BillingStatus::canceled, Actor::system, "confirm_journal",
     "actual reversed by a correction or a cancellation"},
};

inline constexpr Transition<MilestoneStatus> milestone_transitions[] = {
    {MilestoneStatus::not_ready_to_invoice, MilestoneStatus::ready_to_invoice, Actor::user, "mark_ready_to_invoice",
     "each customer's part by itself, limits of customer and contract kept"},
    {MilestoneStatus::not_ready_to_invoice, MilestoneStatus::ready_to_invoice, Actor::user, "set_progress",
     "the next slice of a progress-based milestone, cut off what is left"},
    {MilestoneStatus::ready_to_invoice, MilestoneStatus::not_ready_to_invoice, Actor::user, "mark_not_ready_to_invoice",
     "not on an invoice"},
    {MilestoneStatus::ready_to_invoice, MilestoneStatus::customer_invoice_created, Actor::system, "create_invoices",
     "a draft takes the milestone"},
    {MilestoneStatus::ready_to_invoice, MilestoneStatus::customer_invoice_created, Actor::system, "run_invoicing",
     "the draft of an automatic run takes the milestone"},
    {MilestoneStatus::ready_to_invoice, MilestoneStatus::customer_invoice_created, Actor::system, "add_to_invoice",
     "an existing draft takes the milestone"},
    {MilestoneStatus::ready_to_invoice, MilestoneStatus::customer_invoice_created, Actor::system, "refresh_invoices",
     "an existing draft takes what became ready"},
    {MilestoneStatus::customer_invoice_created, MilestoneStatus::ready_to_invoice, Actor::system,
     "remove_invoice_details", "the detail leaves the draft"},
    {MilestoneStatus::customer_invoice_created, MilestoneStatus::ready_to_invoice, Actor::system, "delete_invoices",
     "the draft is deleted"},
    {MilestoneStatus::customer_invoice_created, MilestoneStatus::customer_invoice_posted, Actor::system,
     "confirm_invoices", "billed sale written"},
    {MilestoneStatus::customer_invoice_posted, MilestoneStatus::ready_to_invoice, Actor::system, "confirm_invoices",
     "a corrective invoice credits the milestone, in full or a part that becomes a slice of its own"},
};

inline constexpr Transition<ProductStatus> product_transitions[] = {
    {ProductStatus::not_ready_to_invoice, ProductStatus::ready_to_invoice, Actor::user, "mark_ready_to_invoice",
     "product lines only"},
    {ProductStatus::ready_to_invoice, ProductStatus::not_ready_to_invoice, Actor::user, "mark_not_ready_to_invoice",
     "not on an invoice"},
    {ProductStatus::ready_to_invoice, ProductStatus::customer_invoice_created, Actor::system, "create_invoices",
     "a draft takes the product line"},
    {ProductStatus::ready_to_invoice, ProductStatus::customer_invoice_created, Actor::system, "run_invoicing",
     "the draft of an automatic run takes the product line"},
    {ProductStatus::ready_to_invoice, ProductStatus::customer_invoice_created, Actor::system, "add_to_invoice",
     "an existing draft takes the product line"},
    {ProductStatus::ready_to_invoice, ProductStatus::customer_invoice_created, Actor::system, "refresh_invoices",
     "an existing draft takes what became ready"},
    {ProductStatus::customer_invoice_created, ProductStatus::ready_to_invoice, Actor::system, "remove_invoice_details",
     "the detail leaves the draft"},
    {ProductStatus::customer_invoice_created, ProductStatus::ready_to_invoice, Actor::system, "delete_invoices",
     "the draft is deleted"},
    {ProductStatus::customer_invoice_created, ProductStatus::customer_invoice_posted, Actor::system, "confirm_invoices",
     "billed sale written"},
    {ProductStatus::customer_invoice_posted, ProductStatus::ready_to_invoice, Actor::system, "confirm_invoices",
     "a corrective invoice credits the product line in full"},
};

inline constexpr Transition<RetainerStatus> retainer_transitions[] = {
    {RetainerStatus::not_ready_to_invoice, RetainerStatus::ready_to_invoice, Actor::user, "mark_ready_to_invoice", ""},
    {RetainerStatus::ready_to_invoice, RetainerStatus::not_ready_to_invoice, Actor::user, "mark_not_ready_to_invoice",
     "not on an invoice"},
    {RetainerStatus::ready_to_invoice, RetainerStatus::customer_invoice_created, Actor::system, "create_invoices",
     "a draft takes the retainer"},
    {RetainerStatus::ready_to_invoice, RetainerStatus::customer_invoice_created, Actor::system, "add_to_invoice",
     "an existing draft takes the retainer"},
    {RetainerStatus::ready_to_invoice, RetainerStatus::customer_invoice_created, Actor::system, "refresh_invoices",
     "an existing draft takes what became ready"},
    {RetainerStatus::customer_invoice_created, RetainerStatus::ready_to_invoice, Actor::system,
     "remove_invoice_details", "the retainer leaves the draft"},
    {RetainerStatus::customer_invoice_created, RetainerStatus::ready_to_invoice, Actor::system, "delete_invoices",
     "the draft is deleted"},
    {RetainerStatus::customer_invoice_created, RetainerStatus::customer_invoice_posted, Actor::system,
     "confirm_invoices", "billed sale written, balance available"},
    {RetainerStatus::customer_invoice_posted, RetainerStatus::ready_to_invoice, Actor::system, "confirm_invoices",
     "a corrective invoice credits the retainer in full"},
};

inline constexpr Transition<RefundStatus> refund_transitions[] = {
    {RefundStatus::not_refunded, RefundStatus::ready_to_refund, Actor::user, "stage_refunds",
     "something is left and no other draft holds it"},
    {RefundStatus::ready_to_refund, RefundStatus::not_refunded, Actor::user, "cancel_refunds", ""},
    {RefundStatus::ready_to_refund, RefundStatus::not_refunded, Actor::system, "delete_invoices",
     "the draft is deleted"},
    {RefundStatus::ready_to_refund, RefundStatus::refunded, Actor::system, "confirm_invoices", "balance paid back"},
    {RefundStatus::refunded, RefundStatus::not_refunded, Actor::system, "confirm_invoices",
     "a corrective invoice restores the balance"},
};

inline constexpr Transition<AdjustmentStatus> adjustment_transitions[] = {
    {AdjustmentStatus::adjustable, AdjustmentStatus::in_process, Actor::system, "revise_invoice",
     "a corrective draft takes the billed sale"},
    {AdjustmentStatus::in_process, AdjustmentStatus::adjustable, Actor::system, "remove_invoice_details",
     "the correction leaves the draft"},
    {AdjustmentStatus::in_process, AdjustmentStatus::adjustable, Actor::system, "delete_invoices",
     "the corrective draft is deleted"},
    {AdjustmentStatus::adjustable, AdjustmentStatus::adjusted, Actor::system, "cancel_approval",
     "reversed by an unadjustable row"},
    {AdjustmentStatus::adjustable, AdjustmentStatus::adjusted, Actor::system, "approve_recall",
     "reversed by an unadjustable row"},
    {AdjustmentStatus::adjustable, AdjustmentStatus::adjusted, Actor::system, "confirm_invoices",
     "superseded because the detail was edited or corrected"},
    {AdjustmentStatus::in_process, AdjustmentStatus::adjusted, Actor::system, "confirm_invoices",
     "superseded because the correction is confirmed"},
    {AdjustmentStatus::adjustable, AdjustmentStatus::adjusted, Actor::system, "confirm_contract",
     "written again at the confirmed terms"},
    {AdjustmentStatus::adjustable, AdjustmentStatus::adjusted, Actor::system, "close_contract",
     "contract lost, reversed"},
    {AdjustmentStatus::adjustable, AdjustmentStatus::adjusted, Actor::system, "reevaluate_work",
     "written again at the terms of today"},
    {AdjustmentStatus::adjustable, AdjustmentStatus::adjusted, Actor::system, "reevaluate_nte",
     "split in two where it fits its limits only partly"},
    {AdjustmentStatus::adjustable, AdjustmentStatus::adjusted, Actor::system, "mark_ready_to_invoice",
     "evaluated first, and split where it fits its limits only partly"},
    {AdjustmentStatus::adjustable, AdjustmentStatus::in_process, Actor::system, "select_for_correction",
     "a correction journal takes the work"},
    {AdjustmentStatus::adjustable, AdjustmentStatus::in_process, Actor::system, "select_for_cancellation",
     "a cancellation journal takes the actual"},
    {AdjustmentStatus::in_process, AdjustmentStatus::adjustable, Actor::system, "release_from_journal",
     "taken off the journal"},
    {AdjustmentStatus::in_process, AdjustmentStatus::adjustable, Actor::system, "delete_journals",
     "the journal is deleted unconfirmed"},
    {AdjustmentStatus::in_process, AdjustmentStatus::adjusted, Actor::system, "confirm_journal",
     "reversed by an unadjustable row"},
};

inline constexpr Transition<NteStatus> nte_transitions[] = {
    {NteStatus::committed, NteStatus::not_evaluated, Actor::user, "reset_nte", "chargeable, not on an invoice"},
    {NteStatus::failed, NteStatus::not_evaluated, Actor::user, "reset_nte", "chargeable, not on an invoice"},
    {NteStatus::not_evaluated, NteStatus::committed, Actor::user, "reevaluate_nte", "fits every limit"},
    {NteStatus::not_evaluated, NteStatus::failed, Actor::user, "reevaluate_nte", "would exceed a limit"},
    {NteStatus::not_evaluated, NteStatus::not_applicable, Actor::user, "reevaluate_nte", "no limit is left"},
    {NteStatus::committed, NteStatus::failed, Actor::user, "reevaluate_nte", "a limit was lowered or taken first"},
    {NteStatus::failed, NteStatus::committed, Actor::user, "reevaluate_nte", "a limit was raised or given back"},
    {NteStatus::committed, NteStatus::not_applicable, Actor::user, "reevaluate_nte", "no limit is left"},
    {NteStatus::failed, NteStatus::not_applicable, Actor::user, "reevaluate_nte", "no limit is left"},
    {NteStatus::not_applicable, NteStatus::committed, Actor::user, "reevaluate_nte", "a limit was added"},
    {NteStatus::not_applicable, NteStatus::failed, Actor::user, "reevaluate_nte", "a limit was added"},
    {NteStatus::not_evaluated, NteStatus::committed, Actor::system, "mark_ready_to_invoice", "evaluated first"},
    {NteStatus::not_evaluated, NteStatus::failed, Actor::system, "mark_ready_to_invoice",
     "evaluated first, and therefore refused"},
    {NteStatus::not_evaluated, NteStatus::not_applicable, Actor::system, "mark_ready_to_invoice",
     "evaluated first, no limit is left"},
    {NteStatus::committed, NteStatus::failed, Actor::system, "confirm_contract", "a limit was lowered or taken first"},
    {NteStatus::failed, NteStatus::committed, Actor::system, "confirm_contract", "a limit was raised or given back"},
    {NteStatus::committed, NteStatus::not_applicable, Actor::system, "confirm_contract", "no limit is left"},
    {NteStatus::failed, NteStatus::not_applicable, Actor::system, "confirm_contract", "no limit is left"},
    {NteStatus::not_applicable, NteStatus::committed, Actor::system, "confirm_contract", "a limit was added"},
    {NteStatus::not_applicable, NteStatus::failed, Actor::system, "confirm_contract", "a limit was added"},
    {NteStatus::committed, NteStatus::failed, Actor::system, "reevaluate_work", "a limit was lowered or taken first"},
    {NteStatus::failed, NteStatus::committed, Actor::system, "reevaluate_work", "a limit was raised or given back"},
    {NteStatus::committed, NteStatus::not_applicable, Actor::system, "reevaluate_work", "no limit is left"},
    {NteStatus::failed, NteStatus::not_applicable, Actor::system, "reevaluate_work", "no limit is left"},
    {NteStatus::not_applicable, NteStatus::committed, Actor::system, "reevaluate_work", "a limit was added"},
    {NteStatus::not_applicable, NteStatus::failed, Actor::system, "reevaluate_work", "a limit was added"},
};

inline constexpr Transition<InvoiceStatus> invoice_transitions[] = {
    {InvoiceStatus::active, InvoiceStatus::paid, Actor::user, "mark_paid", "confirmed or posted invoices only"},
};

inline constexpr Transition<ProjectInvoiceStatus> project_invoice_transitions[] = {
    {ProjectInvoiceStatus::draft, ProjectInvoiceStatus::in_review, Actor::user, "review_invoices", "stays editable"},
    {ProjectInvoiceStatus::in_review, ProjectInvoiceStatus::draft, Actor::user, "return_to_draft", ""},
    {ProjectInvoiceStatus::draft, ProjectInvoiceStatus::confirmed, Actor::user, "confirm_invoices", "one-way"},
    {ProjectInvoiceStatus::in_review, ProjectInvoiceStatus::confirmed, Actor::user, "confirm_invoices", "one-way"},
    {ProjectInvoiceStatus::confirmed, ProjectInvoiceStatus::posted, Actor::system, "post_invoices",
     "the ledger has posted the invoice"},
};

inline constexpr Transition<BulkConfirmationStatus> bulk_confirmation_transitions[] = {
    {BulkConfirmationStatus::scheduled, BulkConfirmationStatus::processing, Actor::system, "confirm_in_bulk",
     "its turn has come"},
    {BulkConfirmationStatus::processing, BulkConfirmationStatus::complete, Actor::system, "confirm_in_bulk",
     "confirmed"},
    {BulkConfirmationStatus::processing, BulkConfirmationStatus::failed, Actor::system, "confirm_in_bulk",
     "refused, or an error; the reason is kept"},
    {BulkConfirmationStatus::failed, BulkConfirmationStatus::scheduled, Actor::user, "confirm_in_bulk", "tried again"},
};

inline constexpr Transition<EntryStatus> entry_transitions[] = {
    {EntryStatus::draft, EntryStatus::submitted, Actor::user, "submit", ""},
    {EntryStatus::returned, EntryStatus::submitted, Actor::user, "submit", "after correction"},
    {EntryStatus::rejected, EntryStatus::submitted, Actor::user, "submit", "after correction"},
    {EntryStatus::submitted, EntryStatus::draft, Actor::user, "recall_entries", "before approval"},
    {EntryStatus::submitted, EntryStatus::approved, Actor::user, "approve", "actuals written"},
    {EntryStatus::submitted, EntryStatus::returned, Actor::user, "reject", "time"},
    {EntryStatus::submitted, EntryStatus::rejected, Actor::user, "reject", "expense and material"},
    {EntryStatus::approved, EntryStatus::submitted, Actor::user, "cancel_approval",
     "actuals reversed; not on an invoice"},
    {EntryStatus::approved, EntryStatus::recall_requested, Actor::user, "recall_entries", "not invoiced"},
    {EntryStatus::recall_requested, EntryStatus::returned, Actor::user, "approve_recall", "time; actuals reversed"},
    {EntryStatus::recall_requested, EntryStatus::rejected, Actor::user, "approve_recall",
     "expense and material; actuals reversed"},
    {EntryStatus::recall_requested, EntryStatus::approved, Actor::user, "reject_recall", "nothing else changes"},
};

inline constexpr Transition<ContractStatus> contract_transitions[] = {
    {ContractStatus::draft, ContractStatus::active, Actor::user, "confirm_contract",
     "actuals not on an invoice are evaluated again"},
    {ContractStatus::draft, ContractStatus::closed, Actor::user, "close_contract",
     "actuals not on an invoice are reversed"},
};

inline constexpr Transition<RunStatus> run_transitions[] = {
    {RunStatus::not_run, RunStatus::run_successful, Actor::system, "run_invoicing", "drafts made, or nothing was due"},
    {RunStatus::not_run, RunStatus::run_failed, Actor::system, "run_invoicing", "the reason is kept beside it"},
    {RunStatus::run_failed, RunStatus::run_successful, Actor::system, "run_invoicing", "a later run got through"},
};

inline constexpr Transition<JournalStatus> journal_transitions[] = {
    {JournalStatus::draft, JournalStatus::confirmed, Actor::user, "confirm_journal", "its actuals are written"},
};

namespace detail {

template <typename E, std::size_t count>
constexpr bool lists(const Transition<E> (&transitions)[count], E from, E to) noexcept {
    for (const Transition<E>& row : transitions)
        if (row.from == from && row.to == to)
            return true;
    return false;
}

template <typename E, std::size_t count>
constexpr bool leaves(const Transition<E> (&transitions)[count], E from) noexcept {
    for (const Transition<E>& row : transitions)
        if (row.from == from)
            return true;
    return false;
}

} // namespace detail

// The transitions of each status that has a machine.
constexpr const auto& transitions_of(BillingStatus) noexcept {
    return billing_transitions;
}
constexpr const auto& transitions_of(MilestoneStatus) noexcept {
    return milestone_transitions;
}
constexpr const auto& transitions_of(ProductStatus) noexcept {
    return product_transitions;
}
constexpr const auto& transitions_of(RetainerStatus) noexcept {
    return retainer_transitions;
}
constexpr const auto& transitions_of(RefundStatus) noexcept {
    return refund_transitions;
}
constexpr const auto& transitions_of(AdjustmentStatus) noexcept {
    return adjustment_transitions;
}
constexpr const auto& transitions_of(NteStatus) noexcept {
    return nte_transitions;
}
constexpr const auto& transitions_of(InvoiceStatus) noexcept {
    return invoice_transitions;
}
constexpr const auto& transitions_of(ProjectInvoiceStatus) noexcept {
    return project_invoice_transitions;
}
constexpr const auto& transitions_of(BulkConfirmationStatus) noexcept {
    return bulk_confirmation_transitions;
}
constexpr const auto& transitions_of(EntryStatus) noexcept {
    return entry_transitions;
}
constexpr const auto& transitions_of(ContractStatus) noexcept {
    return contract_transitions;
}
constexpr const auto& transitions_of(RunStatus) noexcept {
    return run_transitions;
}
constexpr const auto& transitions_of(JournalStatus) noexcept {
    return journal_transitions;
}

namespace detail {

// Every status that has a machine, the busiest first.
using StatusEnums = EnumList<BillingStatus, MilestoneStatus, ProductStatus, RetainerStatus, RefundStatus,
                             AdjustmentStatus, NteStatus, ProjectInvoiceStatus, InvoiceStatus, EntryStatus,
                             ContractStatus, RunStatus, BulkConfirmationStatus, JournalStatus>;

} // namespace detail

// Whether some verb may change `from` to `to`.
template <typename E>
constexpr bool allowed(E from, E to) noexcept {
    return detail::lists(transitions_of(from), from, to);
}

// Whether nothing leads away from a value.
template <typename E>
constexpr bool is_final(E value) noexcept {
    return !detail::leaves(transitions_of(value), value);
}

// One row of a machine in SQL labels.
struct TransitionRow {
    std::string_view type_name;
    std::string_view from;
    std::string_view to;
    Actor actor;
    std::string_view verb;
    std::string_view note;
};

// Every transition of every machine, machine by machine.
std::vector<TransitionRow> all_transitions();

// Whether the machine of that SQL type has the transition; false for unknown types and labels.
bool transition_allowed(std::string_view type_name, std::string_view from, std::string_view to) noexcept;

// Whether an item without a status of that type may get this one: an initial value.
bool may_start(std::string_view type_name, std::string_view label) noexcept;

// What an invoice has taken can only go back or be settled; what is settled is settled.
static_assert(is_final(BillingStatus::customer_invoice_posted) && is_final(BillingStatus::canceled));
static_assert(!allowed(BillingStatus::not_ready_to_invoice, BillingStatus::customer_invoice_created));
static_assert(!allowed(BillingStatus::customer_invoice_created, BillingStatus::not_ready_to_invoice));
static_assert(!allowed(BillingStatus::ready_to_invoice, BillingStatus::customer_invoice_posted));
// A posted milestone or product line goes back only to ready, by a confirmed corrective invoice.
static_assert(allowed(MilestoneStatus::customer_invoice_posted, MilestoneStatus::ready_to_invoice));
static_assert(!allowed(MilestoneStatus::customer_invoice_posted, MilestoneStatus::not_ready_to_invoice));
static_assert(!allowed(MilestoneStatus::customer_invoice_posted, MilestoneStatus::customer_invoice_created));
static_assert(!allowed(ProductStatus::customer_invoice_posted, ProductStatus::not_ready_to_invoice));
static_assert(!allowed(ProductStatus::customer_invoice_posted, ProductStatus::customer_invoice_created));
static_assert(!allowed(RetainerStatus::customer_invoice_posted, RetainerStatus::customer_invoice_created));
static_assert(!allowed(RefundStatus::refunded, RefundStatus::ready_to_refund));
static_assert(is_final(AdjustmentStatus::adjusted) && is_final(AdjustmentStatus::unadjustable));
// Confirmation is one-way.
static_assert(!allowed(ProjectInvoiceStatus::confirmed, ProjectInvoiceStatus::draft));
static_assert(!allowed(ProjectInvoiceStatus::confirmed, ProjectInvoiceStatus::in_review));
static_assert(!allowed(ProjectInvoiceStatus::draft, ProjectInvoiceStatus::posted));
static_assert(is_final(ProjectInvoiceStatus::posted) && is_final(InvoiceStatus::paid));
static_assert(is_final(ContractStatus::active) && is_final(ContractStatus::closed));
static_assert(is_final(RunStatus::run_successful));
static_assert(is_final(JournalStatus::confirmed));
static_assert(!allowed(EntryStatus::draft, EntryStatus::approved));

} // namespace billing
