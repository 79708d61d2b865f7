// Entry journals: one actual for each line, exactly as typed.

#include <algorithm>
#include <tuple>

#include "engine/journal.hpp"
#include "engine/operation.hpp"
#include "engine/reversal.hpp"
#include "guard/write_scope.hpp"
#include "pg/row_batch.hpp"

namespace billing::engine {

namespace {

struct Line {
    std::int64_t line_id;
    std::int64_t contract_line_id; // 0: none
    std::int64_t customer_id;      // 0: none, or none yet
    TransactionType type;
    TransactionClass transaction_class;
    std::optional<BillingType> billing_type;
    TypedAmount typed;
    Decimal tax;
    DateADT date;
    std::optional<std::string> currency;
    // What it becomes.
    std::int64_t actual_id = 0;
    std::int64_t retainer_id = 0;
    Decimal amount{};
    NteVerdict nte{NteStatus::not_applicable, std::nullopt};

    bool is_sale() const { return type == TransactionType::unbilled_sales || type == TransactionType::billed_sales; }
    bool is_billed() const { return type == TransactionType::billed_sales; }
    bool is_retainer() const { return transaction_class == TransactionClass::retainer; }
    bool is_charged() const { return is_sale() && !is_retainer() && billing_type == BillingType::chargeable; }
    // A sale that names none of several customers is on nobody's backlog.
    bool is_open() const { return type == TransactionType::unbilled_sales && !is_retainer() && customer_id != 0; }
    // Retainers belong to the contract and its customer.
    std::int64_t stored_line_id() const { return is_retainer() ? 0 : contract_line_id; }
};

std::string words(std::string_view label) {
    std::string text(label);
    std::replace(text.begin(), text.end(), '_', ' ');
    return text;
}

// With at least the decimals a reader expects, and more only where they count.
Decimal tidy(const Decimal& value, int scale) {
    Decimal const shortest = value.trimmed();
    return shortest.scale() < scale ? shortest.rounded(scale) : shortest;
}

class EntryJournal {
public:
    EntryJournal(Verb& verb, const Journal& journal, bool preview)
        : verb_(verb), journal_(journal), preview_(preview), report_(verb),
          book_(preview ? ContractBook::load({journal.contract_id})
                        : ContractBook::lock_and_load({journal.contract_id})),
          contract_(book_.known_contract(journal.contract_id)) {}

    void run() {
        if (!preview_) {
            journal_ = lock_journals({journal_.journal_id}).at(0);
        }
        if (std::string const problem = journal_problem(); !problem.empty()) {
            return report_.note(0, contract_.contract_id, ItemOutcome::refused, problem);
        }
        read_lines();
        if (lines_.empty()) {
            return report_.note(0, contract_.contract_id, ItemOutcome::refused, "the journal has no lines");
        }
        if (find_problems()) {
            return;
        }
        evaluate_limits();
        preview_ ? report() : write();
    }

private:
    std::string journal_problem() const {
        if (!journal_.is_draft()) {
            return confirmed_reason;
        }
        return contract_.is_closed ? "the contract is closed" : "";
    }

    // --- lines

#define BILLING_JOURNAL_LINES                                                                                          \
    "SELECT journal_line_id, contract_line_id, customer_id, transaction_type, transaction_class, billing_type,"        \
    "       amount_method, quantity, price, amount, tax, transaction_date, currency"                                   \
    "  FROM billing.journal_line WHERE contract_id = $1 AND journal_id = $2 ORDER BY journal_line_id"

