#pragma once
// SQL run through SPI with a plan kept for the life of the backend.

#include <array>
#include <exception>
#include <functional>
#include <initializer_list>

#include "pg/postgres.hpp"
#include "pg/value.hpp"

namespace billing::pg {

// How a statement is planned. Engine statements join tables that may have been filled a moment ago, in the same
// transaction, without statistics: their plans are fixed by construction, whatever the planner believes.
enum class Planning {
    by_keys,    // nested loops over the keys handed in, through indexes, as if every table were large
    as_written, // the same, in the order of the joins: they begin with what the keys name
    by_scan,    // one index scan over the contracts handed in, hash joins with what is small
    free        // the planner decides, from statistics
};

// One SQL statement. Declare it `static` beside the verb that runs it; parameter types are built-in types only
// (enums travel as text), so a plan never depends on an OID that DROP EXTENSION could retire.
// The plan is generic: it does not change with the data, and works on tables that were never analyzed.
class Statement {
public:
    static constexpr std::size_t max_parameters = 20;

    constexpr Statement(const char* query, std::initializer_list<Oid> parameter_types,
                        Planning planning = Planning::by_keys)
        : text_(query), parameter_count_(static_cast<int>(parameter_types.size())), planning_(planning) {
        std::size_t i = 0;
        for (Oid const type : parameter_types) {
            types_[i++] = type;
        }
    }

    // The plan, ready to run. Planning happens here and not on execution, for two reasons: the settings that fix the
    // plan do not reach what customers' triggers run, and functions that planning folds to constants run before the
    // write they could hide in.
    SPIPlanPtr plan();

    // The one statement of the plan that plan() made.
    const PlannedStmt* planned() const { return planned_; }

    Oid parameter_type(std::size_t i) const { return types_[i]; }

private:
    void prepare();

    const char* text_;
    int parameter_count_;
    Planning planning_;
    std::array<Oid, max_parameters> types_{};
    SPIPlanPtr plan_ = nullptr;
    const PlannedStmt* planned_ = nullptr;
};

// Parameters of one execution.
class Parameters {
public:
    Parameters& add(Datum value) {
        values_.push_back(value);
        nulls_.push_back(' ');
        return *this;
    }
    Parameters& add_null() {
        values_.push_back(Datum{0});
        nulls_.push_back('n');
        return *this;
    }
    Parameters& id(std::int64_t value) { return add(Int64GetDatum(value)); }
    Parameters& ids(const std::vector<std::int64_t>& values) { return add(array_of(values)); }
    Parameters& ids(const std::optional<std::vector<std::int64_t>>& values) {
        return values ? ids(*values) : add_null();
    }
    Parameters& decimals(const std::vector<Decimal>& values) { return add(array_of(values)); }
    Parameters& texts(const std::vector<std::string>& values) { return add(array_of(values)); }
    Parameters& texts(const std::vector<std::optional<std::string>>& values) { return add(array_of(values)); }
    Parameters& text(std::string_view value) { return add(text_of(value)); }
    Parameters& text_or_null(const std::optional<std::string>& value) {
        return value ? text(std::string_view(*value)) : add_null();
    }
    Parameters& date(DateADT value) { return add(DateADTGetDatum(value)); }
    Parameters& decimal(const std::optional<Decimal>& value) { return value ? add(numeric_of(*value)) : add_null(); }

    std::size_t count() const { return values_.size(); }
    Datum* values() { return values_.data(); }
    const char* nulls() { return nulls_.data(); }

private:
    std::vector<Datum> values_;
    std::vector<char> nulls_;
};

// Result rows of a query; memory is given back when it goes out of scope.
class Rows {
public:
    Rows(SPITupleTable* table, std::uint64_t count)
        : table_(table), count_(count), exceptions_(std::uncaught_exceptions()) {}
    Rows(Rows&& other) noexcept : table_(other.table_), count_(other.count_), exceptions_(other.exceptions_) {
        other.table_ = nullptr;
    }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    Rows& operator=(Rows&&) = delete;
    ~Rows();

    std::uint64_t count() const { return count_; }
    bool empty() const { return count_ == 0; }

    // Columns count from 1, as in SPI. The typed readers expect a non-NULL value.
    std::optional<Datum> datum(std::uint64_t row, int column) const;
    Datum value(std::uint64_t row, int column) const;
    std::int64_t id(std::uint64_t row, int column) const { return DatumGetInt64(value(row, column)); }
    std::int64_t id_or(std::uint64_t row, int column, std::int64_t otherwise) const;
    bool flag(std::uint64_t row, int column) const { return DatumGetBool(value(row, column)); }
    std::string text(std::uint64_t row, int column) const { return string_of(value(row, column)); }
    Decimal decimal(std::uint64_t row, int column) const { return decimal_of(value(row, column)); }
    std::optional<Decimal> decimal_or_null(std::uint64_t row, int column) const;
    std::optional<std::string> text_or_null(std::uint64_t row, int column) const;
    // A whole column of ids.
    std::vector<std::int64_t> ids(int column) const;

private:
    SPITupleTable* table_;
    std::uint64_t count_;
    int exceptions_;
};

// Runs a SELECT that sees everything committed before it.
Rows query(Statement& statement, Parameters parameters = {});

// Runs a query in batches, so that memory does not grow with its result.
void query_in_batches(Statement& statement, Parameters parameters, long batch_size,
                      const std::function<void(const Rows&)>& take);

// Runs an INSERT, UPDATE or DELETE and returns the number of rows. Guarded tables: use guard::write instead.
std::uint64_t execute(Statement& statement, Parameters parameters = {});

class IdSink;

// Runs a statement with RETURNING and hands its rows to the sink while it runs.
std::uint64_t execute_into(Statement& statement, Parameters parameters, IdSink& sink);

// Runs a script of any number of statements.
void execute_script(const std::string& script);

} // namespace billing::pg
