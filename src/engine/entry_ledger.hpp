#pragma once
// What the ledger says of entries: their costs and sales that nobody has taken back.

#include <set>
#include <unordered_set>

#include "domain/standing.hpp"
#include "engine/verb.hpp"
#include "pg/enum_oids.hpp"

namespace billing::engine {

// Columns of an actual "a" as LedgerReader expects them, first in the list.
#define BILLING_LEDGER_COLUMNS                                                                                         \
    " a.actual_id, a.contract_id, a.contract_line_id, a.customer_id, a.transaction_type, a.billing_type,"              \
    " a.billing_status, a.adjustment_status, a.nte_status, a.quantity, a.price, a.amount, a.tax, a.entry_id,"          \
    " a.invoice_line_id, a.source_id, a.discount_percent, a.fee_percent, a.discount_amount, a.fee_amount,"             \
    " a.invoice_id "

class LedgerReader {
public:
    LedgerRow at(const pg::Rows& rows, std::uint64_t i) const;
    static std::int64_t entry_id(const pg::Rows& rows, std::uint64_t i) { return rows.id_or(i, 14, 0); }
    static std::int64_t invoice_line_id(const pg::Rows& rows, std::uint64_t i) { return rows.id_or(i, 15, 0); }
    static constexpr int columns = 21;

private:
    pg::EnumOids<TransactionType> type_;
    pg::EnumOids<BillingType> billing_type_;
    pg::EnumOids<BillingStatus> billing_status_;
    pg::EnumOids<AdjustmentStatus> adjustment_;
    pg::EnumOids<NteStatus> nte_;
};

class EntryLedger {
public:
    // Forgets everything and reads the actuals of these entries, without reversals and without what was taken back, but
    // for sales that had replaced a credited one. Of an entry that was billed it reads the invoices, too, and the
    // corrective ones that credited it, as far as the chain goes.
    void read(const Ids& entry_ids);

    const std::vector<LedgerRow>& of(std::int64_t entry_id) const;

private:
    bool was_billed(std::int64_t entry_id) const { return billed_.count(entry_id) != 0; }
    using InvoiceKey = std::pair<std::int64_t, std::int64_t>; // contract, invoice

    void add(const pg::Rows& rows, std::uint64_t i);
    void read_originals(const Ids& entry_ids);
    void find_invoices(std::set<InvoiceKey>& found);
    void read_invoices(const std::set<InvoiceKey>& invoices, std::set<InvoiceKey>& credits);
    void follow_invoices();

    LedgerReader reader_;
    std::unordered_map<std::int64_t, std::vector<LedgerRow>> rows_;
    std::unordered_set<std::int64_t> billed_;
    std::unordered_set<std::int64_t> lines_to_follow_; // invoice lines that billed a sale
};

// Contracts with customers that hold, or held, actuals of the entries; those for internal work need no lock.
Ids customer_contracts_of_entries(const Ids& entry_ids);

} // namespace billing::engine
