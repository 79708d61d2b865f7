#include "domain/error.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>

namespace billing {
namespace {

TEST(DomainError, CarriesTheFourPartsOfAReport) {
    const DomainError error(sqlstate::percentages, "message", "Detail.", "Hint.");
    EXPECT_STREQ(error.what(), "message");
    EXPECT_STREQ(error.sqlstate, "ZB011");
    EXPECT_EQ(error.detail, "Detail.");
    EXPECT_EQ(error.hint, "Hint.");
}

TEST(DomainError, DetailAndHintAreOptional) {
    const DomainError error(sqlstate::refused, "message");
    EXPECT_TRUE(error.detail.empty());
    EXPECT_TRUE(error.hint.empty());
}

TEST(DomainError, SqlstatesAreDistinctAndFiveCharactersLong) {
    const char* const states[] = {sqlstate::numeric_out_of_range,
                                  sqlstate::invalid_parameter,
                                  sqlstate::invalid_text,
                                  sqlstate::engine_owned,
                                  sqlstate::invalid_transition,
                                  sqlstate::guard_compromised,
                                  sqlstate::not_installed,
                                  sqlstate::invalid_setup,
                                  sqlstate::percentages,
                                  sqlstate::mapping_overlap,
                                  sqlstate::wrong_line_kind,
                                  sqlstate::unknown_item,
                                  sqlstate::refused,
                                  sqlstate::not_editable,
                                  sqlstate::run_key_conflict,
                                  sqlstate::inconsistent};
    std::set<std::string> seen;
    for (const char* const state : states) {
        EXPECT_EQ(std::strlen(state), 5U) << state;
        EXPECT_TRUE(seen.insert(state).second) << state;
    }
}

} // namespace
} // namespace billing
