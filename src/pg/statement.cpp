#include "pg/statement.hpp"

#include "wall/backend.hpp"

extern "C" {
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/portal.h"
#include "utils/resowner.h"
}

namespace billing::pg {

namespace {

struct Setting {
    Planning planning;
    const char* name;
    const char* value;
};

constexpr Setting settings[] = {
    {Planning::by_keys, "enable_seqscan", "off"},
    {Planning::by_keys, "enable_hashjoin", "off"},
    {Planning::by_keys, "enable_mergejoin", "off"},
    {Planning::by_keys, "enable_material", "off"},
    {Planning::by_keys, "max_parallel_workers_per_gather", "0"},
    {Planning::by_keys, "jit", "off"},
    {Planning::by_scan, "enable_seqscan", "off"},
    {Planning::by_scan, "enable_nestloop", "off"},
    {Planning::by_scan, "enable_mergejoin", "off"},
    {Planning::by_scan, "enable_sort", "off"},
    {Planning::by_scan, "max_parallel_workers_per_gather", "0"},
    {Planning::by_scan, "jit", "off"},
};

// What invalidates a plan while it is made (a function run by the planner, say) will not do so for ever.
constexpr int most_attempts = 10;

// Runs a prepared plan and hands back its result table. An error inside becomes a BackendError.
std::uint64_t run_plan(SPIPlanPtr plan, Parameters& parameters, SPITupleTable** result) {
    Datum* values = parameters.values();
    const char* nulls = parameters.nulls();
    std::uint64_t processed = 0;
    wall::call([&] {
        int const code = SPI_execute_plan(plan, values, nulls, false, 0);
        if (code < 0) {
            wall::fail(SPI_result_code_string(code));
        }
        processed = SPI_processed;
        if (result != nullptr) {
            *result = SPI_tuptable;
        }
    });
    return processed;
}

// What one batch allocates is given back after it. On an error the enclosing SPI context takes it along.
class BatchMemory {
public:
    BatchMemory()
        : context_(wall::value_of(
              [] { return AllocSetContextCreate(CurrentMemoryContext, "billing batch", ALLOCSET_DEFAULT_SIZES); })) {}
    void enter() { outer_ = MemoryContextSwitchTo(context_); }
    void leave() {
        MemoryContextSwitchTo(outer_);
        MemoryContextReset(context_);
    }

private:
    MemoryContext context_;
    MemoryContext outer_ = nullptr;
};

} // namespace

void Statement::prepare() {
    plan_ = wall::value_of([this] {
        SPIPlanPtr const prepared = SPI_prepare_cursor(text_, parameter_count_, types_.data(), CURSOR_OPT_GENERIC_PLAN);
        if (prepared == nullptr || SPI_keepplan(prepared) != 0) {
            wall::fail(SPI_result_code_string(SPI_result));
        }
        return prepared;
    });
}

SPIPlanPtr Statement::plan() {
    if (plan_ == nullptr) {
        prepare();
    } else if (SPI_plan_is_valid(plan_)) {
        return plan_;
    }
    wall::call([this] {
        int const level = NewGUCNestLevel();
        for (Setting const& setting : settings) {
            if (setting.planning == planning_) {
                (void)set_config_option(setting.name, setting.value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                                        0, false);
            }
        }
        for (int attempt = 0; attempt < most_attempts; ++attempt) {
            CachedPlan* const planned = SPI_plan_get_cached_plan(plan_);
            if (planned != nullptr) {
                ReleaseCachedPlan(planned, CurrentResourceOwner);
            }
            if (SPI_plan_is_valid(plan_)) {
                break;
            }
        }
        AtEOXact_GUC(false, level);
    });
    return plan_;
}

Rows::~Rows() {
    if (table_ != nullptr) {
        SPI_freetuptable(table_);
    }
}

std::optional<Datum> Rows::datum(std::uint64_t row, int column) const {
    bool is_null = false;
    Datum const value = SPI_getbinval(table_->vals[row], table_->tupdesc, column, &is_null);
    return is_null ? std::nullopt : std::optional<Datum>(value);
}

Datum Rows::value(std::uint64_t row, int column) const {
    std::optional<Datum> const found = datum(row, column);
    if (!found) {
        throw DomainError(sqlstate::inconsistent, "unexpected NULL in column " + std::to_string(column));
    }
    return *found;
}

std::int64_t Rows::id_or(std::uint64_t row, int column, std::int64_t otherwise) const {
    std::optional<Datum> const found = datum(row, column);
    return found ? DatumGetInt64(*found) : otherwise;
}

std::optional<Decimal> Rows::decimal_or_null(std::uint64_t row, int column) const {
    std::optional<Datum> const found = datum(row, column);
    return found ? std::optional<Decimal>(decimal_of(*found)) : std::nullopt;
}

std::optional<std::string> Rows::text_or_null(std::uint64_t row, int column) const {
    std::optional<Datum> const found = datum(row, column);
    return found ? std::optional<std::string>(string_of(*found)) : std::nullopt;
}

Rows query(Statement& statement, Parameters parameters) {
    SPITupleTable* table = nullptr;
    std::uint64_t const count = run_plan(statement.plan(), parameters, &table);
    return Rows(table, count);
}

void query_in_batches(Statement& statement, Parameters parameters, long batch_size,
                      const std::function<void(const Rows&)>& take) {
    SPIPlanPtr plan = statement.plan();
    Datum* values = parameters.values();
    const char* nulls = parameters.nulls();
    Portal portal = wall::value_of([=] { return SPI_cursor_open(nullptr, plan, values, nulls, false); });
    BatchMemory memory;
    for (;;) {
        SPITupleTable* table = nullptr;
        std::uint64_t count = 0;
        wall::call([&] {
            SPI_cursor_fetch(portal, true, batch_size);
            table = SPI_tuptable;
            count = SPI_processed;
        });
        Rows const rows(table, count);
        if (rows.empty()) {
            break;
        }
        memory.enter();
        take(rows);
        memory.leave();
    }
    wall::call([portal] { SPI_cursor_close(portal); });
}

std::uint64_t execute(Statement& statement, Parameters parameters) {
    return run_plan(statement.plan(), parameters, nullptr);
}

void execute_script(const std::string& script) {
    const char* text = script.c_str();
    wall::call([text] {
        int const code = SPI_execute(text, false, 0);
        if (code < 0) {
            wall::fail(SPI_result_code_string(code));
        }
    });
}

} // namespace billing::pg
