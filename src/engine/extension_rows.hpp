#pragma once
// Discount and fee in rows that are read and written. The four columns stand together: all NULL where the contract line
// had neither when the sale was written, so that such rows cost nothing.

#include "domain/extended.hpp"
#include "pg/row_batch.hpp"
#include "pg/statement.hpp"

namespace billing::engine {

// Columns discount_percent, fee_percent, discount_amount, fee_amount, from `first` on.
inline Extension extension_at(const pg::Rows& rows, std::uint64_t i, int first) {
    std::optional<Decimal> const discount_percent = rows.decimal_or_null(i, first);
    if (!discount_percent) {
        return {};
    }
    return {{*discount_percent, rows.decimal(i, first + 1)}, rows.decimal(i, first + 2), rows.decimal(i, first + 3)};
}

// The same four of a batch, as its last columns …
#define BILLING_EXTENSION_BATCH_COLUMNS                                                                                \
    {"discount_percent", NUMERICOID}, {"fee_percent", NUMERICOID}, {"discount_amount", NUMERICOID}, {                  \
        "fee_amount", NUMERICOID                                                                                       \
    }

// … and their values.
inline void add_extension(pg::RowBatch& batch, const Extension& extension) {
    if (extension.rates.any()) {
        batch.add(pg::numeric_of(extension.rates.discount)).add(pg::numeric_of(extension.rates.fee));
        batch.add(pg::numeric_of(extension.discount)).add(pg::numeric_of(extension.fee));
    } else {
        batch.add_null().add_null().add_null().add_null();
    }
}

// A value for an array of numbers some of which are missing.
inline std::optional<std::string> text_if_agreed(const Extension& extension, const Decimal& value) {
    return extension.rates.any() ? std::optional<std::string>(value.text()) : std::nullopt;
}

} // namespace billing::engine
