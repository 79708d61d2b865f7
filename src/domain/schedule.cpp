#include "domain/schedule.hpp"

#include "domain/error.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace billing {

namespace {

constexpr int days_per_week = 7;
constexpr int most_runs_per_month = 4;
constexpr int last_day_number = 31;

// Days from 0000-03-01 to 2000-01-01. Counted from March, a leap day is the last day of its year, so that the months
// before it are the same in every year.
constexpr int epoch = 730425;
constexpr int days_per_era = 146097; // 400 years
constexpr int years_per_era = 400;

constexpr std::array<std::string_view, days_per_week> weekday_names = {"monday", "tuesday",  "wednesday", "thursday",
                                                                       "friday", "saturday", "sunday"};
constexpr std::array<std::string_view, most_runs_per_month> ordinals = {"first", "second", "third", "fourth"};

// --- reading --------------------------------------------------------------------------------------------------------

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower;
}

template <std::size_t count>
std::optional<int> position_in(const std::array<std::string_view, count>& names, std::string_view name) {
    const auto* const found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
        return std::nullopt;
    return static_cast<int>(found - names.begin()) + 1;
}

std::optional<RunDay> parse_weekday(std::string_view text) {
    const std::optional<int> position = position_in(weekday_names, text);
    if (!position)
        return std::nullopt;
    return RunDay{RunDay::Kind::weekday, 0, static_cast<Weekday>(*position)};
}

std::optional<RunDay> parse_day_number(std::string_view text) {
    if (text.empty() || text.size() > 2 || text.front() == '0' ||
        text.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    const int number = std::stoi(std::string(text));
    if (number > last_day_number)
        return std::nullopt;
    return RunDay{RunDay::Kind::day_of_month, number, Weekday::monday};
}

std::optional<RunDay> parse_day_of_month(std::string_view text) {
    if (text == "last day")
        return RunDay{RunDay::Kind::last_day_of_month, 0, Weekday::monday};
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos)
        return parse_day_number(text);
    const std::string_view ordinal = text.substr(0, space);
    std::optional<RunDay> found = parse_weekday(text.substr(space + 1));
    if (!found)
        return std::nullopt;
    if (ordinal == "last") {
        found->kind = RunDay::Kind::last_weekday_of_month;
        return found;
    }
    const std::optional<int> position = position_in(ordinals, ordinal);
    if (!position)
        return std::nullopt;
    found->number = *position;
    return found;
}

void require_number_of_days(FrequencyPeriod period, std::size_t count) {
    const bool is_monthly = period == FrequencyPeriod::monthly;
    if (count < 1 || count > (is_monthly ? static_cast<std::size_t>(most_runs_per_month) : 1U))
        throw DomainError(sqlstate::invalid_setup,
                          is_monthly ? "a monthly frequency runs on one to four days"
                                     : "a " + std::string(label(period)) + " frequency runs on exactly one weekday",
                          "There are " + std::to_string(count) + ".");
}

// --- dates ----------------------------------------------------------------------------------------------------------

// The first of these weekdays at or after a day.
Day weekday_from(Day day, Weekday weekday) {
    const int ahead = static_cast<int>(weekday) - static_cast<int>(weekday_of(day));
    return day + (ahead + days_per_week) % days_per_week;
}

Day date_in_month(const RunDay& run_day, int year, int month) {
    const int length = days_in_month(year, month);
    const Day last = day_of({year, month, length});
    switch (run_day.kind) {
    case RunDay::Kind::day_of_month:
        return day_of({year, month, std::min(run_day.number, length)});
    case RunDay::Kind::last_day_of_month:
        return last;
    case RunDay::Kind::weekday:
        return weekday_from(day_of({year, month, 1}), run_day.weekday) + (run_day.number - 1) * days_per_week;
    case RunDay::Kind::last_weekday_of_month:
        return weekday_from(last - days_per_week + 1, run_day.weekday);
    }
    return last;
}

void require_in_calendar(Day day) {
    if (day < first_day || day > last_day)
        throw DomainError(sqlstate::invalid_parameter, "dates of a frequency lie between the years 1 and 9999");
}

// Where a list of dates ends: at a number of dates, or at a day.
class Dates {
public:
    Dates(Day from, std::optional<Day> until, std::optional<std::int64_t> count)
        : from_(from), until_(count ? last_day : *until), count_(count) {}

    bool is_complete() const { return is_complete_; }

    // Days come in ascending order; one may come twice.
    void add(Day day) {
        if (is_complete_ || day < from_ || (!dates_.empty() && dates_.back() == day))
            return;
        if (day > until_) {
            if (count_)
                require_in_calendar(day);
            is_complete_ = true;
            return;
        }
        dates_.push_back(day);
        is_complete_ = count_ && static_cast<std::int64_t>(dates_.size()) == *count_;
    }

