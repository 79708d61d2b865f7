// What the price lists say, and why: price_for(), explain_prices().

#include "engine/list_price.hpp"
#include "engine/work_terms.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// --- price_for ----------------------------------------------------------------------------------------------------

void explain_one(Verb& verb) {
    Arguments const& arguments = verb.arguments;
    PriceQuestion question;
    question.contract_id = DatumGetInt64(arguments.required(0, "contract"));
    question.date = DatumGetDateADT(arguments.required(2, "on_date"));
    question.work = {pg::EnumOids<TransactionClass>()(arguments.required(1, "transaction_class")),
                     arguments.id(3).value_or(0),
                     arguments.id(4).value_or(0),
                     arguments.id(5).value_or(0),
                     arguments.id(6).value_or(0),
                     arguments.text(7).value_or("")};
    question.cost_price = arguments.decimal(8);
    ListPrices const prices = list_prices(question);
    pg::EnumOids<PriceContext> const contexts;
    auto const emit = [&](PriceContext context, const ListedPrice& price, const std::string& currency,
                          const std::string& reason) {
        verb.result.add(contexts(context)).decimal(price.price).text(currency);
        verb.result.id_or_null(price.list == nullptr ? 0 : price.list->list_id);
        verb.result.id_or_null(price.rate == nullptr ? 0 : price.rate->rate_id).text(reason).emit();
    };
    emit(PriceContext::cost, prices.cost, prices.cost_currency, prices.cost_reason);
    emit(PriceContext::sales, prices.sales, prices.sales_currency, prices.sales_reason);
}

// --- explain_prices -----------------------------------------------------------------------------------------------

class Explanation {
public:
    explicit Explanation(Verb& verb) : verb_(verb), ids_(verb.arguments.required_ids(0, "entries")) {}

    void run() {
        static pg::Statement projects{"SELECT DISTINCT project_id FROM billing.entry WHERE entry_id = ANY ($1)",
                                      {INT8ARRAYOID}};
        static pg::Statement read{"SELECT i.position, i.id," BILLING_ENTRY_COLUMNS
                                  "  FROM unnest($1) WITH ORDINALITY AS i (id, position)"
                                  "  JOIN billing.entry e ON e.entry_id = i.id ORDER BY i.position",
                                  {INT8ARRAYOID}};
        pg::Rows const found = pg::query(projects, pg::Parameters().ids(ids_));
        terms_.load(found.ids(1), {});
        terms_.expect_repricing();
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(ids_));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            explain_entry(terms_.entry_at(rows, i));
        }
    }

private:
    void explain_entry(const EntryRow& entry) {
        Judgement place;
        terms_.place(entry, place);
        if (place.contract == nullptr) {
            return;
        }
        PriceLists const& lists = terms_.price_lists();
        EntryPrices const prices = terms_.prices_of(entry, place);
        WorkKind const kind = lists.with_unit(entry.kind());
        std::string const& cost_currency = lists.currency_of_company(place.contract->company_id);
        bool const is_comparable = cost_currency == place.contract->currency;
        emit(entry, *place.contract, PriceContext::cost, prices.cost_price, cost_currency, prices.cost,
             prices.cost_is_listed, explain(prices.cost, kind, lists.units(), {}));
        if (prices.has_sales) {
            emit(entry, *place.contract, PriceContext::sales, prices.sales_price, place.contract->currency,
                 prices.sales, prices.sales_is_listed,
                 explain(prices.sales, kind, lists.units(),
                         is_comparable ? std::optional<Decimal>(prices.cost_price) : std::nullopt));
        }
    }

    void emit(const EntryRow& entry, const Contract& contract, PriceContext context, const Decimal& price,
              const std::string& currency, const ListedPrice& listed, bool is_listed, const std::string& reason) {
        verb_.result.id(entry.entry_id).add(contexts_(context)).id(contract.contract_id).decimal(price).text(currency);
        verb_.result.id_or_null(is_listed && listed.list != nullptr ? listed.list->list_id : 0);
        verb_.result.id_or_null(is_listed && listed.rate != nullptr ? listed.rate->rate_id : 0);
        verb_.result.text(is_listed ? reason : "typed with the entry").emit();
    }

    Verb& verb_;
    Ids ids_;
    WorkTerms terms_;
    pg::EnumOids<PriceContext> contexts_;
};

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum price_for(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "price_for", explain_one);
}

Datum explain_prices(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "explain_prices", [](Verb& verb) { Explanation(verb).run(); });
}
