#include "pg/statement.hpp"

#include "pg/batch_memory.hpp"
#include "pg/id_sink.hpp"
#include "pg/identity.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "nodes/params.h"
#include "nodes/pathnodes.h"
#include "optimizer/plancat.h"
#include "tcop/dest.h"
#include "utils/guc.h"
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
    {Planning::by_keys, "constraint_exclusion", "on"}, // kinds of details that a branch of a view does not have
    {Planning::by_keys, "max_parallel_workers_per_gather", "0"},
    {Planning::by_keys, "jit", "off"},
    {Planning::as_written, "join_collapse_limit", "1"}, // and all of by_keys
    {Planning::by_scan, "enable_seqscan", "off"},
    {Planning::by_scan, "enable_nestloop", "off"},
    {Planning::by_scan, "enable_mergejoin", "off"},
    {Planning::by_scan, "enable_sort", "off"},
    {Planning::by_scan, "max_parallel_workers_per_gather", "0"},
    {Planning::by_scan, "jit", "off"},
};

bool is_by_keys(Planning planning) {
    return planning == Planning::by_keys || planning == Planning::as_written;
}

bool applies(const Setting& setting, Planning planning) {
    return setting.planning == planning || (setting.planning == Planning::by_keys && is_by_keys(planning));
}

// By keys, every table counts as a large one. A plan made while a table is small or was never analyzed stays: what does
// not matter on one page, an index read from end to end for want of a better condition, would matter for ever.
class LargeTables {
public:
    explicit LargeTables(Planning planning) : previous_(get_relation_info_hook) {
        if (is_by_keys(planning) && previous_ != enlarge) {
            outer_ = previous_;
            get_relation_info_hook = enlarge;
        }
    }
    LargeTables(const LargeTables&) = delete;
    LargeTables(LargeTables&&) = delete;
    LargeTables& operator=(const LargeTables&) = delete;
    LargeTables& operator=(LargeTables&&) = delete;
    ~LargeTables() { get_relation_info_hook = previous_; }

private:
    static constexpr double rows = 100000;
    static constexpr double rows_per_page = 50;
    static constexpr double entries_per_page = 200;
    static constexpr double share_of_partial_index = 0.1;

    static void enlarge(PlannerInfo* root, Oid relation, bool inherited, RelOptInfo* table) {
        if (outer_ != nullptr) {
            outer_(root, relation, inherited, table);
        }
        if (table->tuples >= rows) {
            return;
        }
        table->tuples = rows;
        table->pages = static_cast<BlockNumber>(rows / rows_per_page);
        ListCell* cell = nullptr;
        foreach (cell, table->indexlist) {
            auto* const index = lfirst_node(IndexOptInfo, cell);
            index->tuples = index->indpred == NIL ? rows : rows * share_of_partial_index;
            index->pages = static_cast<BlockNumber>(index->tuples / entries_per_page);
            index->tree_height = 1;
        }
    }

    static get_relation_info_hook_type outer_; // of the planning under way
    get_relation_info_hook_type previous_;
};

get_relation_info_hook_type LargeTables::outer_ = nullptr;

// What invalidates a plan while it is made (a function run by the planner, say) will not do so for ever.
constexpr int most_attempts = 10;

// SPI leaves every call in the memory of its connection, wherever the caller was: a batch's memory would be left at the
// first statement.
template <typename Body>
void in_callers_memory(Body body) {
    MemoryContext const callers = CurrentMemoryContext;
    body();
    MemoryContextSwitchTo(callers);
}

