#include "engine/entry_ledger.hpp"

#include "engine/entries.hpp"
#include "engine/extension_rows.hpp"

namespace billing::engine {

LedgerRow LedgerReader::at(const pg::Rows& rows, std::uint64_t i) const {
    return {rows.id(i, 1),
            rows.id(i, 2),
            rows.id_or(i, 3, 0),
            rows.id_or(i, 4, 0),
            type_(rows.value(i, 5)),
            billing_type_(rows.value(i, 6)),
            billing_status_(rows.value(i, 7)),
            adjustment_(rows.value(i, 8)),
            nte_(rows.value(i, 9)),
            rows.id_or(i, 16, 0),
            rows.decimal(i, 10),
            rows.decimal(i, 11),
            rows.decimal(i, 12),
            rows.decimal(i, 13),
            extension_at(rows, i, 17),
            rows.id_or(i, 21, 0)};
}

void EntryLedger::read(const Ids& entry_ids) {
    rows_.clear();
    billed_.clear();
    lines_to_follow_.clear();
    read_originals(entry_ids);
    follow_invoices();
}

const std::vector<LedgerRow>& EntryLedger::of(std::int64_t entry_id) const {
    static const std::vector<LedgerRow> none;
    auto const found = rows_.find(entry_id);
    return found == rows_.end() ? none : found->second;
}

void EntryLedger::add(const pg::Rows& rows, std::uint64_t i) {
    LedgerRow const row = reader_.at(rows, i);
    std::int64_t const entry_id = LedgerReader::entry_id(rows, i);
    rows_[entry_id].push_back(row);
    bool const was_on_invoice =
        row.billing_status == BillingStatus::customer_invoice_posted || row.billing_status == BillingStatus::canceled;
    std::int64_t const line = LedgerReader::invoice_line_id(rows, i);
    if (row.type == TransactionType::unbilled_sales && was_on_invoice && line != 0) {
        billed_.insert(entry_id);
        lines_to_follow_.insert(line);
    }
}

// What approval and re-evaluation wrote. A sale that is adjusted though it was on an invoice was edited there; one that
// is adjusted otherwise was taken back; it still tells where the price of what replaced it came from.
void EntryLedger::read_originals(const Ids& entry_ids) {
    static pg::Statement read{"SELECT" BILLING_LEDGER_COLUMNS R"(
          FROM billing.actual a
         WHERE a.entry_id = ANY ($1) AND a.invoice_id IS NULL AND a.reverses_id IS NULL
           AND (a.adjustment_status IN ('adjustable', 'in_process')
                OR (a.adjustment_status = 'adjusted' AND (a.invoice_line_id IS NOT NULL OR a.source_id IS NOT NULL))))",
                              {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(entry_ids));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        add(rows, i);
    }
}

void EntryLedger::find_invoices(std::set<InvoiceKey>& found) {
    static pg::Statement read{
        "SELECT DISTINCT contract_id, invoice_id FROM billing.invoice_line WHERE invoice_line_id = ANY ($1)",
        {INT8ARRAYOID}};
    if (lines_to_follow_.empty()) {
        return;
    }
    Ids const lines(lines_to_follow_.begin(), lines_to_follow_.end());
    lines_to_follow_.clear();
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(lines));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        found.insert({rows.id(i, 1), rows.id(i, 2)});
    }
}

// Rows that invoices wrote for billed entries, each invoice read once; `credits` gets the invoices that credited them.
void EntryLedger::read_invoices(const std::set<InvoiceKey>& invoices, std::set<InvoiceKey>& credits) {
    static pg::Statement read{"SELECT" BILLING_LEDGER_COLUMNS R"(, r.invoice_id
          FROM unnest($1, $2) AS k (contract_id, invoice_id)
          JOIN billing.actual a ON a.contract_id = k.contract_id AND a.invoice_id = k.invoice_id
          LEFT JOIN billing.actual r ON r.reverses_id = a.actual_id AND r.contract_id = a.contract_id
                                    AND a.transaction_type = 'billed_sales'
         WHERE a.entry_id IS NOT NULL AND a.reverses_id IS NULL)",
                              {INT8ARRAYOID, INT8ARRAYOID}};
    Ids contracts;
    Ids ids;
    for (InvoiceKey const& key : invoices) {
        contracts.push_back(key.first);
        ids.push_back(key.second);
    }
    pg::query_in_batches(read, pg::Parameters().ids(contracts).ids(ids), entries_per_batch, [&](const pg::Rows& rows) {
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            if (!was_billed(LedgerReader::entry_id(rows, i))) {
                continue;
            }
            add(rows, i);
            if (rows.datum(i, LedgerReader::columns + 1)) {
                credits.insert({rows.id(i, 2), rows.id(i, LedgerReader::columns + 1)});
            }
        }
    });
}

void EntryLedger::follow_invoices() {
    std::set<InvoiceKey> known;
    std::set<InvoiceKey> found;
    find_invoices(found);
    while (!found.empty()) {
        known.insert(found.begin(), found.end());
        std::set<InvoiceKey> next;
        read_invoices(found, next);
        find_invoices(next);
        found.clear();
        for (InvoiceKey const& key : next) {
            if (known.count(key) == 0) {
                found.insert(key);
            }
        }
    }
}

Ids customer_contracts_of_entries(const Ids& entry_ids) {
    static pg::Statement read{R"(
        SELECT DISTINCT a.contract_id
          FROM billing.actual a
          JOIN billing.contract c ON c.contract_id = a.contract_id AND c.kind = 'customer'
         WHERE a.entry_id = ANY ($1) AND a.invoice_id IS NULL)",
                              {INT8ARRAYOID}};
    return pg::query(read, pg::Parameters().ids(entry_ids)).ids(1);
}

} // namespace billing::engine
