#pragma once

#include "domain/vocabulary.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace billing {

// A day of the Gregorian calendar, counted from 2000-01-01 as PostgreSQL's dates are. Years 1 to 9999.
using Day = std::int32_t;

struct CivilDate {
    int year;
    int month; // 1 to 12
    int day;   // 1 to 31
};

constexpr bool is_leap_year(int year) noexcept {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(int year, int month) noexcept;

Day day_of(CivilDate date) noexcept;
CivilDate civil_of(Day day) noexcept;

// "2026-01-31", whatever the session's DateStyle.
std::string iso_text(Day day);

inline constexpr Day first_day = -730119; // 0001-01-01
inline constexpr Day last_day = 2921939;  // 9999-12-31

enum class Weekday { monday = 1, tuesday, wednesday, thursday, friday, saturday, sunday };

Weekday weekday_of(Day day) noexcept;

// Which day of a period invoices are run on. In weekly and biweekly frequencies only the weekday counts.
struct RunDay {
    enum class Kind { day_of_month, last_day_of_month, weekday, last_weekday_of_month };
    Kind kind;
    int number;      // day of the month; or which of its weekdays, 1 to 4
    Weekday weekday; // monday where it does not count

    friend bool operator==(const RunDay& a, const RunDay& b) {
        return a.kind == b.kind && a.number == b.number && a.weekday == b.weekday;
    }
};

struct Frequency {
    FrequencyPeriod period;
    std::vector<RunDay> run_days;
};

// Reads a frequency as people write it. Weekly and biweekly: one weekday ("monday"). Monthly: one to four of a day
// ("1" to "31"), "last day", "first monday" to "fourth sunday" and "last friday"; upper and lower case alike.
// Raises ZB010 for anything else, a day named twice, none or too many.
Frequency parse_frequency(FrequencyPeriod period, const std::vector<std::string>& run_days);

// The dates of a frequency from `from` on, ascending, each once: those up to `until`, or the first `count`, which wins
// if both are given. A biweekly frequency starts with its first weekday at or after `from`. A day that a month does not
// have is its last day.
// Raises 22023 if neither is given, for a count below 1, and for dates beyond the calendar.
std::vector<Day> run_dates(const Frequency& frequency, Day from, std::optional<Day> until,
                           std::optional<std::int64_t> count);

} // namespace billing