    void read_lines() {
        static pg::Statement read{BILLING_JOURNAL_LINES, {INT8OID, INT8OID}};
        static pg::Statement lock{BILLING_JOURNAL_LINES " FOR UPDATE", {INT8OID, INT8OID}};
        constexpr long lines_per_batch = 5000;
        pg::EnumOids<AmountMethod> const methods;
        auto const take = [&](const pg::Rows& rows) {
            for (std::uint64_t i = 0; i < rows.count(); ++i) {
                std::optional<Datum> const type = rows.datum(i, 6);
                lines_.push_back(
                    {rows.id(i, 1),
                     rows.id_or(i, 2, 0),
                     rows.id_or(i, 3, 0),
                     type_(rows.value(i, 4)),
                     class_(rows.value(i, 5)),
                     type ? std::optional<BillingType>(billing_type_(*type)) : std::nullopt,
                     {methods(rows.value(i, 7)), rows.decimal(i, 8), rows.decimal(i, 9), rows.decimal_or_null(i, 10)},
                     rows.decimal(i, 11),
                     DatumGetDateADT(rows.value(i, 12)),
                     rows.text_or_null(i, 13)});
            }
        };
        pg::query_in_batches(preview_ ? read : lock, pg::Parameters().id(contract_.contract_id).id(journal_.journal_id),
                             lines_per_batch, take);
    }

#undef BILLING_JOURNAL_LINES

    // Fills in what was left out; reports what cannot be written and returns whether there is such a line.
    bool find_problems() {
        bool found = false;
        std::vector<RetainerLine> retainers;
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            Line& line = lines_[i];
            std::string const problem = complete(line);
            if (!problem.empty()) {
                refuse(line, problem);
                found = true;
            } else if (line.is_retainer()) {
                retainers.push_back({i, line.type, line.customer_id, line.date, line.amount});
            }
        }
        pairs_ = pair_retainers(retainers);
        for (std::size_t const i : pairs_.alone) {
            refuse(lines_[i],
                   "a retainer needs two lines of the same customer and date: a billed sale, and an unbilled "
                   "sale of the negative amount that holds its balance");
            found = true;
        }
        return found;
    }

    void refuse(const Line& line, const std::string& problem) {
        report_.note(0, contract_.contract_id, ItemOutcome::refused,
                     "line " + std::to_string(line.line_id) + ": " + problem);
    }

    int money_scale(const Line& line) const {
        return line.is_sale() ? contract_.money_scale : contract_.cost_scale;
    }

    // Fills in what was left out; returns why the line cannot become an actual.
    std::string complete(Line& line) {
        std::string problem = kind_problem(line);
        if (problem.empty()) {
            problem = line.is_retainer() ? complete_retainer(line) : complete_payer(line);
        }
        if (problem.empty()) {
            problem = currency_problem(line);
        }
        if (problem.empty()) {
            problem = amount_problem(line.typed, money_scale(line));
        }
        if (problem.empty() && line.tax.rounded(money_scale(line)) != line.tax) {
            problem = "the tax " + line.tax.trimmed().text() + " has more decimals than its currency knows";
        }
        if (problem.empty()) {
            line.amount = amount_of(line.typed, money_scale(line));
        }
        return problem;
    }

    std::string kind_problem(const Line& line) {
        std::string const kind = words(label(line.type)) + " of class " + std::string(label(line.transaction_class));
        if (line.contract_line_id == 0) {
            bool const is_allowed =
                journal_allows(BillingMethod::time_and_material, line.type, line.transaction_class) &&
                (!line.is_sale() || line.is_retainer());
            return is_allowed ? "" : kind + " needs a contract line";
        }
        ContractLine const& paying = book_.known_line(line.contract_line_id);
        if (!journal_allows(paying.method, line.type, line.transaction_class)) {
            return "a journal has no " + kind + " on a contract line of method " + words(label(paying.method));
        }
        return paying.problem();
    }

    std::string complete_payer(Line& line) {
        if (line.contract_line_id == 0) {
            if (line.customer_id != 0) {
                return "without a contract line there is no paying customer";
            }
            line.billing_type = line.billing_type.value_or(BillingType::not_available);
            return line.billing_type == BillingType::not_available ? "" : "without a contract line nothing is charged";
        }
        ContractLine const& paying = book_.known_line(line.contract_line_id);
        if (line.customer_id == 0 && paying.shares.size() == 1) {
            line.customer_id = paying.shares.front().customer_id;
        }
        if (line.customer_id != 0 && paying.customer(line.customer_id) == nullptr) {
            return "customer " + std::to_string(line.customer_id) + " does not pay for contract line " +
                   std::to_string(paying.line_id);
        }
        if (line.customer_id == 0 && line.is_billed()) {
            return "a billed sale needs its customer";
        }
        line.billing_type = line.billing_type.value_or(BillingType::chargeable);
        return line.billing_type == BillingType::not_available ? "not available is for work without a contract line"
                                                               : "";
    }

