// What revise_invoice() does with retainers. A retainer billed, an advance applied and a refund are taken back in full
// or not at all; while a corrective draft holds one of them, the retainer's balance is not moved in a way that would be
// in its way.

#include "engine/retainer_correction.hpp"

#include "guard/write_scope.hpp"

namespace billing::engine {

namespace {

// Why a retainer sale cannot be taken back; empty if it can.
std::string problem_of(const pg::Rows& rows, std::uint64_t i, DetailKind kind) {
    std::string const refund_status = rows.text(i, 5);
    if (kind != DetailKind::refund && refund_status == "refunded") {
        return "retainer " + std::to_string(rows.id(i, 3)) + " was refunded; revise the invoice that refunded it first";
    }
    if (refund_status == "ready_to_refund") {
        return "retainer " + std::to_string(rows.id(i, 3)) + " is staged for refund; call cancel_refunds() first";
    }
    if (kind != DetailKind::retainer) {
        return {};
    }
    if (!rows.decimal(i, 6).is_zero()) {
        return rows.decimal(i, 6).trimmed().text() + " of it was used; revise the invoices that used it first";
    }
    std::optional<std::string> const drafts = rows.text_or_null(i, 7);
    return drafts ? "draft invoice " + *drafts + " holds a part of it; set_advance() to 0 there, or delete the draft"
                  : std::string();
}

} // namespace

std::vector<RetainerSale> retainer_sales_of(std::int64_t contract_id, std::int64_t invoice_id) {
    static pg::Statement read{R"(
        SELECT b.actual_id,
               CASE WHEN b.source_id IS NULL THEN 'retainer' WHEN a.retainer_id IS NULL THEN 'refund' ELSE 'advance' END,
               r.retainer_id, r.contract_id, r.refund_status::text, r.used_amount,
               (SELECT pg_catalog.string_agg(h.invoice_id::text, ', ' ORDER BY h.invoice_id)
                  FROM billing.invoice_advance h
                 WHERE h.contract_id = r.contract_id AND h.retainer_id = r.retainer_id AND h.used_before IS NULL
                   AND h.amount > 0)
          FROM billing.actual b
          JOIN billing.retainer r ON r.retainer_id = b.retainer_id AND r.contract_id = b.contract_id
          LEFT JOIN billing.invoice_advance a ON a.contract_id = b.contract_id AND a.invoice_id = b.invoice_id
                                             AND a.retainer_id = b.retainer_id
         WHERE b.contract_id = $1 AND b.invoice_id = $2 AND b.transaction_type = 'billed_sales'
           AND b.reverses_id IS NULL
         ORDER BY b.actual_id)",
                              {INT8OID, INT8OID}};
    std::vector<RetainerSale> sales;
    pg::Rows const rows = pg::query(read, pg::Parameters().id(contract_id).id(invoice_id));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        DetailKind const kind = *from_label<DetailKind>(rows.text(i, 2));
        sales.push_back({rows.id(i, 1), rows.id(i, 3), rows.id(i, 4), kind, problem_of(rows, i, kind)});
    }
    return sales;
}

void hold_retainer_sales(std::int64_t draft_id, const std::vector<RetainerSale>& sales) {
    static pg::Statement insert{R"(
        INSERT INTO billing.retainer_correction (contract_id, actual_id, invoice_id, retainer_id, detail_kind)
        SELECT d.contract_id, d.actual_id, $4, d.retainer_id, d.kind::billing.detail_kind
          FROM unnest($1, $2, $3, $5) AS d (contract_id, actual_id, retainer_id, kind))",
                                {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8OID, TEXTARRAYOID}};
    Ids contracts;
    Ids actuals;
    Ids retainers;
    std::vector<std::string> kinds;
    for (RetainerSale const& sale : sales) {
        contracts.push_back(sale.contract_id);
        actuals.push_back(sale.actual_id);
        retainers.push_back(sale.retainer_id);
        kinds.emplace_back(label(sale.kind));
    }
    if (!actuals.empty()) {
        guard::write(insert, "retainer_correction", guard::Write::insert,
                     pg::Parameters().ids(contracts).ids(actuals).ids(retainers).id(draft_id).texts(kinds));
    }
}

} // namespace billing::engine
