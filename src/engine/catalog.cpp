// Vocabularies and the status machine as SQL sees them; the truth is in domain/.

#include "domain/currency.hpp"
#include "domain/status_machine.hpp"
#include "engine/verb.hpp"
#include "pg/enum_oids.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

std::string type_of_first_argument(FunctionCallInfo fcinfo) {
    return pg::type_name(wall::value_of([fcinfo] { return get_fn_expr_argtype(fcinfo->flinfo, 0); }));
}

void list_catalog(pg::ResultSet& result) {
    std::size_t count = 0;
    Vocabulary const* vocabularies = all_vocabularies(count);
    for (std::size_t v = 0; v < count; ++v) {
        for (std::size_t i = 0; i < vocabularies[v].count; ++i) {
            VocabularyValue const& value = vocabularies[v].values[i];
            result.text(vocabularies[v].type_name).text(value.label);
            result.text(localized_label(vocabularies[v].type_name, value.label, "en").value_or(""));
            result.text(localized_label(vocabularies[v].type_name, value.label, "nb").value_or(""));
            result.flag(value.initial).flag(value.terminal).text(value.meaning).emit();
        }
    }
}

void list_transitions(pg::ResultSet& result) {
    for (TransitionRow const& row : all_transitions()) {
        result.text(row.type_name).text(row.from).text(row.to);
        result.text(row.actor == Actor::user ? "user" : "system").text(row.verb).text(row.note).emit();
    }
}

} // namespace

} // namespace billing::engine

using namespace billing;
using namespace billing::engine;

Datum status_catalog(PG_FUNCTION_ARGS) {
    return wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        pg::ResultSet result(call);
        list_catalog(result);
        return Datum{0};
    });
}

Datum status_transitions(PG_FUNCTION_ARGS) {
    return wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        pg::ResultSet result(call);
        list_transitions(result);
        return Datum{0};
    });
}

// (status anyenum, lang text)
Datum status_label(PG_FUNCTION_ARGS) {
    return wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        Arguments const arguments(call);
        std::string const type = type_of_first_argument(call);
        std::string const label = pg::label_of(*arguments.datum(0));
        std::string const language = *arguments.text(1);
        if (!language_index(language)) {
            throw DomainError(sqlstate::invalid_parameter, "language \"" + language + "\" is not known", {},
                              "Languages are en and nb.");
        }
        auto const found = localized_label(type, label, language);
        if (!found) {
            throw DomainError(sqlstate::invalid_parameter, "type " + type + " is not a vocabulary of billing");
        }
        return pg::text_of(*found);
    });
}

// (text, vocabulary regtype): the label, as text to be cast
Datum status_from_label(PG_FUNCTION_ARGS) {
    return wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        Arguments const arguments(call);
        std::string const spelling = *arguments.text(0);
        std::string const type = pg::type_name(DatumGetObjectId(*arguments.datum(1)));
        if (find_vocabulary(type) == nullptr) {
            throw DomainError(sqlstate::invalid_parameter, "type " + type + " is not a vocabulary of billing");
        }
        auto const label = label_from_localized(type, spelling);
        if (!label) {
            throw DomainError(sqlstate::invalid_text, "\"" + spelling + "\" is no value of " + type, {},
                              "See SELECT * FROM billing.status_catalog();");
        }
        return pg::text_of(*label);
    });
}

Datum currency_scale(PG_FUNCTION_ARGS) {
    return wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        auto const scale = minor_units(*Arguments(call).text(0));
        if (!scale) {
            call->isnull = true;
            return Datum{0};
        }
        return Int32GetDatum(*scale);
    });
}
