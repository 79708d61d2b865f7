// The guard triggers. guard_row() looks at each row an ordinary statement wrote, guard_statement() at whole statements,
// and guard_wakes() decides, inside a trigger's WHEN clause, whether guard_row() needs to be called at all.

#include "guard/guard_trigger.hpp"

#include "domain/status_machine.hpp"
#include "guard/policy.hpp"
#include "guard/write_scope.hpp"
#include "pg/enum_oids.hpp"
#include "pg/exports.hpp"
#include "wall/entry.hpp"

extern "C" {
#include "catalog/pg_enum.h"
#include "commands/trigger.h"
#include "replication/logicalworker.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/syscache.h"
}

namespace billing::guard {

namespace {

// One firing of a row trigger: the policy of its table and the two row versions.
struct Firing {
    const Policy& policy;
    Relation relation;
    HeapTuple before;
    HeapTuple after;

    TupleDesc columns() const { return RelationGetDescr(relation); }
};

std::string text_of(const Firing& firing, HeapTuple row, int attnum) {
    TupleDesc const columns = firing.columns();
    const char* text = wall::value_of([=] { return const_cast<const char*>(SPI_getvalue(row, columns, attnum)); });
    return text == nullptr ? "NULL" : text;
}

int attnum_of(const Firing& firing, std::string_view column) {
    int const attnum = SPI_fnumber(firing.columns(), std::string(column).c_str());
    if (attnum <= 0) {
        throw DomainError(sqlstate::guard_compromised,
                          "column \"" + std::string(column) + "\" of billing." + std::string(firing.policy.table) +
                              " is missing or was renamed",
                          {}, "Rename it back.");
    }
    return attnum;
}

std::string row_name(const Firing& firing, HeapTuple row) {
    return "billing." + std::string(firing.policy.table) + " row " + std::string(firing.policy.key) + " = " +
           text_of(firing, row, attnum_of(firing, firing.policy.key));
}

std::string hint_of(const Policy& policy) {
    return "Use " + std::string(policy.instead) + ".";
}

bool differs(const Firing& firing, int attnum) {
    TupleDesc const columns = firing.columns();
    Form_pg_attribute const attribute = TupleDescAttr(columns, attnum - 1);
    bool old_null = false;
    bool new_null = false;
    Datum const old_value = heap_getattr(firing.before, attnum, columns, &old_null);
    Datum const new_value = heap_getattr(firing.after, attnum, columns, &new_null);
    if (old_null || new_null) {
        return old_null != new_null;
    }
    return !wall::value_of(
        [=] { return datum_image_eq(old_value, new_value, attribute->attbyval, attribute->attlen); });
}

[[noreturn]] void refuse_change(const Firing& firing, std::string_view column, const char* state,
                                const std::string& why) {
    int const attnum = attnum_of(firing, column);
    throw DomainError(state, "column \"" + std::string(column) + "\" of " + row_name(firing, firing.before) + " " + why,
                      "From " + text_of(firing, firing.before, attnum) + " to " +
                          text_of(firing, firing.after, attnum) + ".",
                      hint_of(firing.policy));
}

bool in_progress(const Firing& firing, HeapTuple row) {
    if (firing.policy.progress_column.empty()) {
        return true;
    }
    std::string value = text_of(firing, row, attnum_of(firing, firing.policy.progress_column));
    if (value == "NULL") {
        value.clear();
    }
    return firing.policy.progress_labels.empty()
               ? value.empty()
               : any_listed(firing.policy.progress_labels, [&](std::string_view label) { return label == value; });
}

void check_columns(const Firing& firing) {
    any_listed(firing.policy.owned, [&](std::string_view column) {
        if (differs(firing, attnum_of(firing, column))) {
            refuse_change(firing, column, sqlstate::engine_owned, "is written only by billing itself");
        }
        return false;
    });
    if (in_progress(firing, firing.before)) {
        return;
    }
    any_listed(firing.policy.in_progress, [&](std::string_view column) {
        if (differs(firing, attnum_of(firing, column))) {
            refuse_change(firing, column, sqlstate::not_editable, "can no longer be changed");
        }
        return false;
    });
}

void check_transitions(const Firing& firing) {
    any_listed(firing.policy.statuses, [&](std::string_view column) {
        int const attnum = attnum_of(firing, column);
        std::string const from = text_of(firing, firing.before, attnum);
        std::string const to = text_of(firing, firing.after, attnum);
        Oid const type = TupleDescAttr(firing.columns(), attnum - 1)->atttypid;
        bool const is_allowed =
            from == "NULL" ? may_start(pg::type_name(type), to) : transition_allowed(pg::type_name(type), from, to);
        if (from != to && !is_allowed) {
            refuse_change(firing, column, sqlstate::invalid_transition, "cannot make this change");
        }
        return false;
    });
}

// An "initial" item holds: the named label, or for an empty label NULL, false or zero.
bool is_initial(const std::string& value, std::string_view wanted) {
    if (wanted.empty()) {
        return value == "NULL" || value == "f" || value == "0";
    }
    return wanted.front() == '?' ? value == "NULL" || value == wanted.substr(1) : value == wanted;
}

void check_insert(const Firing& firing) {
    if (!firing.policy.insertable) {
        throw DomainError(sqlstate::engine_owned,
                          "rows of billing." + std::string(firing.policy.table) +
                              " are inserted only by billing itself",
                          {}, hint_of(firing.policy));
    }
    any_listed(firing.policy.initial, [&](std::string_view item) {
        std::size_t const equals = item.find('=');
        std::string_view const column = item.substr(0, equals);
        std::string const value = text_of(firing, firing.after, attnum_of(firing, column));
        if (!is_initial(value, item.substr(equals + 1))) {
            throw DomainError(sqlstate::engine_owned,
                              "column \"" + std::string(column) + "\" of " + row_name(firing, firing.after) +
                                  " is written only by billing itself",
                              "Inserted with the value " + value + ".", hint_of(firing.policy));
        }
        return false;
    });
}

void check_delete(const Firing& firing) {
    if (!firing.policy.deletable) {
        throw DomainError(sqlstate::engine_owned, row_name(firing, firing.before) + " cannot be deleted", {},
                          hint_of(firing.policy));
    }
    if (!in_progress(firing, firing.before)) {
        throw DomainError(sqlstate::not_editable, row_name(firing, firing.before) + " can no longer be deleted",
                          "Its " + std::string(firing.policy.progress_column) + " is " +
                              text_of(firing, firing.before, attnum_of(firing, firing.policy.progress_column)) + ".",
                          hint_of(firing.policy));
    }
}

const Policy& policy_of(TriggerData* trigger) {
    const char* name = trigger->tg_trigger->tgnargs == 1 ? trigger->tg_trigger->tgargs[0] : "";
    const Policy* policy = policy_for(name);
    if (policy == nullptr) {
        throw DomainError(sqlstate::guard_compromised,
                          std::string("guard trigger with unknown argument \"") + name + "\"", {},
                          "Run SELECT * FROM billing.install(); to restore the guards.");
    }
    return *policy;
}

TriggerData* trigger_data(FunctionCallInfo fcinfo) {
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        throw DomainError("39P01", "guard functions can only be called as triggers");
    }
    return reinterpret_cast<TriggerData*>(fcinfo->context);
}

Write kind_of(TriggerEvent event) {
    return TRIGGER_FIRED_BY_INSERT(event)   ? Write::insert
           : TRIGGER_FIRED_BY_UPDATE(event) ? Write::update
                                            : Write::remove;
}

// A guard function attached otherwise than install() does could let rows vanish or pass.
void require_timing(const TriggerData* trigger, bool is_as_installed) {
    if (!is_as_installed) {
        throw DomainError(sqlstate::guard_compromised,
                          std::string("guard trigger \"") + trigger->tg_trigger->tgname +
                              "\" is attached the wrong way",
                          {}, "Drop it and run SELECT * FROM billing.install();");
    }
}

// The command that wrote the row version the trigger looks at.
CommandId command_of(const Firing& firing, Write kind) {
    return kind == Write::remove ? HeapTupleHeaderGetCmax(firing.before->t_data)
                                 : HeapTupleHeaderGetCmin(firing.after->t_data);
}

void check_row(const Firing& firing, Write kind) {
    bool const is_engine = authorized(RelationGetRelid(firing.relation), kind, command_of(firing, kind));
    switch (kind) {
    case Write::insert:
        if (!is_engine) {
            check_insert(firing);
        }
        return;
    case Write::update:
        is_engine ? check_transitions(firing) : check_columns(firing);
        return;
    case Write::remove:
    case Write::upsert:
        if (!is_engine) {
            check_delete(firing);
        }
        return;
    }
}

void check_statement(TriggerData* trigger) {
    const Policy& policy = policy_of(trigger);
    bool const truncates = TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event);
    if (!truncates && authorized(RelationGetRelid(trigger->tg_relation), kind_of(trigger->tg_event))) {
        return;
    }
    std::string const table = "billing." + std::string(policy.table);
    throw DomainError(sqlstate::engine_owned,
                      truncates ? table + " cannot be truncated"
                                : "rows of " + table + " are inserted and deleted only by billing itself",
                      {}, truncates ? "Billing history is never deleted; compensate it." : hint_of(policy));
}