    std::vector<Day> take() { return std::move(dates_); }

private:
    Day from_;
    Day until_;
    std::optional<std::int64_t> count_;
    bool is_complete_ = false;
    std::vector<Day> dates_;
};

void add_weeks(const Frequency& frequency, Day from, Dates& dates) {
    const int step = frequency.period == FrequencyPeriod::weekly ? days_per_week : 2 * days_per_week;
    for (Day day = weekday_from(from, frequency.run_days.front().weekday); !dates.is_complete(); day += step)
        dates.add(day);
}

void add_months(const Frequency& frequency, Day from, Dates& dates) {
    CivilDate month = civil_of(from);
    while (!dates.is_complete()) {
        std::vector<Day> in_month;
        for (const RunDay& run_day : frequency.run_days)
            in_month.push_back(date_in_month(run_day, month.year, month.month));
        std::sort(in_month.begin(), in_month.end());
        for (const Day day : in_month)
            dates.add(day);
        month.year += month.month / 12;
        month.month = month.month % 12 + 1;
    }
}

} // namespace

int days_in_month(int year, int month) noexcept {
    constexpr std::array<int, 12> lengths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap_year(year) ? 29 : lengths[static_cast<std::size_t>(month - 1)];
}

Day day_of(CivilDate date) noexcept {
    const int year = date.month > 2 ? date.year : date.year - 1;
    const int era = year / years_per_era;
    const int year_of_era = year - era * years_per_era;
    const int month_from_march = (date.month + 9) % 12;
    const int day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    return era * days_per_era + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - epoch;
}

CivilDate civil_of(Day day) noexcept {
    const int shifted = day + epoch;
    const int era = shifted / days_per_era;
    const int day_of_era = shifted - era * days_per_era;
    const int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (days_per_era - 1)) / 365;
    const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int month_from_march = (5 * day_of_year + 2) / 153;
    const int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const int year = era * years_per_era + year_of_era + (month <= 2 ? 1 : 0);
    return {year, month, day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

std::string iso_text(Day day) {
    const CivilDate date = civil_of(day);
    const auto padded = [](int number, std::size_t width) {
        const std::string digits = std::to_string(number);
        return std::string(width - std::min(width, digits.size()), '0') + digits;
    };
    return padded(date.year, 4) + '-' + padded(date.month, 2) + '-' + padded(date.day, 2);
}

Weekday weekday_of(Day day) noexcept {
    // 2000-01-01 was a Saturday; the years before it are brought above zero by whole eras, which are whole weeks.
    return static_cast<Weekday>((day + 5 * days_per_era + 5) % days_per_week + 1);
}

Frequency parse_frequency(FrequencyPeriod period, const std::vector<std::string>& run_days) {
    require_number_of_days(period, run_days.size());
    const bool is_monthly = period == FrequencyPeriod::monthly;
    Frequency frequency{period, {}};
    for (const std::string& text : run_days) {
        const std::string lower = lower_case(text);
        const std::optional<RunDay> run_day = is_monthly ? parse_day_of_month(lower) : parse_weekday(lower);
        if (!run_day)
            throw DomainError(sqlstate::invalid_setup,
                              "\"" + text + "\" is no day of a " + std::string(label(period)) + " frequency", {},
                              is_monthly
                                  ? "Days are 1 to 31, last day, and weekdays from first monday to fourth sunday "
                                    "or last friday."
                                  : "Days are monday to sunday.");
        if (std::find(frequency.run_days.begin(), frequency.run_days.end(), *run_day) != frequency.run_days.end())
            throw DomainError(sqlstate::invalid_setup, "the frequency names \"" + text + "\" twice");
        frequency.run_days.push_back(*run_day);
    }
    return frequency;
}

std::vector<Day> run_dates(const Frequency& frequency, Day from, std::optional<Day> until,
                           std::optional<std::int64_t> count) {
    if (!until && !count)
        throw DomainError(sqlstate::invalid_parameter, "the dates need an end", {},
                          "Give the last day, or the number of dates.");
    if (count && *count < 1)
        throw DomainError(sqlstate::invalid_parameter,
                          "the number of dates must be at least 1, not " + std::to_string(*count));
    require_in_calendar(from);
    if (!count)
        require_in_calendar(*until);
    Dates dates(from, until, count);
    frequency.period == FrequencyPeriod::monthly ? add_months(frequency, from, dates)
                                                 : add_weeks(frequency, from, dates);
    return dates.take();
}

} // namespace billing
