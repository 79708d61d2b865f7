#pragma once
// Details of draft invoices named in a call: by actual, milestone share, product line, or by the detail itself if it is
// manual or a correction.

#include "domain/edit_rules.hpp"
#include "domain/extended.hpp"
#include "engine/verb.hpp"
#include "pg/enum_oids.hpp"

namespace billing::engine {

// A detail as it stands on the draft now, and what its source says.
struct DraftDetail {
    DetailKind kind;
    std::int64_t source_id;
    std::int64_t detail_id; // 0: nothing stored, a plain link
    std::int64_t contract_id;
    std::int64_t invoice_id;
    std::int64_t invoice_line_id;
    std::string transaction_class;
    std::string billing_type;
    Decimal quantity;
    Decimal price;
    Decimal amount;
    Decimal tax;
    DateADT date;
    std::optional<std::string> description;
    std::optional<std::string> external_description;
    std::optional<Decimal> source_quantity;
    std::optional<Decimal> source_price;
    std::optional<Decimal> source_amount;
    std::optional<Decimal> source_tax;
    int money_scale;
    std::optional<bool> keeps_rest; // chosen for this detail: what a reduced quantity leaves stays in the backlog
    bool contract_keeps_rest;       // ... unless chosen, on this contract
    std::optional<std::string> source_billing_type;
    Extension extension;
    Extension source_extension;

    bool is_correction() const { return billing::is_correction(kind); }
};

class DetailSelection {
public:
    // Arguments from `first` on: actuals, milestones, products, details. Locks the contracts concerned.
    // `retainers` are looked at by the caller, only their contracts are locked with the others.
    // Raises ZB020 for a detail that is on no invoice, ZB022 for one on a confirmed invoice.
    static DetailSelection lock(const Verb& verb, int first, const std::optional<Ids>& retainers = std::nullopt);

    const std::vector<DraftDetail>& all() const { return details_; }
    // Sources of one kind.
    Ids ids(DetailKind kind) const;
    Ids invoice_ids() const;

private:
    static void require_complete(std::string_view name, const Ids& found, const std::optional<Ids>& wanted);
    Ids own_ids() const; // of manual details and corrections
    std::vector<DraftDetail> details_;
};

// Reads details by source, or by their own id.
std::vector<DraftDetail> read_details(const std::optional<Ids>& actuals, const std::optional<Ids>& milestones,
                                      const std::optional<Ids>& products, const std::optional<Ids>& details);

// A result row (detail_kind, source_id, invoice_id, invoice_line_id, billing_type, quantity, price, amount, tax).
void emit_detail(Verb& verb, const DraftDetail& detail);

} // namespace billing::engine
