// Frequencies and what is generated from them: frequency_dates(), generate_schedule(), generate_milestones().

#include <set>

#include "domain/allocation.hpp"
#include "engine/contract_book.hpp"
#include "engine/frequency.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/enum_oids.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

std::vector<std::string> texts_of(Datum array) {
    std::vector<std::string> texts;
    for (auto const& element : pg::elements_of(array, TEXTOID)) {
        if (!element) {
            throw DomainError(sqlstate::invalid_setup, "a day of a frequency must not be NULL");
        }
        texts.push_back(pg::string_of(*element));
    }
    return texts;
}

Frequency frequency_of(Datum period, Datum run_days) {
    return parse_frequency(*from_label<FrequencyPeriod>(pg::label_of(period)), texts_of(run_days));
}

} // namespace

Frequency read_frequency(std::int64_t frequency_id) {
    static pg::Statement read{"SELECT period, run_days FROM billing.invoice_frequency WHERE frequency_id = $1",
                              {INT8OID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().id(frequency_id));
    if (rows.empty()) {
        throw DomainError(sqlstate::unknown_item, "there is no frequency " + std::to_string(frequency_id));
    }
    return frequency_of(rows.value(0, 1), rows.value(0, 2));
}

DateADT required_date(const Verb& verb, int position, const char* name) {
    DateADT const date = DatumGetDateADT(verb.arguments.required(position, name));
    if (date < first_day || date > last_day) {
        throw DomainError(sqlstate::invalid_parameter,
                          std::string("argument \"") + name + "\" must lie between the years 1 and 9999");
    }
    return date;
}

std::vector<Day> dates_asked_for(const Verb& verb, int first) {
    Frequency const frequency = read_frequency(DatumGetInt64(verb.arguments.required(first, "frequency")));
    Day const from = required_date(verb, first + 1, "from_date");
    std::optional<Day> until;
    std::optional<std::int64_t> count;
    if (verb.arguments.given(first + 2)) {
        until = required_date(verb, first + 2, "until_date");
    }
    if (verb.arguments.given(first + 3)) {
        count = DatumGetInt32(*verb.arguments.datum(first + 3));
    }
    return run_dates(frequency, from, until, count);
}

namespace {

void list_dates(Verb& verb) {
    int number = 0;
    for (Day const day : dates_asked_for(verb, 0)) {
        verb.result.add(Int32GetDatum(++number)).add(DateADTGetDatum(day)).emit();
    }
}

// --- generate_schedule ----------------------------------------------------------------------------------------------

// The lines of a call that take a schedule; the others are reported as refused.
class ScheduledLines {
public:
    explicit ScheduledLines(Verb& verb) : verb_(verb) {}

    void read(const Ids& wanted) {
        static pg::Statement find{"SELECT contract_line_id, contract_id FROM billing.contract_line "
                                  "WHERE contract_line_id = ANY ($1) ORDER BY contract_line_id",
                                  {INT8ARRAYOID}};
        pg::Rows const rows = pg::query(find, pg::Parameters().ids(wanted));
        book_ = ContractBook::lock_and_load(rows.ids(2));
        for (std::int64_t const line_id : std::set<std::int64_t>(wanted.begin(), wanted.end())) {
            std::string const problem = problem_of(line_id);
            if (problem.empty()) {
                lines_.push_back(line_id);
                contracts_.push_back(book_.known_line(line_id).contract_id);
            } else {
                refuse(line_id, problem);
            }
        }
    }

    const Ids& lines() const { return lines_; }
    const Ids& contracts() const { return contracts_; } // same order

private:
    std::string problem_of(std::int64_t line_id) {
        ContractLine const* line = book_.line(line_id);
        if (line == nullptr) {
            return "there is no contract line with this id";
        }
        if (line->method != BillingMethod::time_and_material) {
            return "only time-and-material lines have a schedule";
        }
        return book_.known_contract(line->contract_id).is_closed ? "the contract is closed" : std::string();
    }

    void refuse(std::int64_t line_id, const std::string& reason) {
        pg::EnumOids<ItemOutcome> const outcomes;
        ContractLine const* line = book_.line(line_id);
        verb_.result.id_or_null(line == nullptr ? 0 : line->contract_id).id(line_id);
        verb_.result.add(outcomes(ItemOutcome::refused)).text(reason).add_null().add_null().add_null().emit();
    }

    Verb& verb_;
    ContractBook book_;
    Ids lines_;
    Ids contracts_;
};

// Inserts the dates that the lines do not have yet, and returns the ids of the new rows by contract.
std::map<std::int64_t, std::int64_t> insert_schedule(const ScheduledLines& lines, const std::vector<DateADT>& dates,
                                                     std::int64_t lead_days) {
    static pg::Statement insert{R"(
        INSERT INTO billing.invoice_schedule (contract_id, contract_line_id, run_date, cutoff_date)
        SELECT l.contract_id, l.contract_line_id, d.run_date, d.run_date - $4::int4
          FROM unnest($1, $2) AS l (contract_id, contract_line_id)
         CROSS JOIN unnest($3) AS d (run_date)
         ORDER BY l.contract_id, l.contract_line_id, d.run_date
            ON CONFLICT (contract_id, contract_line_id, run_date) DO NOTHING
        RETURNING schedule_id, contract_id)",
                                {INT8ARRAYOID, INT8ARRAYOID, DATEARRAYOID, INT8OID}};
    pg::Parameters parameters;
    parameters.ids(lines.contracts()).ids(lines.lines()).add(pg::array_of_dates(dates)).id(lead_days);
    pg::Rows const rows =
        guard::write_returning(insert, "invoice_schedule", guard::Write::insert, std::move(parameters));
    std::map<std::int64_t, std::int64_t> made;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        made[rows.id(i, 1)] = rows.id(i, 2);
    }
    return made;
}

