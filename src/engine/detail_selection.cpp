#include "engine/detail_selection.hpp"

#include <algorithm>
#include <set>

#include "engine/contract_book.hpp"
#include "engine/extension_rows.hpp"

namespace billing::engine {

namespace {

void lock_contracts_of(const std::optional<Ids>& actuals, const std::optional<Ids>& milestones,
                       const std::optional<Ids>& products, const std::optional<Ids>& details,
                       const std::optional<Ids>& retainers) {
    static pg::Statement read{R"(
        SELECT contract_id FROM billing.actual WHERE actual_id = ANY ($1)
        UNION SELECT contract_id FROM billing.milestone_split WHERE milestone_split_id = ANY ($2)
        UNION SELECT contract_id FROM billing.contract_line WHERE contract_line_id = ANY ($3)
        UNION SELECT contract_id FROM billing.invoice_detail WHERE detail_id = ANY ($4)
        UNION SELECT contract_id FROM billing.retainer WHERE retainer_id = ANY ($5))",
                              {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};
    pg::Rows const rows =
        pg::query(read, pg::Parameters().ids(actuals).ids(milestones).ids(products).ids(details).ids(retainers));
    lock_contracts(rows.ids(1));
}

} // namespace

std::vector<DraftDetail> read_details(const std::optional<Ids>& actuals, const std::optional<Ids>& milestones,
                                      const std::optional<Ids>& products, const std::optional<Ids>& details) {
    static pg::Statement read{R"(
        SELECT d.detail_kind::text, d.source_id, d.detail_id, d.contract_id, d.invoice_id, d.invoice_line_id,
               d.transaction_class::text, d.billing_type::text, d.quantity, d.price, d.amount, d.tax,
               d.transaction_date, d.description, d.external_description, d.source_quantity, d.source_price,
               d.source_amount, d.source_tax, billing.currency_scale(c.currency)::int8, d.source_billing_type::text,
               d.discount_percent, d.fee_percent, d.discount_amount, d.fee_amount,
               d.discount_percent, d.fee_percent, d.source_discount_amount, d.source_fee_amount, d.keep_rest, c.keep_rest
          FROM (SELECT * FROM billing.draft_detail WHERE detail_kind = 'actual' AND source_id = ANY ($1)
                UNION ALL SELECT * FROM billing.draft_detail WHERE detail_kind = 'milestone' AND source_id = ANY ($2)
                UNION ALL SELECT * FROM billing.draft_detail WHERE detail_kind = 'product' AND source_id = ANY ($3)
                UNION ALL SELECT * FROM billing.draft_detail WHERE detail_kind NOT IN ('actual', 'milestone', 'product')
                                                                AND detail_id = ANY ($4)) d
          JOIN billing.contract c ON c.contract_id = d.contract_id)",
                              {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};
    std::vector<DraftDetail> found;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(actuals).ids(milestones).ids(products).ids(details));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        found.push_back({*from_label<DetailKind>(rows.text(i, 1)),
                         rows.id(i, 2),
                         rows.id_or(i, 3, 0),
                         rows.id(i, 4),
                         rows.id(i, 5),
                         rows.id(i, 6),
                         rows.text(i, 7),
                         rows.text(i, 8),
                         rows.decimal(i, 9),
                         rows.decimal(i, 10),
                         rows.decimal(i, 11),
                         rows.decimal(i, 12),
                         DatumGetDateADT(rows.value(i, 13)),
                         rows.text_or_null(i, 14),
                         rows.text_or_null(i, 15),
                         rows.decimal_or_null(i, 16),
                         rows.decimal_or_null(i, 17),
                         rows.decimal_or_null(i, 18),
                         rows.decimal_or_null(i, 19),
                         static_cast<int>(rows.id(i, 20)),
                         rows.datum(i, 30) ? std::optional<bool>(rows.flag(i, 30)) : std::nullopt,
                         rows.flag(i, 31),
                         rows.text_or_null(i, 21),
                         extension_at(rows, i, 22),
                         extension_at(rows, i, 26)});
    }
    return found;
}

DetailSelection DetailSelection::lock(const Verb& verb, int first, const std::optional<Ids>& retainers) {
    std::optional<Ids> const wanted[] = {verb.arguments.ids(first), verb.arguments.ids(first + 1),
                                         verb.arguments.ids(first + 2), verb.arguments.ids(first + 3)};
    if (!wanted[0] && !wanted[1] && !wanted[2] && !wanted[3] && !retainers) {
        throw DomainError(sqlstate::invalid_parameter, "no details named", {},
                          "Name actuals, milestones, products or details.");
    }
    lock_contracts_of(wanted[0], wanted[1], wanted[2], wanted[3], retainers);
    DetailSelection selection;
    selection.details_ = read_details(wanted[0], wanted[1], wanted[2], wanted[3]);
    require_complete("actual", selection.ids(DetailKind::actual), wanted[0]);
    require_complete("milestone", selection.ids(DetailKind::milestone), wanted[1]);
    require_complete("product", selection.ids(DetailKind::product), wanted[2]);
    require_complete("detail", selection.own_ids(), wanted[3]);
    return selection;
}

void DetailSelection::require_complete(std::string_view name, const Ids& found, const std::optional<Ids>& wanted) {
    if (!wanted) {
        return;
    }
    std::set<std::int64_t> const known(found.begin(), found.end());
    Ids missing;
    std::copy_if(wanted->begin(), wanted->end(), std::back_inserter(missing),
                 [&](std::int64_t id) { return known.count(id) == 0; });
    if (!missing.empty()) {
        throw DomainError(sqlstate::not_editable,
                          std::string(name) + " " + pg::list_of(missing) + " is on no draft invoice",
                          "Only details of invoices in draft or in review can be edited or removed.",
                          "Look at billing.invoice_line_detail.");
    }
}

Ids DetailSelection::ids(DetailKind kind) const {
    Ids ids;
    for (DraftDetail const& detail : details_) {
        if (detail.kind == kind) {
            ids.push_back(detail.source_id);
        }
    }
    return ids;
}

Ids DetailSelection::own_ids() const {
    Ids ids;
    for (DraftDetail const& detail : details_) {
        if (detail.kind == DetailKind::manual || detail.is_correction()) {
            ids.push_back(detail.detail_id);
        }
    }
    return ids;
}

Ids DetailSelection::invoice_ids() const {
    std::set<std::int64_t> ids;
    for (DraftDetail const& detail : details_) {
        ids.insert(detail.invoice_id);
    }
    return Ids(ids.begin(), ids.end());
}

void emit_detail(Verb& verb, const DraftDetail& detail) {
    pg::EnumOids<DetailKind> const kinds;
    pg::EnumOids<BillingType> const types;
    verb.result.add(kinds(detail.kind)).id(detail.source_id);
    verb.result.id(detail.invoice_id)
        .id(detail.invoice_line_id)
        .add(types(*from_label<BillingType>(detail.billing_type)));
    verb.result.decimal(detail.quantity).decimal(detail.price).decimal(detail.amount).decimal(detail.tax).emit();
}

} // namespace billing::engine
