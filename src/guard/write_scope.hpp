#pragma once
// Authority to write a guarded table: C++ state of this backend, good for exactly one command.

#include "pg/id_sink.hpp"
#include "pg/statement.hpp"

namespace billing::guard {

enum class Write { insert, update, remove, upsert };

// Runs one engine statement that writes one guarded table, and returns the number of rows.
// The authority names the table, the kind of write and the very statement, and holds for the command id that statement
// runs under: what a customer's trigger, default, constraint or function issues meanwhile finds none.
// Refuses with ZB003 to write a table with foreign BEFORE ROW triggers, rules or child tables, which could change
// or divert what is written.
std::uint64_t write(pg::Statement& statement, const char* table, Write kind, pg::Parameters parameters = {});

// The same for a statement with a RETURNING clause.
pg::Rows write_returning(pg::Statement& statement, const char* table, Write kind, pg::Parameters parameters = {});

// The same for a bulk statement whose returned rows go to a sink while it runs.
std::uint64_t write_into(pg::Statement& statement, const char* table, Write kind, pg::Parameters parameters,
                         pg::IdSink& sink);

// For INSERT … ON CONFLICT DO UPDATE, which inserts and updates in one command.
std::uint64_t write_upsert(pg::Statement& statement, const char* table, pg::Parameters parameters = {});

// Whether the running command is an engine statement entitled to this kind of write on this relation.
bool authorized(Oid relation, Write kind);

// Whether that engine statement is also the one that wrote a row version, by the command id in it. AFTER triggers need
// this: the row events of a foreign key's action are queued with those of the statement that set it off.
bool authorized(Oid relation, Write kind, CommandId written_by);

// Hooks into executor start, and forgets all authority when a (sub)transaction ends, however it ends.
void register_callbacks();

} // namespace billing::guard