    std::string complete_retainer(Line& line) const {
        if (line.customer_id == 0 && contract_.customers.size() == 1) {
            line.customer_id = contract_.customers.front().customer_id;
        }
        bool const is_known =
            std::any_of(contract_.customers.begin(), contract_.customers.end(),
                        [&line](const ContractCustomer& customer) { return customer.customer_id == line.customer_id; });
        if (!is_known) {
            return "a retainer needs a customer of the contract";
        }
        if (!line.tax.is_zero()) {
            return "a retainer carries no tax";
        }
        line.billing_type = line.billing_type.value_or(BillingType::chargeable);
        return line.billing_type == BillingType::chargeable ? "" : "a retainer is always chargeable";
    }

    // Costs are kept in the company's currency, whose code the contract does not know; then there is one code to name.
    std::string currency_problem(const Line& line) {
        if (!line.currency) {
            return {};
        }
        std::string const& wanted = line.is_sale() ? contract_.currency : company_currency();
        return *line.currency == wanted ? ""
                                        : "it is in " + *line.currency + ", its " +
                                              (line.is_sale() ? "contract" : "company") + " in " + wanted;
    }

    const std::string& company_currency() {
        static pg::Statement read{"SELECT currency FROM billing.company WHERE company_id = $1", {INT8OID}};
        if (company_currency_.empty()) {
            company_currency_ = pg::query(read, pg::Parameters().id(contract_.company_id)).text(0, 1);
        }
        return company_currency_;
    }

    // --- limits: what is billed already has taken its room, then the oldest sale comes first

    void evaluate_limits() {
        NteBook& limits = book_.limits(contract_);
        std::vector<Line*> sales;
        for (Line& line : lines_) {
            if (!line.is_charged() || line.customer_id == 0) {
                continue;
            }
            // On a fixed-price line these are milestones, which count at the levels of customer and contract.
            if (book_.known_line(line.contract_line_id).method != BillingMethod::time_and_material) {
                limits.release_milestone(line.customer_id, -line.amount);
            } else if (line.is_billed()) {
                limits.release(line.contract_line_id, line.customer_id, -line.amount);
            } else {
                sales.push_back(&line);
            }
        }
        std::sort(sales.begin(), sales.end(), [](const Line* a, const Line* b) {
            return std::tie(a->date, a->line_id) < std::tie(b->date, b->line_id);
        });
        for (Line* sale : sales) {
            sale->nte = limits.evaluate(sale->contract_line_id, sale->customer_id, sale->amount, true);
        }
    }

    // --- writing

    void report() {
        for (Line const& line : lines_) {
            report_.written(0, shown(line));
        }
    }

    NewRow shown(const Line& line) const {
        return {line.actual_id,
                contract_.contract_id,
                line.stored_line_id(),
                line.customer_id,
                type_(line.type),
                billing_type_(*line.billing_type),
                nte_status_(line.nte.status),
                pg::numeric_of(tidy(line.typed.quantity, contract_.quantity_scale)),
                pg::numeric_of(tidy(line.typed.price, money_scale(line))),
                pg::numeric_of(line.amount),
                pg::numeric_of(line.tax.rounded(money_scale(line)))};
    }

    void write() {
        std::int64_t const operation = begin_confirmation(verb_, journal_);
        log_confirmation(operation, journal_);
        ActualIds const ids;
        for (Line& line : lines_) {
            line.actual_id = ids.next();
        }
        write_retainers(operation);
        write_actuals();
        write_lines();
        write_totals();
        finish_confirmation(journal_);
        report();
    }

