#pragma once

#include "domain/decimal.hpp"
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

    // Milestones are checked against the limits of customer and contract only.
    NteVerdict evaluate_milestone(std::int64_t customer_id, const Decimal& amount);

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

    static Key key_of(NteLevel level, std::int64_t line_id, std::int64_t customer_id) noexcept;
    static bool before(const Slot& slot, const Key& key) noexcept;

    void set(const Key& key, const NteScope& scope);
    const Slot* find(const Key& key) const noexcept;
    NteScope& scope_at(const Key& key);
    NteVerdict check(const NteLevel* first, const NteLevel* last, std::int64_t line_id, std::int64_t customer_id,
                     const Decimal& amount) const;
    void claim(const NteLevel* first, const NteLevel* last, std::int64_t line_id, std::int64_t customer_id,
               const Decimal& amount);

    std::vector<Slot> slots_; // sorted by key
    std::size_t limit_count_ = 0;
};

} // namespace billing
