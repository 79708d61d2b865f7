// The exact split as set-returning functions: allocate(), split_actual().

#include "domain/split.hpp"
#include "domain/allocation.hpp"
#include "engine/contract_book.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// total, weights, scale, residue_to (position from 1; NULL: the last)
void allocate_parts(FunctionCallInfo fcinfo) {
    Arguments const arguments(fcinfo);
    pg::ResultSet result(fcinfo);
    std::vector<Decimal> weights;
    for (auto const& weight : pg::elements_of(arguments.required(1, "weights"), NUMERICOID)) {
        if (!weight) {
            throw DomainError(sqlstate::invalid_parameter, "a weight must not be NULL");
        }
        weights.push_back(pg::decimal_of(*weight));
    }
    int const scale = DatumGetInt32(arguments.required(2, "scale"));
    std::int64_t const residue_to =
        arguments.given(3) ? DatumGetInt32(*arguments.datum(3)) : static_cast<std::int64_t>(weights.size());
    if (weights.empty()) {
        throw DomainError(sqlstate::invalid_parameter, "there are no weights to divide by");
    }
    if (residue_to < 1 || residue_to > static_cast<std::int64_t>(weights.size())) {
        throw DomainError(sqlstate::invalid_parameter,
                          "residue_to " + std::to_string(residue_to) + " is not a position of the weights");
    }
    auto const parts = allocate(pg::decimal_of(arguments.required(0, "total")), weights, scale,
                                static_cast<std::size_t>(residue_to - 1));
    for (std::size_t i = 0; i < parts.size(); ++i) {
        result.add(Int32GetDatum(static_cast<int>(i + 1))).decimal(parts[i]).emit();
    }
}

// contract_line, quantity, price, tax
void split_for_line(Verb& verb) {
    static pg::Statement find{"SELECT contract_id FROM billing.contract_line WHERE contract_line_id = $1", {INT8OID}};
    std::int64_t const line_id = DatumGetInt64(verb.arguments.required(0, "contract_line"));
    pg::Rows const rows = pg::query(find, pg::Parameters().id(line_id));
    if (rows.empty()) {
        throw DomainError(sqlstate::unknown_item, "there is no contract line " + std::to_string(line_id));
    }
    ContractBook book = ContractBook::load({rows.id(0, 1)});
    ContractLine const& line = book.known_line(line_id);
    Contract const& contract = book.known_contract(rows.id(0, 1));
    if (line.method == BillingMethod::product) {
        throw DomainError(sqlstate::wrong_line_kind,
                          "contract line " + std::to_string(line_id) + " is a product line and is not split",
                          "A product line belongs to the primary customer.");
    }
    std::vector<Part> parts;
    split(pg::decimal_of(verb.arguments.required(1, "quantity")), pg::decimal_of(verb.arguments.required(2, "price")),
          verb.arguments.decimal(3).value_or(Decimal()), line.shares.data(), line.shares.size(),
          {contract.quantity_scale, contract.money_scale}, parts);
    for (Part const& part : parts) {
        verb.result.id(part.customer_id).decimal(part.quantity).decimal(part.amount).decimal(part.tax).emit();
    }
}

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum allocate(PG_FUNCTION_ARGS) {
    return billing::wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        allocate_parts(call);
        return Datum{0};
    });
}

Datum split_actual(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "split_actual", split_for_line);
}