// --- guard_wakes: the fast path of bulk updates -------------------------------------------------------------------

struct KnownTransition {
    Oid from = InvalidOid;
    Oid to = InvalidOid;
    bool allowed = false;
};

constexpr std::size_t known_slots = 64;
KnownTransition known[known_slots];

void forget_transitions(Datum, int, uint32) {
    for (KnownTransition& slot : known) {
        slot = KnownTransition{};
    }
}

bool look_up_transition(Oid from, Oid to) {
    Oid const type = wall::value_of([from] {
        HeapTuple const tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(from));
        if (!HeapTupleIsValid(tuple)) {
            wall::fail("an enum value is not in the catalog");
        }
        Oid const found = reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->enumtypid;
        ReleaseSysCache(tuple);
        return found;
    });
    return transition_allowed(pg::type_name(type), pg::label_of(ObjectIdGetDatum(from)),
                              pg::label_of(ObjectIdGetDatum(to)));
}

bool transition_is_allowed(Oid from, Oid to) {
    if (from == to) {
        return true;
    }
    KnownTransition& slot = known[(from * 7 + to) % known_slots];
    if (slot.from != from || slot.to != to) {
        slot = {from, to, look_up_transition(from, to)};
    }
    return slot.allowed;
}

// Arguments: relation, then pairs of old and new status.
bool engine_moves_soundly(FunctionCallInfo fcinfo) {
    if (!authorized(PG_GETARG_OID(0), Write::update)) {
        return false;
    }
    for (int i = 1; i + 1 < PG_NARGS(); i += 2) {
        if (PG_ARGISNULL(i) != PG_ARGISNULL(i + 1) ||
            (!PG_ARGISNULL(i) && !transition_is_allowed(PG_GETARG_OID(i), PG_GETARG_OID(i + 1)))) {
            return false;
        }
    }
    return true;
}

} // namespace