// Runs a prepared plan and hands back its result table. An error inside becomes a BackendError.
std::uint64_t run_plan(SPIPlanPtr plan, Parameters& parameters, SPITupleTable** result) {
    Datum* values = parameters.values();
    const char* nulls = parameters.nulls();
    std::uint64_t processed = 0;
    wall::call([&] {
        int code = 0;
        in_callers_memory([&] { code = SPI_execute_plan(plan, values, nulls, false, 0); });
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

} // namespace

void Statement::prepare() {
    plan_ = wall::value_of([this] {
        SPIPlanPtr prepared = nullptr;
        in_callers_memory(
            [&] { prepared = SPI_prepare_cursor(text_, parameter_count_, types_.data(), CURSOR_OPT_GENERIC_PLAN); });
        if (prepared == nullptr || SPI_keepplan(prepared) != 0) {
            wall::fail(SPI_result_code_string(SPI_result));
        }
        return prepared;
    });
}

SPIPlanPtr Statement::plan() {
    wall::call([] { pin_settings(); });
    if (plan_ != nullptr && planned_ == nullptr) {
        // Rewritten to nothing, a plan depends on no table, so that nothing would ever invalidate it.
        SPI_freeplan(plan_);
        plan_ = nullptr;
    }
    if (plan_ == nullptr) {
        prepare();
    }
    LargeTables const large(planning_);
    wall::call([this] {
        int const level = NewGUCNestLevel();
        bool is_current = SPI_plan_is_valid(plan_) && planned_ != nullptr;
        if (!is_current) {
            for (Setting const& setting : settings) {
                if (applies(setting, planning_)) {
                    (void)set_config_option(setting.name, setting.value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                                            true, 0, false);
                }
            }
        }
        for (int attempt = 0; attempt == 0 || (!SPI_plan_is_valid(plan_) && attempt < most_attempts); ++attempt) {
            CachedPlan* const cached = SPI_plan_get_cached_plan(plan_);
            if (cached == nullptr) {
                wall::fail("an engine statement has no single plan");
            }
            // A rewrite rule may have left no statement, or several; then there is none to name.
            planned_ = list_length(cached->stmt_list) == 1 ? linitial_node(PlannedStmt, cached->stmt_list) : nullptr;
            ReleaseCachedPlan(cached, CurrentResourceOwner);
        }
        AtEOXact_GUC(false, level);
    });
    return plan_;
}

Rows::~Rows() {
    // While an error passes through, SPI may still be in an inner call; the abort frees the table.
    if (table_ != nullptr && std::uncaught_exceptions() == exceptions_) {
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

std::vector<std::int64_t> Rows::ids(int column) const {
    std::vector<std::int64_t> ids;
    ids.reserve(count_);
    for (std::uint64_t row = 0; row < count_; ++row) {
        ids.push_back(id(row, column));
    }
    return ids;
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

namespace {

// A DestReceiver that hands its rows to a sink.
struct SinkReceiver {
    DestReceiver receiver;
    IdSink* sink;
};

bool receive_slot(TupleTableSlot* slot, DestReceiver* self) {
    reinterpret_cast<SinkReceiver*>(self)->sink->receive(slot);
    return true;
}

SinkReceiver receiver_for(IdSink& sink) {
    SinkReceiver receiver{};
    receiver.receiver.receiveSlot = receive_slot;
    receiver.receiver.rStartup = [](DestReceiver*, int, TupleDesc) {};
    receiver.receiver.rShutdown = [](DestReceiver*) {};
    receiver.receiver.rDestroy = [](DestReceiver*) {};
    receiver.receiver.mydest = DestNone;
    receiver.sink = &sink;
    return receiver;
}

} // namespace

std::uint64_t execute_into(Statement& statement, Parameters parameters, IdSink& sink) {
    SPIPlanPtr plan = statement.plan();
    SinkReceiver receiver = receiver_for(sink);
    std::uint64_t processed = 0;
    wall::call([&] {
        auto const count = static_cast<int>(parameters.count());
        ParamListInfo const list = makeParamList(count);
        for (int i = 0; i < count; ++i) {
            list->params[i].value = parameters.values()[i];
            list->params[i].isnull = parameters.nulls()[i] == 'n';
            list->params[i].pflags = PARAM_FLAG_CONST;
            list->params[i].ptype = statement.parameter_type(static_cast<std::size_t>(i));
        }
        SPIExecuteOptions options{};
        options.params = list;
        options.dest = &receiver.receiver;
        int code = 0;
        in_callers_memory([&] { code = SPI_execute_plan_extended(plan, &options); });
        if (code < 0) {
            wall::fail(SPI_result_code_string(code));
        }
        processed = SPI_processed;
    });
    if (sink.failed()) {
        throw DomainError(sqlstate::inconsistent, "a statement returned a row that nobody expected", {},
                          "Run SELECT * FROM billing.verify();");
    }
    return processed;
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