    static BillingStatus status_of(const Line& line) {
        return line.is_billed() || line.is_retainer() ? BillingStatus::customer_invoice_posted
                                                      : BillingStatus::not_ready_to_invoice;
    }

    void write_actuals() {
        static pg::Statement insert{R"(
            INSERT INTO billing.actual
                (contract_id, actual_id, contract_line_id, customer_id, journal_line_id, retainer_id, transaction_type,
                 transaction_class, billing_type, billing_status, nte_status, nte_failed_level, transaction_date, is_open,
                 quantity, price, amount, tax, description, external_description)
            SELECT b.contract_id, b.actual_id, b.contract_line_id, b.customer_id, b.journal_line_id, b.retainer_id,
                   b.transaction_type, b.transaction_class, b.billing_type, b.billing_status, b.nte_status,
                   b.nte_failed_level, b.transaction_date, b.is_open, b.quantity, b.price, b.amount, b.tax,
                   l.description, coalesce(l.external_description, l.description)
              FROM journal_actual b
              JOIN billing.journal_line l ON l.journal_line_id = b.journal_line_id AND l.contract_id = b.contract_id)",
                                    {}};
        pg::EnumOids<BillingStatus> const statuses;
        pg::EnumOids<NteLevel> const levels;
        pg::RowBatch batch("journal_actual", {{"contract_id", INT8OID},
                                              {"actual_id", INT8OID},
                                              {"contract_line_id", INT8OID},
                                              {"customer_id", INT8OID},
                                              {"journal_line_id", INT8OID},
                                              {"retainer_id", INT8OID},
                                              {"transaction_type", pg::type_oid("transaction_type")},
                                              {"transaction_class", pg::type_oid("transaction_class")},
                                              {"billing_type", pg::type_oid("billing_type")},
                                              {"billing_status", pg::type_oid("billing_status")},
                                              {"nte_status", pg::type_oid("nte_status")},
                                              {"nte_failed_level", pg::type_oid("nte_level")},
                                              {"transaction_date", DATEOID},
                                              {"is_open", BOOLOID},
                                              {"quantity", NUMERICOID},
                                              {"price", NUMERICOID},
                                              {"amount", NUMERICOID},
                                              {"tax", NUMERICOID}});
        for (Line const& line : lines_) {
            NewRow const row = shown(line);
            batch.id(row.contract_id).id(row.actual_id).id_or_null(row.line_id).id_or_null(row.customer_id);
            batch.id(line.line_id).id_or_null(line.retainer_id).add(row.type).add(class_(line.transaction_class));
            batch.add(row.billing_type).add(statuses(status_of(line))).add(row.nte_status);
            line.nte.failed_level ? batch.add(levels(*line.nte.failed_level)) : batch.add_null();
            batch.add(DateADTGetDatum(line.date)).add(BoolGetDatum(line.is_open()));
            batch.add(row.quantity).add(row.price).add(row.amount).add(row.tax).emit();
        }
        guard::write(insert, "actual", guard::Write::insert);
        batch.close();
    }