bool is_replicated() {
    return IsLogicalWorker();
}

bool is_own_before_trigger(PGFunction function, std::string_view table) {
    return (function == contract_line_defaults && table == "contract_line") ||
           (function == contract_line_removed && table == "contract_line") ||
           (function == contract_removed && table == "contract") ||
           (function == contract_line_customer_added && table == "contract_line_customer");
}

void register_transition_cache() {
    CacheRegisterSyscacheCallback(ENUMOID, forget_transitions, Datum{0});
}

} // namespace billing::guard

using namespace billing;

// AFTER ... FOR EACH ROW: refuses what the table's policy does not leave to everybody.
Datum guard_row(PG_FUNCTION_ARGS) {
    return wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        TriggerData* trigger = guard::trigger_data(call);
        guard::require_timing(trigger,
                              TRIGGER_FIRED_AFTER(trigger->tg_event) && TRIGGER_FIRED_FOR_ROW(trigger->tg_event));
        HeapTuple const first = trigger->tg_trigtuple;
        if (!guard::is_replicated()) {
            bool const is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
            HeapTuple const after = is_update ? trigger->tg_newtuple : first;
            guard::check_row({guard::policy_of(trigger), trigger->tg_relation, first, after},
                             guard::kind_of(trigger->tg_event));
        }
        return PointerGetDatum(nullptr);
    });
}

// BEFORE ... FOR EACH STATEMENT: refuses INSERT, DELETE and TRUNCATE that are not the engine's, at no cost per row.
Datum guard_statement(PG_FUNCTION_ARGS) {
    return wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        TriggerData* trigger = guard::trigger_data(call);
        guard::require_timing(trigger, TRIGGER_FIRED_BEFORE(trigger->tg_event) &&
                                           TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event));
        if (!guard::is_replicated()) {
            guard::check_statement(trigger);
        }
        return PointerGetDatum(nullptr);
    });
}

// In a WHEN clause: false where the engine itself writes and every status change is one the machine knows.
Datum guard_wakes(PG_FUNCTION_ARGS) {
    return wall::entry(fcinfo,
                       [](FunctionCallInfo call) -> Datum { return BoolGetDatum(!guard::engine_moves_soundly(call)); });
}
