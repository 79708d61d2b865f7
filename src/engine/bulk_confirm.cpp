// Bulk confirmation: the steps between which the procedure confirm_in_bulk() commits.
//
// The status of an invoice only reports; what keeps two runs apart is the lock of its contract. A run that finds an
// invoice in processing may have died, so another one takes it: at worst both call confirm_invoices(), and the second
// is told that the invoice is confirmed.

#include <map>
#include <unordered_set>

#include "engine/invoice_list.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// What the log calls all of its steps.
constexpr const char* verb_name = "confirm_in_bulk";

constexpr const char* scheduled = "scheduled";
constexpr const char* processing = "processing";
constexpr const char* complete = "complete";
constexpr const char* failed = "failed";

struct BulkInvoice {
    std::int64_t invoice_id;
    std::int64_t contract_id;
    std::string status; // of the bulk confirmation; empty: none
    bool is_final;
};

// The invoices that exist, in ascending order, their contracts locked.
std::vector<BulkInvoice> lock_invoices(const Ids& ids) {
    static pg::Statement read{"SELECT invoice_id, bulk_confirmation_status::text FROM billing.invoice"
                              " WHERE invoice_id = ANY ($1)",
                              {INT8ARRAYOID}};
    InvoiceList const listed = InvoiceList::lock(ids);
    std::map<std::int64_t, std::string> statuses;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(ids));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        statuses[rows.id(i, 1)] = rows.text_or_null(i, 2).value_or("");
    }
    std::vector<BulkInvoice> invoices;
    for (ListedInvoice const& invoice : listed.all()) {
        if (invoice.exists) {
            invoices.push_back(
                {invoice.invoice_id, invoice.contract_id, statuses[invoice.invoice_id], !invoice.is_editable()});
        }
    }
    return invoices;
}

void move(std::int64_t operation, const std::vector<BulkInvoice>& invoices, const char* to,
          const std::optional<std::string>& reason) {
    static pg::Statement update{R"(
        UPDATE billing.invoice
           SET bulk_confirmation_status = $2::billing.bulk_confirmation_status, bulk_confirmation_reason = $3
         WHERE invoice_id = ANY ($1))",
                                {INT8ARRAYOID, TEXTOID, TEXTOID}};
    std::map<std::string, std::pair<Ids, Ids>> from;
    Ids moved;
    for (BulkInvoice const& invoice : invoices) {
        from[invoice.status].first.push_back(invoice.contract_id);
        from[invoice.status].second.push_back(invoice.invoice_id);
        moved.push_back(invoice.invoice_id);
    }
    for (auto const& [status, contracts_and_ids] : from) {
        log_changes(operation, {0, "invoice", "bulk_confirmation_status", status, to}, contracts_and_ids.first,
                    contracts_and_ids.second);
    }
    if (!moved.empty()) {
        guard::write(update, "invoice", guard::Write::update,
                     pg::Parameters().ids(moved).text(to).text_or_null(reason));
    }
}

// The invoices that create_invoices() made under a run key.
Ids invoices_of_run(const std::string& run_key) {
    static pg::Statement read{R"(
        SELECT v.invoice_id FROM billing.operation o LEFT JOIN billing.invoice v ON v.operation_id = o.operation_id
         WHERE o.run_key = $1)",
                              {TEXTOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().text(run_key));
    if (rows.empty()) {
        throw DomainError(sqlstate::unknown_item, "there is no run \"" + run_key + "\"", {}, "Nothing was confirmed.");
    }
    Ids ids;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        if (rows.datum(i, 1)) {
            ids.push_back(rows.id(i, 1));
        }
    }
    return ids;
}

Ids chosen_invoices(const Arguments& arguments) {
    std::optional<std::string> const run_key = arguments.text(1);
    if (!arguments.given(0) && !run_key) {
        throw DomainError(sqlstate::invalid_parameter, "nothing to confirm", {}, "Name invoices or a run key.");
    }
    Ids ids = arguments.ids(0).value_or(Ids());
    if (run_key) {
        Ids const of_run = invoices_of_run(*run_key);
        ids.insert(ids.end(), of_run.begin(), of_run.end());
    }
    return ids;
}

void require_known(const Ids& ids, const std::vector<BulkInvoice>& known) {
    std::unordered_set<std::int64_t> found;
    for (BulkInvoice const& invoice : known) {
        found.insert(invoice.invoice_id);
    }
    for (std::int64_t const id : ids) {
        if (found.count(id) == 0) {
            throw DomainError(sqlstate::unknown_item, "there is no invoice " + std::to_string(id), {},
                              "Nothing was confirmed.");
        }
    }
}

// Confirmed by itself, or by a run that is through with it.
bool is_done(const BulkInvoice& invoice) {
    return invoice.status == complete || (invoice.is_final && invoice.status.empty());
}

// What waits or is being processed may be left over from a run that died; it is queued again as it is.
bool waits(const BulkInvoice& invoice) {
    return invoice.status == scheduled || invoice.status == processing;
}

void schedule(Verb& verb) {
    Ids const ids = chosen_invoices(verb.arguments);
    std::vector<BulkInvoice> const invoices = lock_invoices(ids);
    require_known(ids, invoices);
    std::vector<BulkInvoice> moving;
    for (BulkInvoice const& invoice : invoices) {
        if (!is_done(invoice) && !waits(invoice)) {
            moving.push_back(invoice);
        }
        verb.result.id(invoice.invoice_id).add(BoolGetDatum(!is_done(invoice))).emit();
    }
    LoggedArguments const arguments =
        LoggedArguments().add("invoices", verb.arguments.ids(0)).add("run_key", verb.arguments.text(1));
    move(begin_operation(verb, arguments), moving, scheduled, std::nullopt);
}

// The invoice of a step, if it is still there.
std::vector<BulkInvoice> lock_one(const Verb& verb) {
    verb.arguments.required(0, "invoice");
    return lock_invoices({*verb.arguments.id(0)});
}

std::int64_t begin_step(const Verb& verb, const BulkInvoice& invoice) {
    return begin_operation(verb,
                           LoggedArguments().add("invoice", std::string_view(std::to_string(invoice.invoice_id))));
}

void start(Verb& verb) {
    std::vector<BulkInvoice> const invoice = lock_one(verb);
    bool const is_started = !invoice.empty() && waits(invoice.front());
    if (is_started && invoice.front().status == scheduled) {
        move(begin_step(verb, invoice.front()), invoice, processing, std::nullopt);
    }
    verb.result.id(*verb.arguments.id(0)).add(BoolGetDatum(is_started)).emit();
}

void finish(Verb& verb) {
    std::vector<BulkInvoice> const invoice = lock_one(verb);
    if (invoice.empty() || invoice.front().status != processing) {
        return;
    }
    bool const is_final = invoice.front().is_final;
    std::string const problem = verb.arguments.text(1).value_or("the invoice was not confirmed");
    move(begin_step(verb, invoice.front()), invoice, is_final ? complete : failed,
         is_final ? std::nullopt : std::optional<std::string>(problem));
    pg::EnumOids<BulkConfirmationStatus> const statuses;
    verb.result.id(invoice.front().invoice_id);
    verb.result.add(statuses(is_final ? BulkConfirmationStatus::complete : BulkConfirmationStatus::failed)).emit();
}

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum schedule_bulk_confirmation(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, verb_name, schedule);
}

Datum start_bulk_confirmation(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, verb_name, start);
}

Datum finish_bulk_confirmation(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, verb_name, finish);
}
