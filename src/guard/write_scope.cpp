#include "guard/write_scope.hpp"

#include "guard/shape.hpp"
#include "pg/relation.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "executor/executor.h"
#include "tcop/pquery.h"
#include "utils/snapmgr.h"
}

namespace billing::guard {

namespace {

// Granted by write() for one planned statement; it begins to hold when the executor starts that statement, and then for
// its command id only. Whatever runs before (functions the planner folds to constants) or inside (triggers, defaults,
// constraints, functions) is another statement with another command id.
struct Authority {
    Oid relation = InvalidOid;
    Write kind = Write::insert;
    const PlannedStmt* statement = nullptr;
    CommandId command = InvalidCommandId;
    SubTransactionId subtransaction = InvalidSubTransactionId;
    // A cursor opened earlier can run its statement on FETCH without a command id of its own, but not without a portal.
    Portal portal = nullptr;
};

// At most one authority holds at a time; a verb called from a customer's AFTER trigger puts its own over it.
Authority current;

ExecutorStart_hook_type next_executor_start = nullptr;

void note_executor_start(QueryDesc* query, int flags) {
    if (next_executor_start != nullptr) {
        next_executor_start(query, flags);
    } else {
        standard_ExecutorStart(query, flags);
    }
    if (current.statement != nullptr && query->plannedstmt == current.statement &&
        current.command == InvalidCommandId) {
        current.command = query->estate->es_output_cid;
        current.portal = ActivePortal;
    }
}

// Grants an authority for its lifetime and restores the one before.
class WriteScope {
public:
    WriteScope(Oid relation, Write kind, const PlannedStmt* statement) : outer_(current) {
        current = {relation, kind, statement, InvalidCommandId, GetCurrentSubTransactionId(), nullptr};
    }
    ~WriteScope() { current = outer_; }
    WriteScope(const WriteScope&) = delete;
    WriteScope& operator=(const WriteScope&) = delete;
    WriteScope(WriteScope&&) = delete;
    WriteScope& operator=(WriteScope&&) = delete;

private:
    Authority outer_;
};

// Plans the statement, then looks at the table: what planning runs may change the table. What is granted afterwards is
// for this plan alone.
Oid prepare_write(pg::Statement& statement, const char* table) {
    Oid const relation = pg::relation_oid(table);
    (void)statement.plan();
    require_untampered(relation);
    return relation;
}

void forget() {
    current = Authority{};
}

void at_transaction_end(XactEvent event, void*) {
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) {
        forget();
    }
}

void at_subtransaction_end(SubXactEvent event, SubTransactionId own, SubTransactionId, void*) {
    if (event == SUBXACT_EVENT_ABORT_SUB && current.subtransaction == own) {
        forget();
    }
}

} // namespace

std::uint64_t write(pg::Statement& statement, const char* table, Write kind, pg::Parameters parameters) {
    Oid const relation = prepare_write(statement, table);
    WriteScope const scope(relation, kind, statement.planned());
    return pg::execute(statement, std::move(parameters));
}

pg::Rows write_returning(pg::Statement& statement, const char* table, Write kind, pg::Parameters parameters) {
    Oid const relation = prepare_write(statement, table);
    WriteScope const scope(relation, kind, statement.planned());
    return pg::query(statement, std::move(parameters));
}

std::uint64_t write_into(pg::Statement& statement, const char* table, Write kind, pg::Parameters parameters,
                         pg::IdSink& sink) {
    Oid const relation = prepare_write(statement, table);
    WriteScope const scope(relation, kind, statement.planned());
    return pg::execute_into(statement, std::move(parameters), sink);
}

std::uint64_t write_upsert(pg::Statement& statement, const char* table, pg::Parameters parameters) {
    return write(statement, table, Write::upsert, std::move(parameters));
}

bool authorized(Oid relation, Write kind) {
    return ActiveSnapshotSet() && authorized(relation, kind, GetActiveSnapshot()->curcid);
}

bool authorized(Oid relation, Write kind, CommandId written_by) {
    bool const is_kind = current.kind == kind || (current.kind == Write::upsert && kind != Write::remove);
    return current.relation == relation && is_kind && current.command != InvalidCommandId &&
           current.command == written_by && current.portal == ActivePortal;
}

void register_callbacks() {
    RegisterXactCallback(at_transaction_end, nullptr);
    RegisterSubXactCallback(at_subtransaction_end, nullptr);
    next_executor_start = ExecutorStart_hook;
    ExecutorStart_hook = note_executor_start;
}

} // namespace billing::guard
