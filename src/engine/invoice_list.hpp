#pragma once
// Invoices named in a call, read under the locks of their contracts.

#include "engine/verb.hpp"
#include "pg/enum_oids.hpp"

namespace billing::engine {

struct ListedInvoice {
    std::int64_t invoice_id;
    bool exists;
    std::int64_t contract_id;
    std::int64_t customer_id;
    std::int64_t company_id;
    std::string status;  // project invoice status
    std::string payment; // invoice status
    std::string series;  // of the legal number it has or will get
    std::string currency;

    bool is_editable() const { return status == "draft" || status == "in_review"; }
    std::string why_not_editable() const;
};

class InvoiceList {
public:
    // Locks the contracts of the invoices in ascending order, then reads the invoices. Ids are taken once each, in
    // ascending order; unknown ones are listed with exists = false.
    static InvoiceList lock(const Ids& invoice_ids);

    const std::vector<ListedInvoice>& all() const { return invoices_; }
    Ids contract_ids() const;

private:
    std::vector<ListedInvoice> invoices_;
};

// Locks the contract of one invoice and returns the invoice. Raises ZB022 if it can no longer be edited, ZB020 for an
// unknown id.
ListedInvoice lock_editable_invoice(std::int64_t invoice_id);

// A result row (invoice_id, contract_id, outcome, reason).
void emit_invoice(Verb& verb, const ListedInvoice& invoice, ItemOutcome outcome, std::string_view reason);

} // namespace billing::engine
