#include "engine/invoice_totals.hpp"

#include "guard/write_scope.hpp"

namespace billing::engine {

void recompute_totals(const Ids& invoice_ids) {
    static pg::Statement lines{R"(
        UPDATE billing.invoice_line l
           SET amount = t.amount, tax = t.tax
          FROM (SELECT d.invoice_line_id,
                       coalesce(pg_catalog.sum(d.net_amount) FILTER (WHERE d.billing_type = 'chargeable'), 0) AS amount,
                       coalesce(pg_catalog.sum(d.net_tax) FILTER (WHERE d.billing_type = 'chargeable'), 0) AS tax
                  FROM billing.draft_detail d
                 WHERE d.invoice_id = ANY ($1)
                 GROUP BY d.invoice_line_id) t
         WHERE l.invoice_line_id = t.invoice_line_id
           AND (l.amount, l.tax) IS DISTINCT FROM (t.amount, t.tax))",
                               {INT8ARRAYOID}};
    static pg::Statement emptied{R"(
        UPDATE billing.invoice_line l
           SET amount = 0, tax = 0
         WHERE l.invoice_id = ANY ($1) AND (l.amount <> 0 OR l.tax <> 0)
           AND NOT EXISTS (SELECT 1 FROM billing.draft_detail d WHERE d.invoice_line_id = l.invoice_line_id))",
                                 {INT8ARRAYOID}};
    static pg::Statement headers{R"(
        UPDATE billing.invoice i
           SET detail_amount = t.amount, total_tax = t.tax, total_amount = t.amount + t.tax
          FROM (SELECT l.invoice_id, l.contract_id, pg_catalog.sum(l.amount) AS amount, pg_catalog.sum(l.tax) AS tax
                  FROM billing.invoice_line l
                  JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
                 WHERE v.invoice_id = ANY ($1)
                 GROUP BY l.invoice_id, l.contract_id) t
         WHERE i.invoice_id = t.invoice_id AND i.contract_id = t.contract_id)",
                                 {INT8ARRAYOID}};
    guard::write(lines, "invoice_line", guard::Write::update, pg::Parameters().ids(invoice_ids));
    guard::write(emptied, "invoice_line", guard::Write::update, pg::Parameters().ids(invoice_ids));
    guard::write(headers, "invoice", guard::Write::update, pg::Parameters().ids(invoice_ids));
}

} // namespace billing::engine
