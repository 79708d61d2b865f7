#include "guard/shape.hpp"

#include "guard/guard_trigger.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
}

namespace billing::guard {

namespace {

// Ours are known by the C function they call, not by a name that anybody can take.
bool is_ours(const Trigger& trigger, Relation relation) {
    FmgrInfo function;
    fmgr_info(trigger.tgfoid, &function);
    return is_own_before_trigger(function.fn_addr, RelationGetRelationName(relation));
}

bool can_rewrite_row(const Trigger& trigger) {
    bool const enabled = trigger.tgenabled != TRIGGER_DISABLED;
    return enabled && TRIGGER_FOR_BEFORE(trigger.tgtype) && TRIGGER_FOR_ROW(trigger.tgtype);
}

enum class Tampering { none, trigger, rule, child, forced_policies };

Tampering find_tampering(Relation relation, const char** trigger_name) {
    *trigger_name = foreign_before_row_trigger(relation);
    if (*trigger_name != nullptr) {
        return Tampering::trigger;
    }
    if (relation->rd_rules != nullptr) {
        return Tampering::rule;
    }
    bool const has_child =
        relation->rd_rel->relhassubclass && find_inheritance_children(RelationGetRelid(relation), NoLock) != NIL;
    if (has_child) {
        return Tampering::child;
    }
    return relation->rd_rel->relforcerowsecurity ? Tampering::forced_policies : Tampering::none;
}

[[noreturn]] void refuse(const char* table, const std::string& what, const std::string& way_out) {
    throw DomainError(sqlstate::guard_compromised,
                      std::string("refusing to write billing.") + table + ": it has " + what,
                      "It could change or divert what the engine writes.", way_out);
}

} // namespace

const char* foreign_before_row_trigger(Relation relation) {
    TriggerDesc const* triggers = relation->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; ++i) {
        if (can_rewrite_row(triggers->triggers[i]) && !is_ours(triggers->triggers[i], relation)) {
            return triggers->triggers[i].tgname;
        }
    }
    return nullptr;
}

void require_untampered(Relation relation) {
    const char* trigger_name = nullptr;
    Tampering const found = wall::value_of([&] { return find_tampering(relation, &trigger_name); });
    const char* table = RelationGetRelationName(relation);
    switch (found) {
    case Tampering::none:
        return;
    case Tampering::trigger:
        refuse(table, std::string("the BEFORE ROW trigger \"") + trigger_name + "\"",
               "Use an AFTER trigger instead, or drop it.");
    case Tampering::rule:
        refuse(table, "a rewrite rule", "Drop the rule.");
    case Tampering::child:
        refuse(table, "a child table", "Drop the child table, or ALTER it to NO INHERIT.");
    case Tampering::forced_policies:
        refuse(table, "FORCE ROW LEVEL SECURITY",
               "ALTER TABLE … NO FORCE ROW LEVEL SECURITY; plain row policies are fine.");
    }
}

void require_untampered(Oid relation_id) {
    Relation relation = wall::value_of([relation_id] { return table_open(relation_id, RowExclusiveLock); });
    require_untampered(relation);
    wall::call([relation] { table_close(relation, NoLock); });
}

} // namespace billing::guard
