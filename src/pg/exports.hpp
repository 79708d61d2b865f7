#pragma once
// Every function that SQL may call, and nothing else, is visible outside the library.

#include "pg/postgres.hpp"

#define BILLING_SQL_FUNCTIONS(DECLARE)                                                                                 \
    DECLARE(status_catalog)                                                                                            \
    DECLARE(status_transitions)                                                                                        \
    DECLARE(status_label)                                                                                              \
    DECLARE(status_from_label)                                                                                         \
    DECLARE(currency_scale)                                                                                            \
    DECLARE(guard_row)                                                                                                 \
    DECLARE(guard_statement)                                                                                           \
    DECLARE(guard_wakes)                                                                                               \
    DECLARE(install)                                                                                                   \
    DECLARE(company_created)                                                                                           \
    DECLARE(contract_saved)                                                                                            \
    DECLARE(contract_removed)                                                                                          \
    DECLARE(contract_line_removed)                                                                                     \
    DECLARE(contract_line_defaults)                                                                                    \
    DECLARE(contract_line_saved)                                                                                       \
    DECLARE(contract_line_task_saved)                                                                                  \
    DECLARE(contract_line_customer_added)                                                                              \
    DECLARE(milestone_saved)                                                                                           \
    DECLARE(milestone_removed)                                                                                         \
    DECLARE(distribute_evenly)                                                                                         \
    DECLARE(allocate)                                                                                                  \
    DECLARE(split_actual)                                                                                              \
    DECLARE(submit)                                                                                                    \
    DECLARE(approve)                                                                                                   \
    DECLARE(reject)                                                                                                    \
    DECLARE(recall_entries)                                                                                            \
    DECLARE(approve_recall)                                                                                            \
    DECLARE(reject_recall)                                                                                             \
    DECLARE(cancel_approval)                                                                                           \
    DECLARE(confirm_contract)                                                                                          \
    DECLARE(close_contract)                                                                                            \
    DECLARE(reevaluate_work)                                                                                           \
    DECLARE(entries_removed)                                                                                           \
    DECLARE(reset_nte)                                                                                                 \
    DECLARE(reevaluate_nte)                                                                                            \
    DECLARE(mark_ready_to_invoice)                                                                                     \
    DECLARE(mark_not_ready_to_invoice)                                                                                 \
    DECLARE(preview_invoices)                                                                                          \
    DECLARE(create_invoices)                                                                                           \
    DECLARE(add_to_invoice)                                                                                            \
    DECLARE(refresh_invoices)                                                                                          \
    DECLARE(edit_invoice_details)                                                                                      \
    DECLARE(add_invoice_detail)                                                                                        \
    DECLARE(remove_invoice_details)                                                                                    \
    DECLARE(delete_invoices)                                                                                           \
    DECLARE(review_invoices)                                                                                           \
    DECLARE(return_to_draft)                                                                                           \
    DECLARE(confirm_invoices)                                                                                          \
    DECLARE(mark_paid)                                                                                                 \
    DECLARE(revise_invoice)                                                                                            \
    DECLARE(is_frequency)                                                                                              \
    DECLARE(frequency_dates)                                                                                           \
    DECLARE(generate_schedule)                                                                                         \
    DECLARE(generate_milestones)                                                                                       \
    DECLARE(set_progress)                                                                                              \
    DECLARE(begin_invoice_run)                                                                                         \
    DECLARE(run_next_contract)                                                                                         \
    DECLARE(retainer_removed)                                                                                          \
    DECLARE(retainer_saved)                                                                                            \
    DECLARE(generate_retainers)                                                                                        \
    DECLARE(add_invoice_retainer)                                                                                      \
    DECLARE(set_advance)                                                                                               \
    DECLARE(stage_refunds)                                                                                             \
    DECLARE(cancel_refunds)                                                                                            \
    DECLARE(schedule_bulk_confirmation)                                                                                \
    DECLARE(start_bulk_confirmation)                                                                                   \
    DECLARE(finish_bulk_confirmation)                                                                                  \
    DECLARE(journal_line_rules)                                                                                        \
    DECLARE(journal_line_saved)                                                                                        \
    DECLARE(select_for_correction)                                                                                     \
    DECLARE(select_for_cancellation)                                                                                   \
    DECLARE(release_from_journal)                                                                                      \
    DECLARE(preview_journal)                                                                                           \
    DECLARE(confirm_journal)                                                                                           \
    DECLARE(delete_journals)                                                                                           \
    DECLARE(price_for)                                                                                                 \
    DECLARE(explain_prices)                                                                                            \
    DECLARE(rerate)                                                                                                    \
    DECLARE(verify)

extern "C" {
#pragma GCC visibility push(default)
#define BILLING_DECLARE(name) PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);
BILLING_SQL_FUNCTIONS(BILLING_DECLARE)
#undef BILLING_DECLARE
#pragma GCC visibility pop
}