void report_schedule(Verb& verb, const ScheduledLines& lines, const std::vector<DateADT>& dates,
                     const std::map<std::int64_t, std::int64_t>& made) {
    static pg::Statement read{R"(
        SELECT s.contract_id, s.contract_line_id, s.schedule_id, s.run_date, s.cutoff_date
          FROM unnest($1, $2) AS l (contract_id, contract_line_id)
          JOIN billing.invoice_schedule s ON s.contract_id = l.contract_id AND s.contract_line_id = l.contract_line_id
         WHERE s.run_date = ANY ($3)
         ORDER BY s.contract_id, s.contract_line_id, s.run_date)",
                              {INT8ARRAYOID, INT8ARRAYOID, DATEARRAYOID}};
    pg::EnumOids<ItemOutcome> const outcomes;
    pg::Parameters parameters;
    parameters.ids(lines.contracts()).ids(lines.lines()).add(pg::array_of_dates(dates));
    pg::Rows const rows = pg::query(read, std::move(parameters));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        bool const is_new = made.count(rows.id(i, 3)) != 0;
        verb.result.id(rows.id(i, 1)).id(rows.id(i, 2));
        verb.result.add(outcomes(is_new ? ItemOutcome::changed : ItemOutcome::unchanged));
        verb.result.text_or_null(is_new ? "" : "the line has this date already");
        verb.result.id(rows.id(i, 3)).add(rows.value(i, 4)).add(rows.value(i, 5)).emit();
    }
}

// contract_lines, frequency, from_date, until_date, lead_days
void schedule_lines(Verb& verb) {
    Ids const wanted = verb.arguments.required_ids(0, "contract_lines");
    Frequency const frequency = read_frequency(DatumGetInt64(verb.arguments.required(1, "frequency")));
    DateADT const from = required_date(verb, 2, "from_date");
    DateADT const until = required_date(verb, 3, "until_date");
    std::int64_t const lead_days = DatumGetInt32(verb.arguments.required(4, "lead_days"));
    if (lead_days < 0 || lead_days > 366) {
        throw DomainError(sqlstate::invalid_parameter,
                          "lead_days must be between 0 and 366, not " + std::to_string(lead_days));
    }
    std::vector<DateADT> const dates = run_dates(frequency, from, until, std::nullopt);
    ScheduledLines lines(verb);
    lines.read(wanted);
    LoggedArguments arguments;
    arguments.add("contract_lines", wanted)
        .add("frequency", std::string_view(std::to_string(DatumGetInt64(*verb.arguments.datum(1)))))
        .add("from_date", std::string_view(iso_text(from)))
        .add("until_date", std::string_view(iso_text(until)))
        .add("lead_days", std::string_view(std::to_string(lead_days)));
    std::int64_t const operation = begin_operation(verb, arguments);
    std::map<std::int64_t, std::int64_t> const made = insert_schedule(lines, dates, lead_days);
    Ids ids;
    Ids contracts;
    for (auto const& [schedule_id, contract_id] : made) {
        ids.push_back(schedule_id);
        contracts.push_back(contract_id);
    }
    log_changes(operation, {0, "invoice_schedule", "run_status", "", "not_run"}, contracts, ids);
    report_schedule(verb, lines, dates, made);
}

// --- generate_milestones --------------------------------------------------------------------------------------------

struct FixedPriceLine {
    std::int64_t contract_id;
    Decimal contracted_amount;
    int money_scale;
};

