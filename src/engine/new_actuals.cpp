#include "engine/new_actuals.hpp"

#include "engine/extension_rows.hpp"
#include "guard/write_scope.hpp"

namespace billing::engine {

NewActuals::NewActuals()
    : batch_("new_actual", {{"contract_id", INT8OID},
                            {"actual_id", INT8OID},
                            {"contract_line_id", INT8OID},
                            {"customer_id", INT8OID},
                            {"entry_id", INT8OID},
                            {"source_id", INT8OID},
                            {"transaction_type", pg::type_oid("transaction_type")},
                            {"transaction_class", pg::type_oid("transaction_class")},
                            {"billing_type", pg::type_oid("billing_type")},
                            {"nte_status", pg::type_oid("nte_status")},
                            {"nte_failed_level", pg::type_oid("nte_level")},
                            {"transaction_date", DATEOID},
                            {"is_open", BOOLOID},
                            {"quantity", NUMERICOID},
                            {"price", NUMERICOID},
                            {"amount", NUMERICOID},
                            {"tax", NUMERICOID},
                            BILLING_EXTENSION_BATCH_COLUMNS}) {}

NewRow NewActuals::show(std::int64_t contract_id, std::int64_t line_id, const NewActual& actual, NteStatus nte) const {
    return {0,
            contract_id,
            line_id,
            actual.customer_id,
            transaction_type_(actual.type),
            billing_type_(actual.billing_type),
            nte_status_(nte),
            pg::numeric_of(actual.quantity),
            pg::numeric_of(actual.price),
            pg::numeric_of(actual.amount),
            pg::numeric_of(actual.tax)};
}

NewRow NewActuals::add(const EntryRow& entry, std::int64_t contract_id, std::int64_t line_id, const NewActual& actual,
                       const NteVerdict& nte, std::int64_t source_id) {
    NewRow row = show(contract_id, line_id, actual, nte.status);
    row.actual_id = ids_.next();
    batch_.id(contract_id).id(row.actual_id).id_or_null(line_id).id_or_null(row.customer_id).id(entry.entry_id);
    batch_.id_or_null(source_id);
    batch_.add(row.type).add(class_(entry.work.transaction_class)).add(row.billing_type).add(row.nte_status);
    nte.failed_level ? batch_.add(nte_level_(*nte.failed_level)) : batch_.add_null();
    batch_.add(DateADTGetDatum(entry.date)).add(BoolGetDatum(actual.type == TransactionType::unbilled_sales));
    batch_.add(row.quantity).add(row.price).add(row.amount).add(row.tax);
    add_extension(batch_, actual.extension);
    batch_.emit();
    return row;
}

void NewActuals::write() {
    static pg::Statement insert{R"(
        INSERT INTO billing.actual
            (contract_id, actual_id, contract_line_id, customer_id, entry_id, source_id, transaction_type,
             transaction_class, billing_type, nte_status, nte_failed_level, transaction_date, is_open, quantity, price, amount, tax,
             discount_percent, fee_percent, discount_amount, fee_amount)
        SELECT contract_id, actual_id, contract_line_id, customer_id, entry_id, source_id, transaction_type,
               transaction_class, billing_type, nte_status, nte_failed_level, transaction_date, is_open, quantity, price, amount, tax,
               discount_percent, fee_percent, discount_amount, fee_amount
          FROM new_actual)",
                                {}};
    if (batch_.empty()) {
        return;
    }
    guard::write(insert, "actual", guard::Write::insert);
    batch_.clear();
}

} // namespace billing::engine
