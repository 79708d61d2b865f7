#pragma once

#include "domain/decimal.hpp"
#include "domain/extended.hpp"
#include "domain/split.hpp"
#include "domain/vocabulary.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace billing {

// A not-to-exceed limit and what has been claimed of it; contract currency, without tax.
struct NteScope {
    std::optional<Decimal> limit; // empty: no limit at this level; zero: nothing may be billed
    Decimal used;                 // committed plus invoiced
};

// Result for one row, and the first level it would have exceeded.
struct NteVerdict {
    NteStatus status;
    std::optional<NteLevel> failed_level;
};

// A sale to be fitted under limits.
struct NteSale {
    Decimal quantity;
    Decimal price;
    Decimal amount; // after discount and fee
    Decimal tax;
    Extension extension{};
};

// Two parts of a sale, each a sale at its price; quantity, amount, tax, discount and fee add up to the whole exactly.
struct NteSplit {
    NteSale fits;
    NteSale rest;
};

// The part of a sale that fits into `room`, and the rest; empty when nothing fits, all of it does, or the sale cannot
// be divided. The quantity that fits is rounded down to the scale of quantities, so that its amount is at most the
// room. A sale without price or quantity, whose amount was entered directly, is divided by the amount. Tax goes with
// the amounts. Neither part is without amount, nor without quantity where the whole has one.
std::optional<NteSplit> split_at(const NteSale& sale, const Decimal& room, Scales scales);

// What became of a sale that may be split: the verdict on all of it, or, where it was split, on the rest, which failed;
// the part that fits is then committed.
struct NteFit {
    NteVerdict verdict;
    std::optional<NteSplit> split;
};

// What an invoice adds on a contract line, less what it gives up there. Line 0: one that knows no limits of its own.
struct NteChange {
    std::int64_t line_id;
    Decimal amount;
};

// The not-to-exceed limits of one contract, evaluated greedily: rows claim room in the order they are offered.
//
// Load the scopes first, then evaluate. A row is checked against four levels in order: customer on the line, line,
// customer on the contract, contract. The first limit that amount + used would exceed fails it; exactly reaching a
// limit passes. A row fits wholly or not at all. Amounts of zero or less always commit. A committed row claims its
// amount at all four levels, limited or not; a failed one claims nothing.
class NteBook {
public:
    // Each replaces what was known of that scope.
    void set_line_customer(std::int64_t line_id, std::int64_t customer_id, const NteScope& scope);
    void set_line(std::int64_t line_id, const NteScope& scope);
    void set_customer(std::int64_t customer_id, const NteScope& scope);
    void set_contract(const NteScope& scope);

    // Not applicable unless the row is a chargeable unbilled sale on a time-and-material line and at least one of its
    // four scopes has a limit.
    NteVerdict evaluate(std::int64_t line_id, std::int64_t customer_id, const Decimal& amount, bool t_and_m_chargeable);

    // The same for a chargeable unbilled sale on a time-and-material line, split where it fits only partly. What fails
    // names the level that leaves the least, the first of several.
    NteFit fit(std::int64_t line_id, std::int64_t customer_id, const NteSale& sale, Scales scales);

    // Milestones are checked against the limits of customer and contract only.
    NteVerdict evaluate_milestone(std::int64_t customer_id, const Decimal& amount);

    // What one invoice changes, all of it at once, each line named once: what it gives up on one line makes room on the
    // others, and a scope where nothing is added fails nothing, whatever is used of it already.
    NteVerdict evaluate_together(std::int64_t customer_id, const std::vector<NteChange>& changes);

    // Gives back what a milestone had claimed, where it cannot be marked for another reason.
    void release_milestone(std::int64_t customer_id, const Decimal& amount);

    // Gives back what a row on a time-and-material line had claimed, as before a re-evaluation.
    void release(std::int64_t line_id, std::int64_t customer_id, const Decimal& amount);

    // What has been claimed at a scope so far; ids that a level does not know are 0.
    Decimal used(NteLevel level, std::int64_t line_id, std::int64_t customer_id) const;

    // True when some scope has a limit, so that evaluating is worth the trouble.
    bool has_limits() const noexcept { return limit_count_ != 0; }

private:
    struct Key {
        NteLevel level;
        std::int64_t line_id;
        std::int64_t customer_id;
    };
    struct Slot {
        Key key;
        NteScope scope;
    };

    struct Room {
        Decimal left;
        NteLevel level;
    };

    static Key key_of(NteLevel level, std::int64_t line_id, std::int64_t customer_id) noexcept;
    static bool before(const Slot& slot, const Key& key) noexcept;

    void set(const Key& key, const NteScope& scope);
    const Slot* find(const Key& key) const noexcept;
    NteScope& scope_at(const Key& key);
    NteVerdict check(const NteLevel* first, const NteLevel* last, std::int64_t line_id, std::int64_t customer_id,
                     const Decimal& amount) const;
    // What the tightest limit leaves; there must be one.
    Room room(std::int64_t line_id, std::int64_t customer_id) const;
    void claim(const NteLevel* first, const NteLevel* last, std::int64_t line_id, std::int64_t customer_id,
               const Decimal& amount);

    std::vector<Slot> slots_; // sorted by key
    std::size_t limit_count_ = 0;
};

} // namespace billing