// Locks the contract of a line that milestones can be generated for. Whether it is a fixed-price line with a project
// is what the milestones themselves ask.
FixedPriceLine lock_fixed_price_line(std::int64_t line_id) {
    static pg::Statement find{"SELECT contract_id FROM billing.contract_line WHERE contract_line_id = $1", {INT8OID}};
    static pg::Statement read{R"(
        SELECT l.contracted_amount, l.billing_method = 'fixed_price',
               EXISTS (SELECT 1 FROM billing.milestone m
                        WHERE m.contract_id = l.contract_id AND m.contract_line_id = l.contract_line_id)
          FROM billing.contract_line l WHERE l.contract_line_id = $1 AND l.contract_id = $2)",
                              {INT8OID, INT8OID}};
    pg::Rows const found = pg::query(find, pg::Parameters().id(line_id));
    if (found.empty()) {
        throw DomainError(sqlstate::unknown_item, "there is no contract line " + std::to_string(line_id));
    }
    std::int64_t const contract_id = found.id(0, 1);
    ContractBook book = ContractBook::lock_and_load({contract_id});
    std::string const name = "contract line " + std::to_string(line_id);
    pg::Rows const rows = pg::query(read, pg::Parameters().id(line_id).id(contract_id));
    if (!rows.flag(0, 2)) {
        throw DomainError(sqlstate::wrong_line_kind, name + " is not a fixed-price line and takes no milestones");
    }
    if (book.known_contract(contract_id).is_closed) {
        throw DomainError(sqlstate::refused, "the contract of " + name + " is closed");
    }
    std::optional<Decimal> const amount = rows.decimal_or_null(0, 1);
    if (!amount) {
        throw DomainError(sqlstate::invalid_setup, name + " has no contracted amount to divide", {},
                          "Set contracted_amount on the contract line.");
    }
    if (rows.flag(0, 3)) {
        throw DomainError(sqlstate::refused, name + " has milestones already", {},
                          "Delete them first; those that were ready or billed stay.");
    }
    return {contract_id, *amount, book.known_contract(contract_id).money_scale};
}

// Equal parts of a total; the last one takes what does not divide.
std::vector<Decimal> instalments(const Decimal& total, std::size_t count, int scale) {
    std::vector<Decimal> parts = allocate(total, std::vector<Decimal>(count, Decimal::of(1)), scale, count - 1);
    if (parts.back().sign() * total.sign() < 0) {
        throw DomainError(sqlstate::invalid_parameter,
                          total.trimmed().text() + " cannot be divided into " + std::to_string(count) + " instalments");
    }
    return parts;
}

// contract_line, frequency, from_date, until_date, count, total_tax
void generate_instalments(Verb& verb) {
    static pg::Statement insert{R"(
        INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount, tax)
        SELECT $1, $2, d.name, d.milestone_date, d.amount, d.tax
          FROM unnest($3, $4, $5, $6) AS d (name, milestone_date, amount, tax)
        RETURNING milestone_id, name, milestone_date, amount, tax)",
                                {INT8OID, INT8OID, TEXTARRAYOID, DATEARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID}};
    std::int64_t const line_id = DatumGetInt64(verb.arguments.required(0, "contract_line"));
    Decimal const tax = pg::decimal_of(verb.arguments.required(5, "total_tax"));
    std::vector<Day> const dates = dates_asked_for(verb, 1);
    if (dates.empty()) {
        throw DomainError(sqlstate::invalid_parameter, "the frequency has no date in this span");
    }
    FixedPriceLine const line = lock_fixed_price_line(line_id);
    std::vector<std::string> names;
    names.reserve(dates.size());
    for (Day const day : dates) {
        names.push_back(iso_text(day));
    }
    begin_operation(verb, LoggedArguments()
                              .add("contract_line", std::string_view(std::to_string(line_id)))
                              .add("milestones", std::string_view(std::to_string(dates.size()))));
    pg::Parameters parameters;
    parameters.id(line.contract_id).id(line_id).texts(names).add(pg::array_of_dates(dates));
    parameters.decimals(instalments(line.contracted_amount, dates.size(), line.money_scale));
    parameters.decimals(instalments(tax, dates.size(), line.money_scale));
    pg::Rows const rows = pg::query(insert, std::move(parameters));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        verb.result.id(rows.id(i, 1)).add(rows.value(i, 2)).add(rows.value(i, 3));
        verb.result.add(rows.value(i, 4)).add(rows.value(i, 5)).emit();
    }
}

} // namespace

} // namespace billing::engine

using namespace billing::engine;

// (period, run_days): for the table's CHECK constraint, which shall say what is wrong
Datum is_frequency(PG_FUNCTION_ARGS) {
    return billing::wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        Arguments const arguments(call);
        (void)frequency_of(*arguments.datum(0), *arguments.datum(1));
        return BoolGetDatum(true);
    });
}

Datum frequency_dates(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "frequency_dates", list_dates);
}

Datum generate_schedule(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "generate_schedule", schedule_lines);
}

Datum generate_milestones(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "generate_milestones", generate_instalments);
}
