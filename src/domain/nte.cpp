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

// The largest multiple of 10^-scale that is at most the value, which is not negative.
Decimal rounded_down(const Decimal& value, int scale) {
    const Decimal rounded = value.rounded(scale);
    return rounded > value ? rounded - Decimal::of(1, scale) : rounded;
}

// The largest multiple of 10^-scale below a positive value.
Decimal just_below(const Decimal& value, int scale) {
    const Decimal down = rounded_down(value, scale);
    return down == value ? down - Decimal::of(1, scale) : down;
}

// The quantity at a positive price that comes to at most `room`: positive, less than all, or empty.
std::optional<Decimal> fitting_quantity(const Decimal& all, const Decimal& price, const Decimal& room, int scale) {
    Decimal fitting = room.divided_by(price, scale);
    if (fitting * price > room)
        fitting -= Decimal::of(1, scale);
    fitting = std::min(fitting, just_below(all, scale));
    return fitting.sign() > 0 ? std::optional<Decimal>(fitting) : std::nullopt;
}

// The share of the quantity that goes with `room` of an amount that is not quantity times price; zero of none.
std::optional<Decimal> proportional_quantity(const Decimal& all, const Decimal& amount, const Decimal& room,
                                             int scale) {
    if (all.is_zero())
        return Decimal();
    const Decimal share = std::min(Decimal::proportion(all, room, amount, scale), just_below(all, scale));
    return share.sign() > 0 ? std::optional<Decimal>(share) : std::nullopt;
}

} // namespace

namespace {

// The part of a sale that takes no more than `base` before discount and fee; empty if there is none.
std::optional<NteSale> part_within(const NteSale& sale, const Decimal& base, Scales scales) {
    const Decimal whole = base_amount(sale.amount, sale.extension);
    const bool by_amount = sale.price.is_zero() || sale.quantity.is_zero();
    const Decimal all = sale.quantity.magnitude();
    const Decimal price = sale.price.magnitude();
    const std::optional<Decimal> part = by_amount ? proportional_quantity(all, whole, base, scales.quantity)
                                                  : fitting_quantity(all, price, base, scales.quantity);
    if (!part)
        return std::nullopt;
    const Decimal taken = by_amount ? base : (*part * price).rounded(scales.money);
    const Extension extension =
        extend_anew(taken, BillingType::chargeable, {BillingType::chargeable, whole, sale.extension}, scales.money);
    const Decimal amount = taken + extension.net();
    return NteSale{sale.quantity.sign() < 0 ? -*part : *part, sale.price, amount,
                   Decimal::proportion(sale.tax, amount, sale.amount, scales.money), extension};
}

} // namespace

std::optional<NteSplit> split_at(const NteSale& sale, const Decimal& room, Scales scales) {
    if (room.sign() <= 0 || sale.amount <= room)
        return std::nullopt;
    const bool by_amount = sale.price.is_zero() || sale.quantity.is_zero();
    // A negative quantity at a negative price is a positive amount, too.
    if (!by_amount && sale.quantity.sign() != sale.price.sign())
        return std::nullopt;
    const Decimal whole = base_amount(sale.amount, sale.extension);
    const Decimal cent = Decimal::of(1, scales.money);
    // Discount and fee are rounded by themselves, so the share of the room may be a few cents too much.
    Decimal base = rounded_down(
        sale.extension.rates.any() ? Decimal::proportion(whole, room, sale.amount, scales.money) : room, scales.money);
    for (; base.sign() > 0; base -= cent) {
        const std::optional<NteSale> fits = part_within(sale, base, scales);
        if (!fits || fits->amount.is_zero())
            return std::nullopt;
        if (fits->amount <= room)
            return NteSplit{*fits,
                            {sale.quantity - fits->quantity, sale.price, sale.amount - fits->amount,
                             sale.tax - fits->tax, remainder(sale.extension, fits->extension)}};
    }
    return std::nullopt;
}

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

NteBook::Room NteBook::room(std::int64_t line_id, std::int64_t customer_id) const {
    std::optional<Room> least;
    for (const NteLevel* level = all_levels; level != levels_end; ++level) {
        const Slot* const slot = find(key_of(*level, line_id, customer_id));
        if (slot == nullptr || !slot->scope.limit)
            continue;
        const Decimal left = *slot->scope.limit - slot->scope.used;
        if (!least || left < least->left)
            least = Room{left, *level};
    }
    return *least;
}

NteFit NteBook::fit(std::int64_t line_id, std::int64_t customer_id, const NteSale& sale, Scales scales) {
    const NteVerdict whole = evaluate(line_id, customer_id, sale.amount, true);
    if (whole.status != NteStatus::failed)
        return {whole, std::nullopt};
    const Room left = room(line_id, customer_id);
    const std::optional<NteSplit> split = split_at(sale, left.left, scales);
    if (split)
        claim(all_levels, levels_end, line_id, customer_id, split->fits.amount);
    return {{NteStatus::failed, left.level}, split};
}

NteVerdict NteBook::evaluate_milestone(std::int64_t customer_id, const Decimal& amount) {
    if (!has_limits())
        return {NteStatus::not_applicable, std::nullopt};
    const NteVerdict verdict = check(milestone_levels, levels_end, 0, customer_id, amount);
    if (verdict.status == NteStatus::committed)
        claim(milestone_levels, levels_end, 0, customer_id, amount);
    return verdict;
}

NteVerdict NteBook::evaluate_together(std::int64_t customer_id, const std::vector<NteChange>& changes) {
    if (!has_limits())
        return {NteStatus::not_applicable, std::nullopt};
    Decimal total;
    for (const NteChange& change : changes) {
        total += change.amount;
        const NteVerdict verdict = check(all_levels, milestone_levels, change.line_id, customer_id, change.amount);
        if (change.line_id != 0 && verdict.status == NteStatus::failed)
            return verdict;
    }
    const NteVerdict verdict = check(milestone_levels, levels_end, 0, customer_id, total);
    if (verdict.status == NteStatus::failed)
        return verdict;
    for (const NteChange& change : changes)
        claim(change.line_id == 0 ? milestone_levels : all_levels, levels_end, change.line_id, customer_id,
              change.amount);
    return {NteStatus::committed, std::nullopt};
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
