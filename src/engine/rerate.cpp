// rerate(): approved work priced anew from the price lists, where it is on no invoice.

#include <unordered_set>

#include "engine/entries.hpp"
#include "engine/operation.hpp"
#include "engine/reevaluate.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// Contracts that use the lists: their own, or their company's.
Ids contracts_of_lists(const Ids& lists) {
    static pg::Statement read{R"(
        SELECT contract_id FROM billing.contract_price_list WHERE price_list_id = ANY ($1)
        UNION
        SELECT c.contract_id
          FROM billing.company_price_list u
          JOIN billing.contract c ON c.company_id = u.company_id AND c.kind = 'customer'
         WHERE u.price_list_id = ANY ($1)
           AND (u.context = 'cost'
                OR NOT EXISTS (SELECT 1 FROM billing.contract_price_list o WHERE o.contract_id = c.contract_id)))",
                              {INT8ARRAYOID},
                              pg::Planning::free};
    return pg::query(read, pg::Parameters().ids(lists)).ids(1);
}

// Approved work that stands in the contracts or was billed there, from a day on; not what was taken back from them.
// Which of a project's work that is is looked up here: in SQL, each of it would be compared with every contract.
Ids find_work_since(const Ids& contracts, DateADT from) {
    static pg::Statement read{R"(
        SELECT a.entry_id, a.contract_id
          FROM (SELECT DISTINCT project_id FROM billing.contract_line
                 WHERE contract_id = ANY ($1) AND project_id IS NOT NULL) p
          JOIN billing.entry e ON e.project_id = p.project_id
          JOIN billing.actual a ON a.entry_id = e.entry_id AND a.invoice_id IS NULL AND a.reverses_id IS NULL
                               AND (a.adjustment_status <> 'adjusted' OR a.invoice_line_id IS NOT NULL)
         WHERE e.entry_date >= $2 AND e.entry_status IN ('approved', 'recall_requested')
        UNION ALL
        SELECT a.entry_id, a.contract_id
          FROM billing.actual a
         WHERE a.contract_id = ANY ($1) AND a.is_open AND a.entry_id IS NOT NULL AND a.transaction_date >= $2)",
                              {INT8ARRAYOID, DATEOID}};
    std::unordered_set<std::int64_t> const wanted(contracts.begin(), contracts.end());
    Ids found;
    pg::query_in_batches(read, pg::Parameters().ids(contracts).date(from), entries_per_batch,
                         [&](const pg::Rows& rows) {
                             for (std::uint64_t i = 0; i < rows.count(); ++i) {
                                 if (wanted.count(rows.id(i, 2)) != 0) {
                                     found.push_back(rows.id(i, 1));
                                 }
                             }
                         });
    return sorted_unique(std::move(found));
}

// One row per actual with what it was and what it becomes. An entry's reversals come before what is written instead;
// they are matched by type, billing type and customer.
class RerateReport : public LedgerReport {
public:
    explicit RerateReport(Verb& verb) : LedgerReport(verb), verb_(verb) {}

    void note(std::int64_t entry_id, std::int64_t contract_id, ItemOutcome outcome, std::string_view reason) override {
        flush();
        verb_.result.id_or_null(entry_id).add(outcome_(outcome)).text_or_null(reason).id_or_null(contract_id);
        nothing(13);
        verb_.result.emit();
    }

    void reversal(std::int64_t entry_id, const LedgerRow& row, std::int64_t /*reversal_id*/) override {
        if (!changes_.empty() && changes_.back().entry_id != entry_id) {
            flush();
        }
        changes_.push_back({entry_id, row, std::nullopt});
    }

    void written(std::int64_t entry_id, const NewRow& row) override {
        for (Change& change : changes_) {
            if (change.entry_id == entry_id && change.was && !change.becomes && is_for(row, *change.was)) {
                change.becomes = row;
                return;
            }
        }
        changes_.push_back({entry_id, std::nullopt, row});
    }

    void evaluated(std::int64_t entry_id, const LedgerRow& row, NteStatus nte) override {
        flush();
        verb_.result.id(entry_id).add(outcome_(ItemOutcome::changed));
        verb_.result.text("not-to-exceed status was " + std::string(label(row.nte)));
        place(row).add(nte_(nte)).id(row.actual_id).id(row.actual_id).decimal(row.quantity);
        verb_.result.decimal(row.price).decimal(row.price).decimal(row.amount).decimal(row.amount).decimal(Decimal());
        verb_.result.emit();
    }

    void flush() override {
        for (Change const& change : changes_) {
            emit(change);
        }
        changes_.clear();
    }

private:
    struct Change {
        std::int64_t entry_id;
        std::optional<LedgerRow> was;
        std::optional<NewRow> becomes;
    };

    bool is_for(const NewRow& row, const LedgerRow& was) const {
        return row.type == type_(was.type) && row.billing_type == billing_type_(was.billing_type) &&
               row.customer_id == was.customer_id;
    }

