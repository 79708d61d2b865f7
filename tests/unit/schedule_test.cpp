#include "domain/schedule.hpp"

#include "random.hpp"

#include <algorithm>

namespace billing {
namespace {

constexpr std::optional<Day> no_end = std::nullopt;
constexpr std::optional<std::int64_t> no_count = std::nullopt;

Frequency weekly(const char* day) {
    return parse_frequency(FrequencyPeriod::weekly, {day});
}

Frequency biweekly(const char* day) {
    return parse_frequency(FrequencyPeriod::biweekly, {day});
}

Frequency monthly(const std::vector<std::string>& days) {
    return parse_frequency(FrequencyPeriod::monthly, days);
}

std::string dates(const Frequency& frequency, CivilDate from, CivilDate until) {
    std::string list;
    for (const Day day : run_dates(frequency, day_of(from), day_of(until), no_count))
        list += (list.empty() ? "" : " ") + iso_text(day);
    return list;
}

// --- the calendar

TEST(Calendar, KnownDays) {
    EXPECT_EQ(day_of({2000, 1, 1}), 0);
    EXPECT_EQ(day_of({1970, 1, 1}), -10957);
    EXPECT_EQ(day_of({1, 1, 1}), first_day);
    EXPECT_EQ(day_of({9999, 12, 31}), last_day);
    EXPECT_EQ(weekday_of(0), Weekday::saturday);
    EXPECT_EQ(weekday_of(day_of({2020, 10, 5})), Weekday::monday);
    EXPECT_EQ(weekday_of(day_of({1900, 1, 1})), Weekday::monday);
}

TEST(Calendar, TextOfADay) {
    EXPECT_EQ(iso_text(first_day), "0001-01-01");
    EXPECT_EQ(iso_text(0), "2000-01-01");
    EXPECT_EQ(iso_text(last_day), "9999-12-31");
}

TEST(Calendar, LeapYears) {
    EXPECT_EQ(days_in_month(2023, 2), 28);
    EXPECT_EQ(days_in_month(2024, 2), 29);
    EXPECT_EQ(days_in_month(1900, 2), 28);
    EXPECT_EQ(days_in_month(2000, 2), 29);
    EXPECT_EQ(days_in_month(2024, 4), 30);
    EXPECT_EQ(days_in_month(2024, 12), 31);
}

TEST(Calendar, EveryDayFollowsTheOneBefore) {
    CivilDate expected{1, 1, 1};
    auto weekday = static_cast<int>(weekday_of(first_day));
    for (Day day = first_day; day <= last_day; ++day) {
        const CivilDate date = civil_of(day);
        ASSERT_TRUE(date.year == expected.year && date.month == expected.month && date.day == expected.day) << day;
        ASSERT_EQ(day_of(date), day);
        ASSERT_EQ(static_cast<int>(weekday_of(day)), weekday) << day;
        weekday = weekday % 7 + 1;
        if (++expected.day > days_in_month(expected.year, expected.month)) {
            expected = {expected.month == 12 ? expected.year + 1 : expected.year, expected.month % 12 + 1, 1};
        }
    }
}

// --- examples

TEST(Schedule, O52_BiweeklyMondays) {
    EXPECT_EQ(dates(biweekly("Monday"), {2020, 10, 5}, {2020, 11, 16}), "2020-10-05 2020-10-19 2020-11-02 2020-11-16");
}

TEST(Schedule, O52_FirstMondayOfTheMonth) {
    EXPECT_EQ(dates(monthly({"first monday"}), {2020, 10, 1}, {2020, 11, 30}), "2020-10-05 2020-11-02");
}

TEST(Schedule, X29_BiweeklyIsAnchoredAtItsFirstDay) {
    EXPECT_EQ(dates(biweekly("monday"), {2020, 10, 6}, {2020, 11, 10}), "2020-10-12 2020-10-26 2020-11-09");
}

TEST(Schedule, Weekly) {
    EXPECT_EQ(dates(weekly("sunday"), {2024, 2, 25}, {2024, 3, 10}), "2024-02-25 2024-03-03 2024-03-10");
    EXPECT_EQ(dates(weekly("saturday"), {2024, 2, 25}, {2024, 3, 1}), "");
}

TEST(Schedule, X29_ShortMonthsEndEarlier) {
    EXPECT_EQ(dates(monthly({"31"}), {2024, 1, 31}, {2024, 5, 1}), "2024-01-31 2024-02-29 2024-03-31 2024-04-30");
    EXPECT_EQ(dates(monthly({"30"}), {2023, 2, 1}, {2023, 3, 31}), "2023-02-28 2023-03-30");
}

TEST(Schedule, SeventhAndLastDay) {
    EXPECT_EQ(dates(monthly({"7", "last day"}), {2024, 1, 8}, {2024, 3, 7}),
              "2024-01-31 2024-02-07 2024-02-29 2024-03-07");
}

TEST(Schedule, DaysThatMeetAreOneDate) {
    EXPECT_EQ(dates(monthly({"28", "29", "31", "last day"}), {2023, 1, 1}, {2023, 2, 28}),
              "2023-01-28 2023-01-29 2023-01-31 2023-02-28");
}

TEST(Schedule, WeekdaysOfTheMonth) {
    EXPECT_EQ(dates(monthly({"fourth thursday"}), {2024, 11, 1}, {2024, 12, 31}), "2024-11-28 2024-12-26");
    EXPECT_EQ(dates(monthly({"last friday"}), {2024, 2, 1}, {2024, 5, 31}),
              "2024-02-23 2024-03-29 2024-04-26 2024-05-31");
    EXPECT_EQ(dates(monthly({"third friday", "first friday"}), {2024, 2, 1}, {2024, 2, 29}), "2024-02-02 2024-02-16");
}

TEST(Schedule, O55_ACountOverridesTheEnd) {
    const Frequency first = monthly({"1"});
    const Day start = day_of({2026, 1, 1});
    EXPECT_EQ(run_dates(first, start, day_of({2026, 3, 31}), no_count).size(), 3U);
    const std::vector<Day> six = run_dates(first, start, day_of({2026, 3, 31}), 6);
    EXPECT_EQ(six.size(), 6U);
    EXPECT_EQ(iso_text(six.back()), "2026-06-01");
}

// --- refusals

TEST(Schedule, FrequenciesThatAreNone) {
    EXPECT_EQ(sqlstate_of([] { weekly("mondays"); }), "ZB010");
    EXPECT_EQ(sqlstate_of([] { weekly("1"); }), "ZB010");
    EXPECT_EQ(sqlstate_of([] { weekly("first monday"); }), "ZB010");
    EXPECT_EQ(sqlstate_of([] { parse_frequency(FrequencyPeriod::weekly, {}); }), "ZB010");
    EXPECT_EQ(sqlstate_of([] { parse_frequency(FrequencyPeriod::biweekly, {"monday", "friday"}); }), "ZB010");
    for (const char* const day : {"", "0", "32", "01", "-1", "1.5", "100", "monday", "fifth monday", "first",
                                  "first day", "last", "first  monday", " 1", "last day ", "99999999999"})
        EXPECT_EQ(sqlstate_of([day] { monthly({day}); }), "ZB010") << day;
    EXPECT_EQ(sqlstate_of([] { monthly({}); }), "ZB010");
    EXPECT_EQ(sqlstate_of([] { monthly({"1", "2", "3", "4", "5"}); }), "ZB010");
    EXPECT_EQ(sqlstate_of([] { monthly({"15", "15"}); }), "ZB010");
    EXPECT_EQ(sqlstate_of([] { monthly({"last friday", "Last Friday"}); }), "ZB010");
    EXPECT_EQ(sqlstate_of([] { monthly({"1", "2", "3", "LAST DAY"}); }), "none");
}

TEST(Schedule, RangesWithoutEndOrSense) {
    EXPECT_EQ(sqlstate_of([] { run_dates(weekly("monday"), 0, no_end, no_count); }), "22023");
    EXPECT_EQ(sqlstate_of([] { run_dates(weekly("monday"), 0, no_end, 0); }), "22023");
    EXPECT_EQ(sqlstate_of([] { run_dates(weekly("monday"), first_day - 1, 0, no_count); }), "22023");
    EXPECT_EQ(sqlstate_of([] { run_dates(weekly("monday"), 0, last_day + 1, no_count); }), "22023");
    EXPECT_EQ(sqlstate_of([] { run_dates(monthly({"1"}), last_day - 40, no_end, 3); }), "22023");
    EXPECT_EQ(sqlstate_of([] { run_dates(monthly({"last day"}), last_day, no_end, 1); }), "none");
    EXPECT_TRUE(run_dates(monthly({"1"}), 100, 99, no_count).empty());
}

// --- properties

// The same question asked day by day.
bool falls_on(const RunDay& run_day, Day day) {
    const CivilDate date = civil_of(day);
    const int length = days_in_month(date.year, date.month);
    switch (run_day.kind) {
    case RunDay::Kind::day_of_month:
        return date.day == std::min(run_day.number, length);
    case RunDay::Kind::last_day_of_month:
        return date.day == length;
    case RunDay::Kind::weekday:
        return weekday_of(day) == run_day.weekday && (run_day.number == 0 || (date.day - 1) / 7 + 1 == run_day.number);
    case RunDay::Kind::last_weekday_of_month:
        return weekday_of(day) == run_day.weekday && date.day > length - 7;
    }
    return false;
}

bool falls_on(const Frequency& frequency, Day day, Day from) {
    const bool is_listed = std::any_of(frequency.run_days.begin(), frequency.run_days.end(),
                                       [day](const RunDay& run_day) { return falls_on(run_day, day); });
    return is_listed && (frequency.period != FrequencyPeriod::biweekly || (day - from) % 14 < 7);
}

std::string random_weekday(Random& random) {
    const char* const names[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    return names[random.small(0, 6)];
}

std::string random_day_of_month(Random& random) {
    const char* const ordinals[] = {"first ", "second ", "third ", "fourth ", "last "};
    switch (random.small(0, 2)) {
    case 0:
        return std::to_string(random.small(1, 31));
    case 1:
        return "last day";
    default:
        return ordinals[random.small(0, 4)] + random_weekday(random);
    }
}

Frequency random_frequency(Random& random) {
    const auto period = static_cast<FrequencyPeriod>(random.small(0, 2));
    std::vector<std::string> days;
    const int count = period == FrequencyPeriod::monthly ? random.small(1, 4) : 1;
    while (static_cast<int>(days.size()) < count) {
        const std::string day =
            period == FrequencyPeriod::monthly ? random_day_of_month(random) : random_weekday(random);
        if (std::find(days.begin(), days.end(), day) == days.end())
            days.push_back(day);
    }
    return parse_frequency(period, days);
}

TEST(Schedule, AgreesWithACalendarReadDayByDay) {
    Random random;
    for (int i = 0; i < 2'000; ++i) {
        const Frequency frequency = random_frequency(random);
        const auto from = static_cast<Day>(random.between(first_day, last_day - 1'500));
        const Day until = from + random.small(-10, 1'000);
        std::vector<Day> expected;
        for (Day day = from; day <= until; ++day)
            if (falls_on(frequency, day, from))
                expected.push_back(day);
        ASSERT_EQ(run_dates(frequency, from, until, no_count), expected) << random.seed();
    }
}

TEST(Schedule, ACountTakesTheFirstDates) {
    Random random;
    for (int i = 0; i < 2'000; ++i) {
        const Frequency frequency = random_frequency(random);
        const auto from = static_cast<Day>(random.between(first_day, last_day - 10'000));
        const int count = random.small(1, 100);
        const std::vector<Day> found = run_dates(frequency, from, no_end, count);
        ASSERT_EQ(found.size(), static_cast<std::size_t>(count)) << random.seed();
        ASSERT_EQ(run_dates(frequency, from, found.back(), no_count), found) << random.seed();
    }
}

TEST(Schedule, PartsOfATimeSpanMakeTheWhole) {
    Random random;
    for (int i = 0; i < 2'000; ++i) {
        const Frequency frequency = random_frequency(random);
        if (frequency.period == FrequencyPeriod::biweekly)
            continue; // anchored at its own start
        const auto from = static_cast<Day>(random.between(first_day, last_day - 2'000));
        const Day middle = from + random.small(0, 900);
        const Day until = middle + random.small(1, 900);
        std::vector<Day> parts = run_dates(frequency, from, middle, no_count);
        const std::vector<Day> rest = run_dates(frequency, middle + 1, until, no_count);
        parts.insert(parts.end(), rest.begin(), rest.end());
        ASSERT_EQ(parts, run_dates(frequency, from, until, no_count)) << random.seed();
    }
}

} // namespace
} // namespace billing
