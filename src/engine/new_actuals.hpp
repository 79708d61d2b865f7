#pragma once
// Actuals that an entry becomes, collected and written many at a time.

#include "engine/work_terms.hpp"
#include "pg/row_batch.hpp"
#include "pg/sequence.hpp"

namespace billing::engine {

// An actual as written, ready to be shown.
struct NewRow {
    std::int64_t actual_id; // 0: only tried
    std::int64_t contract_id;
    std::int64_t line_id;
    std::int64_t customer_id;
    Datum type;
    Datum billing_type;
    Datum nte_status;
    Datum quantity;
    Datum price;
    Datum amount;
    Datum tax;
};

// The ids of new actuals come from here and nowhere else in C++.
class ActualIds : public pg::Sequence {
public:
    ActualIds() : Sequence("actual_actual_id_seq") {}
};

class NewActuals {
public:
    NewActuals();

    // The row as it would be written.
    NewRow show(std::int64_t contract_id, std::int64_t line_id, const NewActual& actual, NteStatus nte) const;

    // Collects one actual of the entry; `source_id` is the actual it is written instead of, where it does not say
    // what the entry says.
    NewRow add(const EntryRow& entry, std::int64_t contract_id, std::int64_t line_id, const NewActual& actual,
               const NteVerdict& nte, std::int64_t source_id = 0);

    // Writes what was collected.
    void write();
    void close() { batch_.close(); }

private:
    ActualIds ids_;
    pg::EnumOids<TransactionType> transaction_type_;
    pg::EnumOids<TransactionClass> class_;
    pg::EnumOids<BillingType> billing_type_;
    pg::EnumOids<NteStatus> nte_status_;
    pg::EnumOids<NteLevel> nte_level_;
    pg::RowBatch batch_;
};

} // namespace billing::engine
