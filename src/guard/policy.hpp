#pragma once
// What anybody but the engine may write in each guarded table. One row per table, named by the triggers' argument.

#include <string_view>

namespace billing::guard {

// Column lists are comma separated. A column in no list is free: texts, attributes, and whatever the customer added.
struct Policy {
    std::string_view table;
    // The verbs to call instead, named in refusals.
    std::string_view instead;
    // Key columns that name a row in messages.
    std::string_view key;
    // Whether an ordinary INSERT or DELETE is allowed at all.
    bool insertable;
    bool deletable;
    // Columns nobody but the engine changes.
    std::string_view owned;
    // Columns that are free only while the row is in progress: while progress_column holds one of progress_labels.
    // Such a row, if deletable, may be deleted only in progress.
    std::string_view in_progress;
    std::string_view progress_column;
    std::string_view progress_labels;
    // What an ordinary INSERT must leave at its start: "column=label"; an empty label stands for NULL, false or 0, and
    // "?label" allows NULL beside the label.
    std::string_view initial;
    // Columns of a status vocabulary whose changes the status machine checks, also when the engine writes.
    std::string_view statuses;
};

// nullptr for an unknown table.
const Policy* policy_for(std::string_view table);

// Calls visit(name) for each name of a comma separated list until it returns true; returns whether one did.
template <typename Visit>
bool any_listed(std::string_view list, Visit visit) {
    while (!list.empty()) {
        std::size_t const end = list.find(',');
        if (visit(list.substr(0, end))) {
            return true;
        }
        list = end == std::string_view::npos ? std::string_view{} : list.substr(end + 1);
    }
    return false;
}

} // namespace billing::guard
