#include "engine/operation.hpp"

#include "guard/write_scope.hpp"
#include "pg/row_batch.hpp"
#include "wall/backend.hpp"

namespace billing::engine {

namespace {

constexpr std::size_t literal_ids = 100;

std::string role_name(Oid role) {
    return wall::value_of([role] { return const_cast<const char*>(GetUserNameFromId(role, false)); });
}

std::string session_role() {
    return wall::value_of([] { return const_cast<const char*>(GetUserNameFromId(GetSessionUserId(), false)); });
}

// Tells one long list of ids from another (FNV-1a), so that a run key is not taken for the same request by mistake.
std::string checksum(const Ids& ids) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (std::int64_t const id : ids) {
        for (unsigned shift = 0; shift < 64; shift += 8) {
            hash = (hash ^ ((static_cast<std::uint64_t>(id) >> shift) & 0xFF)) * 1099511628211ULL;
        }
    }
    return std::to_string(hash);
}

pg::Parameters operation_parameters(const Verb& verb, const LoggedArguments& arguments) {
    pg::Parameters parameters;
    parameters.text(verb.name).text(role_name(verb.caller)).text(session_role()).texts(arguments.pairs());
    return parameters;
}

} // namespace

LoggedArguments& LoggedArguments::add(std::string_view name, std::string_view value) {
    pairs_.emplace_back(name);
    pairs_.emplace_back(value);
    return *this;
}

LoggedArguments& LoggedArguments::add(std::string_view name, const std::optional<std::string>& value) {
    return value ? add(name, std::string_view(*value)) : *this;
}

LoggedArguments& LoggedArguments::add(std::string_view name, const std::optional<Ids>& ids) {
    if (!ids) {
        return *this;
    }
    if (ids->size() > literal_ids) {
        return add(name, std::string_view(std::to_string(ids->size()) + " items, checksum " + checksum(*ids)));
    }
    std::string list;
    for (std::int64_t const id : *ids) {
        list += (list.empty() ? "" : ",") + std::to_string(id);
    }
    return add(name, std::string_view(list));
}

std::int64_t begin_operation(const Verb& verb, const LoggedArguments& arguments) {
    static pg::Statement insert{R"(
        INSERT INTO billing.operation (verb, role_name, session_role, application_name, arguments)
        VALUES ($1, $2, $3, pg_catalog.current_setting('application_name'), pg_catalog.jsonb_object($4))
        RETURNING operation_id)",
                                {TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID}};
    return guard::write_returning(insert, "operation", guard::Write::insert, operation_parameters(verb, arguments))
        .id(0, 1);
}

std::optional<std::int64_t> begin_operation_once(const Verb& verb, const LoggedArguments& arguments,
                                                 const std::string& run_key) {
    static pg::Statement insert{R"(
        INSERT INTO billing.operation (verb, role_name, session_role, application_name, arguments, run_key)
        VALUES ($1, $2, $3, pg_catalog.current_setting('application_name'), pg_catalog.jsonb_object($4), $5)
        ON CONFLICT (run_key) DO NOTHING
        RETURNING operation_id)",
                                {TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID}};
    pg::Rows const rows = guard::write_returning(insert, "operation", guard::Write::insert,
                                                 operation_parameters(verb, arguments).text(run_key));
    return rows.empty() ? std::nullopt : std::optional<std::int64_t>(rows.id(0, 1));
}

void log_change(std::int64_t operation_id, const StatusChange& change, Datum ids) {
    static pg::Statement insert{R"(
        INSERT INTO billing.operation_change
            (operation_id, contract_id, item, status_column, from_status, to_status, item_count, ids)
        VALUES ($1, nullif($2, 0), $3, $4, nullif($5, ''), nullif($6, ''), pg_catalog.cardinality($7), $7))",
                                {INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8ARRAYOID}};
    pg::Parameters parameters;
    parameters.id(operation_id).id(change.contract_id).text(change.item).text(change.column);
    parameters.text(change.from).text(change.to).add(ids);
    guard::write(insert, "operation_change", guard::Write::insert, std::move(parameters));
}

void log_change(std::int64_t operation_id, const StatusChange& change, const Ids& ids) {
    if (!ids.empty()) {
        log_change(operation_id, change, pg::array_of(ids));
    }
}

void log_changes(std::int64_t operation_id, const StatusChange& change, const Ids& contract_ids, const Ids& ids) {
    static pg::Statement insert{R"(
        INSERT INTO billing.operation_change
            (operation_id, contract_id, item, status_column, from_status, to_status, item_count, ids)
        SELECT $1, nullif(d.contract_id, 0), $2, $3, nullif($4, ''), nullif($5, ''), pg_catalog.count(*), pg_catalog.array_agg(d.id)
          FROM unnest($6, $7) AS d (contract_id, id)
         GROUP BY d.contract_id)",
                                {INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8ARRAYOID, INT8ARRAYOID}};
    if (ids.empty()) {
        return;
    }
    pg::Parameters parameters;
    parameters.id(operation_id).text(change.item).text(change.column).text(change.from).text(change.to);
    guard::write(insert, "operation_change", guard::Write::insert, std::move(parameters.ids(contract_ids).ids(ids)));
}

void ChangeGroups::write(std::int64_t operation_id, const StatusChange& change) const {
    static pg::Statement insert{R"(
        INSERT INTO billing.operation_change
            (operation_id, item, status_column, from_status, to_status, contract_id, contract_line_id, customer_id,
             item_count, ids)
        SELECT $1, $2, $3, nullif($4, ''), nullif($5, ''), contract_id, contract_line_id, customer_id, item_count, ids
          FROM change_group)",
                                {INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
    if (groups_.empty()) {
        return;
    }
    pg::RowBatch batch("change_group", {{"contract_id", INT8OID},
                                        {"contract_line_id", INT8OID},
                                        {"customer_id", INT8OID},
                                        {"item_count", INT8OID},
                                        {"ids", INT8ARRAYOID}});
    for (Group const& group : groups_) {
        batch.id(group.contract_id).id_or_null(group.line_id).id_or_null(group.customer_id).id(group.count);
        batch.add(group.ids).emit();
    }
    pg::Parameters parameters;
    parameters.id(operation_id).text(change.item).text(change.column).text(change.from).text(change.to);
    guard::write(insert, "operation_change", guard::Write::insert, std::move(parameters));
    batch.close();
}

} // namespace billing::engine
