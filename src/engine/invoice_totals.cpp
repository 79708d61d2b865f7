#include "engine/invoice_totals.hpp"

#include "engine/advance.hpp"
#include "guard/write_scope.hpp"

namespace billing::engine {

std::map<std::int64_t, Decimal> recompute_headers(const Ids& invoice_ids) {
    static pg::Statement headers{R"(
        UPDATE billing.invoice i
           SET detail_amount = t.amount, total_tax = t.tax, total_amount = t.amount + t.tax
          FROM (SELECT v.invoice_id, v.contract_id, l.amount + r.amount AS amount, l.tax
                  FROM billing.invoice v
                 CROSS JOIN LATERAL (SELECT coalesce(pg_catalog.sum(s.amount), 0) AS amount,
                                            coalesce(pg_catalog.sum(s.tax), 0) AS tax
                                       FROM billing.invoice_line s
                                      WHERE s.invoice_id = v.invoice_id AND s.contract_id = v.contract_id) l
                 CROSS JOIN LATERAL (SELECT coalesce(pg_catalog.sum(d.amount), 0) AS amount
                                       FROM billing.retainer_detail d
                                      WHERE d.invoice_id = v.invoice_id AND d.contract_id = v.contract_id) r
                 WHERE v.invoice_id = ANY ($1)) t
         WHERE i.invoice_id = t.invoice_id AND i.contract_id = t.contract_id)",
                                 {INT8ARRAYOID}};
    std::map<std::int64_t, Decimal> taken = reapply_advances(invoice_ids);
    guard::write(headers, "invoice", guard::Write::update, pg::Parameters().ids(invoice_ids));
    return taken;
}

std::map<std::int64_t, Decimal> recompute_totals(const Ids& invoice_ids) {
    // The line itself counts 0, so that one without details is reached, too.
    static pg::Statement lines{R"(
        UPDATE billing.invoice_line l
           SET amount = t.amount, tax = t.tax
          FROM (SELECT u.invoice_line_id, pg_catalog.sum(u.amount) AS amount, pg_catalog.sum(u.tax) AS tax
                  FROM (SELECT d.invoice_line_id, d.net_amount AS amount, d.net_tax AS tax
                          FROM billing.draft_detail d
                         WHERE d.invoice_id = ANY ($1) AND d.billing_type = 'chargeable'
                        UNION ALL
                        SELECT i.invoice_line_id, 0, 0 FROM billing.invoice_line i WHERE i.invoice_id = ANY ($1)) u
                 GROUP BY u.invoice_line_id) t
         WHERE l.invoice_line_id = t.invoice_line_id
           AND (l.amount, l.tax) IS DISTINCT FROM (t.amount, t.tax))",
                               {INT8ARRAYOID},
                               pg::Planning::as_written};
    if (invoice_ids.empty()) {
        return {};
    }
    guard::write(lines, "invoice_line", guard::Write::update, pg::Parameters().ids(invoice_ids));
    return recompute_headers(invoice_ids);
}

} // namespace billing::engine