    // A line says from now on what was written for it.
    void write_lines() const {
        static pg::Statement update{R"(
            UPDATE billing.journal_line l
               SET actual_id = d.actual_id, customer_id = nullif(d.customer_id, 0),
                   billing_type = d.billing_type::billing.billing_type, amount = d.amount,
                   document_date = coalesce(l.document_date, l.transaction_date),
                   start_date = coalesce(l.start_date, l.transaction_date),
                   end_date = coalesce(l.end_date, l.transaction_date),
                   accounting_date = coalesce(l.accounting_date, l.transaction_date),
                   external_description = coalesce(l.external_description, l.description)
              FROM unnest($2, $3, $4, $5, $6) AS d (journal_line_id, actual_id, customer_id, billing_type, amount)
             WHERE l.journal_line_id = d.journal_line_id AND l.contract_id = $1)",
                                    {INT8OID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, NUMERICARRAYOID}};
        Ids ids;
        Ids actuals;
        Ids customers;
        std::vector<std::string> types;
        std::vector<Decimal> amounts;
        for (Line const& line : lines_) {
            ids.push_back(line.line_id);
            actuals.push_back(line.actual_id);
            customers.push_back(line.customer_id);
            types.emplace_back(label(*line.billing_type));
            amounts.push_back(line.amount);
        }
        pg::Parameters parameters;
        parameters.id(contract_.contract_id).ids(ids).ids(actuals).ids(customers).texts(types).decimals(amounts);
        guard::write(update, "journal_line", guard::Write::update, std::move(parameters));
    }

    // Each pair is a retainer that was billed elsewhere: it can be applied and refunded like any other.
    void write_retainers(std::int64_t operation) {
        static pg::Statement insert{
            R"(
            INSERT INTO billing.retainer
                (contract_id, retainer_id, customer_id, open_actual_id, retainer_status, invoice_date, amount, description)
            SELECT $1, d.retainer_id, l.customer_id, d.balance_id, 'customer_invoice_posted', l.transaction_date, d.amount,
                   l.description
              FROM unnest($2, $3, $4, $5, $6) AS d (retainer_id, balance_id, journal_line_id, customer_id, amount)
             CROSS JOIN LATERAL (SELECT j.transaction_date, j.description, d.customer_id FROM billing.journal_line j
                                  WHERE j.journal_line_id = d.journal_line_id AND j.contract_id = $1) l)",
            {INT8OID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID}};
        if (pairs_.pairs.empty()) {
            return;
        }
        pg::Sequence const sequence("retainer_retainer_id_seq");
        Ids ids;
        Ids balances;
        Ids billed;
        Ids customers;
        std::vector<Decimal> amounts;
        for (RetainerPair const& pair : pairs_.pairs) {
            ids.push_back(sequence.next());
            Line& line = lines_[pair.billed];
            Line& balance = lines_[pair.balance];
            line.retainer_id = ids.back();
            balance.retainer_id = ids.back();
            balances.push_back(balance.actual_id);
            billed.push_back(line.line_id);
            customers.push_back(line.customer_id);
            amounts.push_back(line.amount);
        }
        log_change(
            operation,
            {contract_.contract_id, "retainer", "retainer_status", "", label(RetainerStatus::customer_invoice_posted)},
            ids);
        pg::Parameters parameters;
        parameters.id(contract_.contract_id).ids(ids).ids(balances).ids(billed).ids(customers).decimals(amounts);
        guard::write(insert, "retainer", guard::Write::insert, std::move(parameters));
    }

    void write_totals() {
        LineTotals totals;
        for (Line const& line : lines_) {
            if (line.stored_line_id() == 0) {
                continue;
            }
            Decimal const committed = line.nte.status == NteStatus::committed ? line.amount : Decimal();
            Decimal const billed = line.is_billed() && line.is_charged() ? line.amount : Decimal();
            if (line.customer_id != 0) {
                totals.add(contract_.contract_id, line.contract_line_id, line.customer_id, committed, billed);
                continue;
            }
            // Of several customers none is named; the line is in use all the same.
            for (Share const& share : book_.known_line(line.contract_line_id).shares) {
                totals.add(contract_.contract_id, line.contract_line_id, share.customer_id, Decimal(), Decimal());
            }
        }
        totals.write();
    }

    Verb& verb_;
    Journal journal_;
    bool preview_;
    LedgerReport report_;
    ContractBook book_;
    Contract& contract_;
    std::vector<Line> lines_;
    RetainerPairs pairs_;
    std::string company_currency_;
    pg::EnumOids<TransactionType> type_;
    pg::EnumOids<TransactionClass> class_;
    pg::EnumOids<BillingType> billing_type_;
    pg::EnumOids<NteStatus> nte_status_;
};

} // namespace

void confirm_entry_journal(Verb& verb, const Journal& journal, bool preview) {
    EntryJournal(verb, journal, preview).run();
}

} // namespace billing::engine
