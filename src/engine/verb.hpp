#pragma once
// The frame every verb runs in: arguments in, engine identity, a set of rows out.

#include <algorithm>

#include "pg/identity.hpp"
#include "pg/relation.hpp"
#include "pg/result_set.hpp"
#include "pg/statement.hpp"
#include "wall/entry.hpp"

namespace billing::engine {

using Ids = std::vector<std::int64_t>;

// Ascending, each once.
inline Ids sorted_unique(Ids ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

// Arguments of a call, by position from 0; NULL is nullopt.
class Arguments {
public:
    explicit Arguments(FunctionCallInfo fcinfo) : fcinfo_(fcinfo) {}

    bool given(int i) const { return i < fcinfo_->nargs && !fcinfo_->args[i].isnull; }
    std::optional<Datum> datum(int i) const {
        return given(i) ? std::optional<Datum>(fcinfo_->args[i].value) : std::nullopt;
    }
    std::optional<Ids> ids(int i) const { return given(i) ? std::optional<Ids>(pg::ids_of(*datum(i))) : std::nullopt; }
    std::optional<std::int64_t> id(int i) const {
        return given(i) ? std::optional<std::int64_t>(DatumGetInt64(*datum(i))) : std::nullopt;
    }
    std::optional<Decimal> decimal(int i) const {
        return given(i) ? std::optional<Decimal>(pg::decimal_of(*datum(i))) : std::nullopt;
    }
    std::optional<std::string> text(int i) const {
        return given(i) ? std::optional<std::string>(pg::string_of(*datum(i))) : std::nullopt;
    }
    bool flag(int i) const { return given(i) && DatumGetBool(*datum(i)); }
    Datum required(int i, const char* name) const {
        if (!given(i)) {
            throw DomainError(sqlstate::invalid_parameter, std::string("argument \"") + name + "\" must not be NULL");
        }
        return *datum(i);
    }
    Ids required_ids(int i, const char* name) const { return pg::ids_of(required(i, name)); }

private:
    FunctionCallInfo fcinfo_;
};

// One running verb.
struct Verb {
    const char* name;
    Arguments arguments;
    pg::ResultSet& result;
    Oid caller;
};

// Runs a set-returning verb as the engine.
template <typename Body>
Datum run_verb(FunctionCallInfo fcinfo, const char* name, Body body) {
    return wall::entry(fcinfo, [name, &body](FunctionCallInfo call) -> Datum {
        pg::ResultSet result(call);
        pg::require_current_tables();
        pg::Engine engine;
        Verb verb{name, Arguments(call), result, engine.caller()};
        body(verb);
        engine.leave();
        return Datum{0};
    });
}

} // namespace billing::engine
