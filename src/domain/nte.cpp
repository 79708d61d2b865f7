#include "domain/nte.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace billing {

namespace {

// In the order of evaluation; the milestone levels are the tail.
constexpr NteLevel levels[] = {NteLevel::contract_line_customer, NteLevel::contract_line, NteLevel::contract_customer,
                               NteLevel::contract};
constexpr const NteLevel* all_levels = std::begin(levels);
constexpr const NteLevel* milestone_levels = std::begin(levels) + 2;
constexpr const NteLevel* levels_end = std::end(levels);

bool exceeds(const NteScope& scope, const Decimal& amount) {
    return amount.sign() > 0 && scope.used + amount > *scope.limit;
}

} // namespace

// Levels that span several lines or customers leave that id at 0.
NteBook::Key NteBook::key_of(NteLevel level, std::int64_t line_id, std::int64_t customer_id) noexcept {
    const bool by_line = level == NteLevel::contract_line_customer || level == NteLevel::contract_line;
    const bool by_customer = level == NteLevel::contract_line_customer || level == NteLevel::contract_customer;
    return {level, by_line ? line_id : 0, by_customer ? customer_id : 0};
}

bool NteBook::before(const Slot& slot, const Key& key) noexcept {
    return std::tie(slot.key.level, slot.key.line_id, slot.key.customer_id) <
           std::tie(key.level, key.line_id, key.customer_id);
}

const NteBook::Slot* NteBook::find(const Key& key) const noexcept {
    const auto found = std::lower_bound(slots_.begin(), slots_.end(), key, before);
    const bool same = found != slots_.end() && found->key.level == key.level && found->key.line_id == key.line_id &&
                      found->key.customer_id == key.customer_id;
    return same ? &*found : nullptr;
}

// The scope at a key, made without a limit if there is none yet.
NteScope& NteBook::scope_at(const Key& key) {
    if (const Slot* const known = find(key))
        return slots_[static_cast<std::size_t>(known - slots_.data())].scope;
    const auto place = std::lower_bound(slots_.begin(), slots_.end(), key, before);
    return slots_.insert(place, Slot{key, {}})->scope;
}

void NteBook::set(const Key& key, const NteScope& scope) {
    NteScope& known = scope_at(key);
    limit_count_ += scope.limit.has_value() ? 1U : 0U;
    limit_count_ -= known.limit.has_value() ? 1U : 0U;
    known = scope;
}

void NteBook::set_line_customer(std::int64_t line_id, std::int64_t customer_id, const NteScope& scope) {
    set(key_of(NteLevel::contract_line_customer, line_id, customer_id), scope);
}

void NteBook::set_line(std::int64_t line_id, const NteScope& scope) {
    set(key_of(NteLevel::contract_line, line_id, 0), scope);
}

void NteBook::set_customer(std::int64_t customer_id, const NteScope& scope) {
    set(key_of(NteLevel::contract_customer, 0, customer_id), scope);
}

void NteBook::set_contract(const NteScope& scope) {
    set(key_of(NteLevel::contract, 0, 0), scope);
}

// Committed, failed with the first level exceeded, or not applicable when no level has a limit.
NteVerdict NteBook::check(const NteLevel* first, const NteLevel* last, std::int64_t line_id, std::int64_t customer_id,
                          const Decimal& amount) const {
    bool limited = false;
    for (const NteLevel* level = first; level != last; ++level) {
        const Slot* const slot = find(key_of(*level, line_id, customer_id));
        if (slot == nullptr || !slot->scope.limit)
            continue;
        limited = true;
        if (exceeds(slot->scope, amount))
            return {NteStatus::failed, *level};
    }
    return {limited ? NteStatus::committed : NteStatus::not_applicable, std::nullopt};
}

void NteBook::claim(const NteLevel* first, const NteLevel* last, std::int64_t line_id, std::int64_t customer_id,
                    const Decimal& amount) {
    for (const NteLevel* level = first; level != last; ++level)
        scope_at(key_of(*level, line_id, customer_id)).used += amount;
}

NteVerdict NteBook::evaluate(std::int64_t line_id, std::int64_t customer_id, const Decimal& amount,
                             bool t_and_m_chargeable) {
    if (!t_and_m_chargeable || !has_limits())
        return {NteStatus::not_applicable, std::nullopt};
    const NteVerdict verdict = check(all_levels, levels_end, line_id, customer_id, amount);
    if (verdict.status == NteStatus::committed)
        claim(all_levels, levels_end, line_id, customer_id, amount);
    return verdict;
}

NteVerdict NteBook::evaluate_milestone(std::int64_t customer_id, const Decimal& amount) {
    if (!has_limits())
        return {NteStatus::not_applicable, std::nullopt};
    const NteVerdict verdict = check(milestone_levels, levels_end, 0, customer_id, amount);
    if (verdict.status == NteStatus::committed)
        claim(milestone_levels, levels_end, 0, customer_id, amount);
    return verdict;
}

void NteBook::release_milestone(std::int64_t customer_id, const Decimal& amount) {
    if (has_limits())
        claim(milestone_levels, levels_end, 0, customer_id, -amount);
}

void NteBook::release(std::int64_t line_id, std::int64_t customer_id, const Decimal& amount) {
    if (has_limits())
        claim(all_levels, levels_end, line_id, customer_id, -amount);
}

Decimal NteBook::used(NteLevel level, std::int64_t line_id, std::int64_t customer_id) const {
    const Slot* const slot = find(key_of(level, line_id, customer_id));
    return slot == nullptr ? Decimal() : slot->scope.used;
}

} // namespace billing
