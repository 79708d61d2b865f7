#include "engine/invoice_list.hpp"

#include "engine/contract_book.hpp"

namespace billing::engine {

std::string ListedInvoice::why_not_editable() const {
    if (!exists) {
        return "there is no invoice with this id";
    }
    return "the invoice is " + status + " and final; correct it with a corrective invoice";
}

InvoiceList InvoiceList::lock(const Ids& invoice_ids) {
    static pg::Statement find{"SELECT DISTINCT contract_id FROM billing.invoice WHERE invoice_id = ANY ($1)",
                              {INT8ARRAYOID}};
    static pg::Statement read{R"(
        SELECT i.id, v.contract_id, v.customer_id, v.company_id, v.project_invoice_status::text, v.invoice_status::text,
               coalesce(v.series, c.invoice_series, o.invoice_series), v.currency
          FROM (SELECT DISTINCT u.id FROM unnest($1) AS u (id)) i
          LEFT JOIN billing.invoice v ON v.invoice_id = i.id
          LEFT JOIN billing.contract c ON c.contract_id = v.contract_id
          LEFT JOIN billing.company o ON o.company_id = v.company_id
         ORDER BY i.id)",
                              {INT8ARRAYOID}};
    pg::Rows const found = pg::query(find, pg::Parameters().ids(invoice_ids));
    lock_contracts(found.ids(1));
    InvoiceList list;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(invoice_ids));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        bool const exists = rows.datum(i, 2).has_value();
        list.invoices_.push_back({rows.id(i, 1), exists, rows.id_or(i, 2, 0), rows.id_or(i, 3, 0), rows.id_or(i, 4, 0),
                                  rows.text_or_null(i, 5).value_or(""), rows.text_or_null(i, 6).value_or(""),
                                  rows.text_or_null(i, 7).value_or(""), rows.text_or_null(i, 8).value_or("")});
    }
    return list;
}

ListedInvoice lock_editable_invoice(std::int64_t invoice_id) {
    InvoiceList const list = InvoiceList::lock({invoice_id});
    ListedInvoice const& invoice = list.all().front();
    if (!invoice.is_editable()) {
        throw DomainError(invoice.exists ? sqlstate::not_editable : sqlstate::unknown_item,
                          "invoice " + std::to_string(invoice_id) + ": " + invoice.why_not_editable());
    }
    return invoice;
}

Ids InvoiceList::contract_ids() const {
    Ids ids;
    for (ListedInvoice const& invoice : invoices_) {
        if (invoice.exists) {
            ids.push_back(invoice.contract_id);
        }
    }
    return ids;
}

void emit_invoice(Verb& verb, const ListedInvoice& invoice, ItemOutcome outcome, std::string_view reason) {
    pg::EnumOids<ItemOutcome> const outcomes;
    verb.result.id(invoice.invoice_id)
        .id_or_null(invoice.contract_id)
        .add(outcomes(outcome))
        .text_or_null(reason)
        .emit();
}

} // namespace billing::engine
