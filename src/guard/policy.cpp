#include "guard/policy.hpp"

namespace billing::guard {

namespace {

constexpr Policy policies[] = {
    {"actual", "approve(), mark_ready_to_invoice(), create_invoices() and confirm_invoices()", "actual_id", false,
     false,
     "contract_id,actual_id,contract_line_id,customer_id,entry_id,milestone_split_id,detail_id,source_id,reverses_id,"
     "part_of_id,retainer_id,journal_line_id,invoice_id,invoice_line_id,transaction_type,transaction_class,billing_"
     "type,billing_"
     "status,adjustment_"
     "status,"
     "nte_status,nte_failed_level,transaction_date,is_open,quantity,price,amount,tax,"
     "discount_percent,fee_percent,discount_amount,fee_amount",
     "", "", "", "", "billing_status,adjustment_status,nte_status"},
    {"entry", "submit(), approve(), reject(), recall_entries() and cancel_approval()", "entry_id", true, true,
     "entry_id,entry_status,approved_billable_quantity,approved_billing_type,approved_at_list_price",
     "project_id,task_id,resource_id,role_id,category_id,product_id,transaction_class,billing_type,entry_date,quantity,"
     "billable_quantity,cost_price,sales_price,tax,currency,unit",
     "entry_status", "draft,returned,rejected", "entry_status=draft", "entry_status"},
    {"invoice", "create_invoices(), review_invoices(), confirm_invoices(), delete_invoices() and mark_paid()",
     "invoice_id", false, false,
     "contract_id,invoice_id,customer_id,company_id,operation_id,project_invoice_status,invoice_status,has_corrections,"
     "currency,series,number,invoice_number,detail_amount,total_tax,total_amount,created_at,confirmed_at,"
     "bulk_confirmation_status,bulk_confirmation_reason",
     "invoice_date,accounting_date,name,description,bill_to_name,invoice_address,payment_terms",
     "project_invoice_status", "draft,in_review", "", "project_invoice_status,invoice_status,bulk_confirmation_status"},
    {"invoice_line", "create_invoices() and edit_invoice_details()", "invoice_line_id", false, false,
     "contract_id,invoice_line_id,invoice_id,contract_line_id,customer_id,amount,tax,extended_amount,invoiced_to_date",
     "name", "invoiced_to_date", "", "", ""},
    {"invoice_detail", "edit_invoice_details(), add_invoice_detail() and remove_invoice_details()", "detail_id", false,
     false,
     "contract_id,detail_id,invoice_line_id,detail_kind,actual_id,milestone_split_id,transaction_class,billing_type,"
     "quantity,price,amount,tax,transaction_date,task_id,role_id,category_id,resource_id,product_id,description,"
     "external_description,discount_amount,fee_amount,keep_rest",
     "", "", "", "", ""},
    {"milestone_split", "mark_ready_to_invoice(), create_invoices() and confirm_invoices()", "milestone_split_id",
     false, false,
     "contract_id,milestone_split_id,milestone_id,contract_line_id,customer_id,invoice_line_id,milestone_status,"
     "has_billing_history,amount,tax,cut_from,credited_sale_id",
     "", "", "", "", "milestone_status"},
    {"milestone_progress", "set_progress()", "milestone_id", false, false, "contract_id,milestone_id,next_amount", "",
     "", "", "", ""},
    {"milestone", "DELETE for single milestones", "milestone_id", true, true, "", "", "", "", "", ""},
    {"contract",
     "confirm_contract() and close_contract() for the status; currency, company and kind are fixed by INSERT",
     "contract_id", true, true, "contract_id,company_id,kind,contract_status,currency,version", "", "kind", "customer",
     "version=", "contract_status"},
    {"contract_customer", "UPDATE billing.contract SET customer_id to change the primary customer", "customer_id", true,
     true, "contract_id,customer_id,is_primary", "", "is_primary", "f", "is_primary=", ""},
    {"contract_line",
     "mark_ready_to_invoice(), create_invoices() and confirm_invoices(); a line of another kind is a new line",
     "contract_line_id", true, true, "contract_id,contract_line_id,billing_method,product_status,invoice_line_id",
     "product_id,quantity,unit_price,tax", "product_status", ",not_ready_to_invoice,ready_to_invoice",
     "invoice_line_id=,product_status=?not_ready_to_invoice", "product_status"},
    {"contract_line_customer", "billing_split_percent 0 to keep a customer out of future work", "customer_id", true,
     true, "contract_id,contract_line_id,customer_id,in_use,committed_amount,billed_amount", "", "in_use", "f",
     "in_use=,committed_amount=,billed_amount=", ""},
    {"contract_line_scope", "INSERT and UPDATE on contract_line and contract_line_task", "contract_line_id", false,
     false, "contract_id,contract_line_id,project_id,transaction_class,tasks", "", "", "", "", ""},
    {"operation", "the verbs; the log writes itself", "operation_id", false, false,
     "operation_id,verb,run_key,started_at,role_name,session_role,application_name,arguments", "", "", "", "", ""},
    {"operation_change", "the verbs; the log writes itself", "operation_id", false, false,
     "operation_id,contract_id,item,status_column,from_status,to_status,contract_line_id,customer_id,item_count,amount,"
     "tax,ids,change_id",
     "", "", "", "", ""},
    {"retainer", "mark_ready_to_invoice(), create_invoices(), confirm_invoices() and stage_refunds()", "retainer_id",
     true, true,
     "contract_id,retainer_id,invoice_id,refund_invoice_id,open_actual_id,retainer_status,refund_status,used_amount,"
     "has_billing_history",
     "customer_id,amount,invoice_date", "retainer_status", "not_ready_to_invoice,ready_to_invoice",
     "invoice_id=,refund_invoice_id=,open_actual_id=,retainer_status=not_ready_to_invoice,refund_status=not_refunded,"
     "used_amount=,has_billing_history=",
     "retainer_status,refund_status"},
    {"invoice_advance", "set_advance()", "retainer_id", false, false,
     "contract_id,invoice_id,retainer_id,amount,limit_amount,used_before,credit_invoice_id", "", "", "", "", ""},
    {"retainer_correction", "revise_invoice() and remove_invoice_details()", "actual_id", false, false,
     "contract_id,actual_id,invoice_id,retainer_id,detail_kind", "", "", "", "", ""},
    {"invoice_series", "confirm_invoices(), which draws the numbers", "series", true, false,
     "company_id,series,start_after,issued", "", "", "", "issued=", ""},
    {"invoice_schedule", "generate_schedule() and run_invoicing()", "schedule_id", false, true,
     "contract_id,schedule_id,contract_line_id,run_status,reason,run_id", "run_date,cutoff_date", "run_status",
     "not_run,run_failed", "", "run_status"},
    {"invoice_run", "run_invoicing(), which keeps its own record", "run_id", false, false,
     "run_id,run_date,request,started_at,finished_at,contracts_total,contracts_done,draft_count,failure_count", "", "",
     "", "", ""},
    {"invoice_run_contract", "run_invoicing(), which keeps its own record", "contract_id", false, false,
     "run_id,contract_id,run_status,reason,operation_id,draft_count,total_amount,finished_at", "", "", "", "",
     "run_status"},
    {"journal", "confirm_journal() and delete_journals()", "journal_id", true, true,
     "contract_id,journal_id,journal_type,journal_status,confirmed_at", "", "journal_status", "draft",
     "journal_status=draft,confirmed_at=", "journal_status"},
    {"journal_line", "confirm_journal() while its journal is a draft, a cancellation journal afterwards",
     "journal_line_id", true, true, "contract_id,journal_line_id,journal_id,actual_id",
     "contract_line_id,customer_id,project_id,task_id,resource_id,role_id,category_id,product_id,transaction_type,"
     "transaction_class,billing_type,amount_method,transaction_date,document_date,start_date,end_date,accounting_date,"
     "quantity,price,amount,tax,currency,unit,description,external_description",
     "actual_id", "", "actual_id=", ""},
    {"journal_correction", "select_for_correction(), release_from_journal() and confirm_journal()", "entry_id", false,
     false, "contract_id,journal_id,entry_id,is_claim,before",
     "entry_date,task_id,resource_id,role_id,category_id,product_id,billing_type,quantity,billable_quantity,cost_price,"
     "sales_price,tax,description,external_description",
     "is_claim", "t", "", ""},
    {"journal_cancellation", "select_for_cancellation(), release_from_journal() and confirm_journal()", "actual_id",
     false, false, "contract_id,journal_id,actual_id,is_claim", "", "", "", "", ""},
};

} // namespace

const Policy* policy_for(std::string_view table) {
    for (Policy const& policy : policies) {
        if (policy.table == table) {
            return &policy;
        }
    }
    return nullptr;
}

} // namespace billing::guard
