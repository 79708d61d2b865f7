#pragma once
// Slices of milestones: what progress billing cuts off and merges back, and what a partial credit leaves to be billed.

#include "domain/progress.hpp"
#include "engine/contract_book.hpp"
#include "engine/groups.hpp"

namespace billing::engine {

// Why milestones of a line cannot be marked now, whatever the milestone; empty if they can. What the milestones of the
// line total must be what was contracted.
std::string milestone_line_problem(const ContractLine& line, const std::optional<Decimal>& contracted,
                                   const Decimal& total);

// Why a milestone that failed at this level cannot be marked.
const char* milestone_limit_problem(NteLevel level);

// Marks milestones by their uncut shares: of progress-based milestones the next slice is cut for all customers. Reports
// them and returns the other shares, which are marked as they are.
Ids mark_slices(ContractBook& book, std::int64_t operation_id, Groups& groups, const Ids& shares);

// The way back: merges ready slices into the uncut shares of their customers, and lets what they came to be next again.
// Reports what was merged and returns the other shares.
Ids merge_slices(ContractBook& book, std::int64_t operation_id, Groups& groups, const Ids& shares);

// What these milestones bill next is open again.
void forget_progress(const Ids& milestones);

// A billed share of which a correction lets a part stand.
struct CreditedShare {
    std::int64_t share_id;
    std::int64_t sale_id;         // the corrected billed sale
    std::int64_t invoice_line_id; // on which the rest is billed now
    Taxed billed;
    Taxed stands;
};

// What was credited of each share becomes a slice of its own, ready to be billed again.
void split_credited_shares(std::int64_t operation_id, const std::vector<CreditedShare>& credited);

} // namespace billing::engine
