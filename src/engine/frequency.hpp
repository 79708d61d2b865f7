#pragma once
// Frequencies as they are stored, and arguments that ask for their dates.

#include "domain/schedule.hpp"
#include "engine/verb.hpp"

namespace billing::engine {

// The frequency with this id; raises ZB020 if there is none.
Frequency read_frequency(std::int64_t frequency_id);

// A finite date within the calendar; raises 22023 otherwise, and for NULL.
DateADT required_date(const Verb& verb, int position, const char* name);

// The dates that the arguments from `first` on ask for: frequency, from_date, until_date, count.
std::vector<Day> dates_asked_for(const Verb& verb, int first);

} // namespace billing::engine