    pg::ResultSet& place(const LedgerRow& row) {
        return verb_.result.id(row.contract_id)
            .id_or_null(row.line_id)
            .id_or_null(row.customer_id)
            .add(type_(row.type))
            .add(billing_type_(row.billing_type));
    }

    void nothing(int columns) {
        for (int i = 0; i < columns; ++i) {
            verb_.result.add_null();
        }
    }

    void emit(const Change& change) {
        verb_.result.id(change.entry_id).add(outcome_(ItemOutcome::changed)).add_null();
        if (!change.becomes) {
            return emit_gone(*change.was);
        }
        NewRow const& row = *change.becomes;
        verb_.result.id(row.contract_id).id_or_null(row.line_id).id_or_null(row.customer_id).add(row.type);
        verb_.result.add(row.billing_type).add(row.nte_status);
        verb_.result.id_or_null(change.was ? change.was->actual_id : 0).id_or_null(row.actual_id).add(row.quantity);
        Decimal const amount = pg::decimal_of(row.amount);
        if (change.was) {
            verb_.result.decimal(change.was->price).add(row.price).decimal(change.was->amount).add(row.amount);
            verb_.result.decimal(amount - change.was->amount).emit();
        } else {
            verb_.result.add_null().add(row.price).add_null().add(row.amount).decimal(amount).emit();
        }
    }

    void emit_gone(const LedgerRow& row) {
        place(row).add_null().id(row.actual_id).add_null().decimal(row.quantity);
        verb_.result.decimal(row.price).add_null().decimal(row.amount).add_null().decimal(-row.amount).emit();
    }

    Verb& verb_;
    std::vector<Change> changes_; // of one entry
    pg::EnumOids<ItemOutcome> outcome_;
    pg::EnumOids<TransactionType> type_;
    pg::EnumOids<BillingType> billing_type_;
    pg::EnumOids<NteStatus> nte_;
};

// Typed prices stay unless they are to be overruled; a price agreed on an invoice that was credited counts as typed.
void reprice(EntryRow& entry, const std::vector<LedgerRow>& rows, const ApprovedWork& stored, bool overrules) {
    auto const overruled = [overrules](PriceSource source) {
        return overrules && source == PriceSource::typed ? PriceSource::list_or_typed : source;
    };
    entry.work.cost_source = overruled(entry.work.cost_source);
    // What a credit brought back has the list's price again, unless somebody gave it another one on the invoice.
    if (!was_priced_on_invoice(rows)) {
        entry.work.sales_source = stored.sales_source;
        if (stored.sales_source == PriceSource::list_or_typed) {
            entry.work.sales_price = stored.sales_price;
        }
    }
    entry.work.sales_source = overruled(entry.work.sales_source);
}

class Rerating {
public:
    explicit Rerating(Verb& verb)
        : verb_(verb), preview_(verb.arguments.flag(4)), overrules_(verb.arguments.flag(3)), from_(from_date(verb)) {
        if (!verb.arguments.given(0) && !verb.arguments.given(1)) {
            throw DomainError(sqlstate::invalid_parameter, "nothing to price anew", {},
                              "Name contracts or price lists.");
        }
        contracts_ = verb.arguments.ids(0).value_or(Ids());
        Ids const of_lists = contracts_of_lists(verb.arguments.ids(1).value_or(Ids()));
        contracts_.insert(contracts_.end(), of_lists.begin(), of_lists.end());
    }

    void run() {
        bool const overrules = overrules_;
        Reevaluation work(
            preview_,
            [overrules](EntryRow& entry, const std::vector<LedgerRow>& ledger, const ApprovedWork& stored) {
                reprice(entry, ledger, stored, overrules);
            },
            std::make_unique<RerateReport>(verb_));
        Ids const found = find_work_since(contracts_, from_);
        work.lock_and_load(found, contracts_);
        if (!preview_ && find_work_since(contracts_, from_) != found) {
            throw DomainError("40001", "work was approved meanwhile", {}, "Call the verb again.");
        }
        work.run(preview_ ? 0 : begin());
    }

private:
    static DateADT from_date(const Verb& verb) {
        return verb.arguments.given(2) ? DatumGetDateADT(*verb.arguments.datum(2)) : DATEVAL_NOBEGIN;
    }

    std::int64_t begin() const {
        Arguments const& arguments = verb_.arguments;
        LoggedArguments logged;
        logged.add("contracts", arguments.ids(0)).add("price_lists", arguments.ids(1));
        if (arguments.given(2)) {
            logged.add("from_date", std::string_view(pg::text_of_date(from_)));
        }
        logged.add("typed", std::string_view(overrules_ ? "true" : "false"));
        return begin_operation(verb_, logged);
    }

    Verb& verb_;
    bool preview_;
    bool overrules_;
    DateADT from_;
    Ids contracts_;
};

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum rerate(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "rerate", [](Verb& verb) { Rerating(verb).run(); });
}
