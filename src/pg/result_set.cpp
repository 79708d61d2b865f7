#include "pg/result_set.hpp"

#include "pg/compat.hpp"
#include "wall/backend.hpp"

namespace billing::pg {

ResultSet::ResultSet(FunctionCallInfo fcinfo) {
    wall::call([fcinfo] { init_result_set(fcinfo); });
    auto const* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    store_ = result->setResult;
    columns_ = result->setDesc;
    if (columns_->natts > static_cast<int>(most_columns)) {
        throw DomainError(sqlstate::inconsistent, "result set has too many columns");
    }
}

void ResultSet::emit() {
    if (static_cast<int>(position_) != columns_->natts) {
        throw DomainError(sqlstate::inconsistent, "result row has " + std::to_string(position_) +
                                                      " columns instead of " + std::to_string(columns_->natts));
    }
    position_ = 0;
    wall::call([this] { tuplestore_putvalues(store_, columns_, values_, nulls_); });
}

} // namespace billing::pg
