#include "domain/price.hpp"

#include <utility>

namespace billing {

namespace {

std::string numbered(const char* what, std::int64_t id) {
    return std::string(what) + " " + std::to_string(id);
}

// What the rate is for, in a reader's words.
std::string subject_of(const WorkKind& covers) {
    if (covers.category_id != 0)
        return numbered("category", covers.category_id);
    if (covers.product_id != 0)
        return numbered("product", covers.product_id);
    if (covers.role_id != 0 && covers.resource_id != 0)
        return numbered("role", covers.role_id) + " and " + numbered("resource", covers.resource_id);
    if (covers.resource_id != 0)
        return numbered("resource", covers.resource_id);
    return covers.role_id != 0 ? numbered("role", covers.role_id) : "any role and resource";
}

std::string short_text(const Decimal& value) {
    return value.trimmed().text();
}

std::string explain_markup(const Rate& rate, const Decimal& cost) {
    const std::string of_cost = short_text(cost) + " for " + subject_of(rate.covers);
    if (rate.markup_percent.is_zero())
        return "at cost, " + of_cost;
    return short_text(rate.markup_percent) + " % mark-up on the cost, " + of_cost;
}

} // namespace

TimeUnits::TimeUnits() : hours_{{"hour", Decimal::of(1)}} {}

const Decimal* TimeUnits::hours(const std::string& unit) const {
    const auto found = hours_.find(unit);
    return found == hours_.end() ? nullptr : &found->second;
}

void RateTable::add(const Rate& rate) {
    const WorkKind& covers = rate.covers;
    switch (covers.transaction_class) {
    case TransactionClass::time:
        rates_.emplace(Key{covers.transaction_class, covers.role_id, covers.resource_id, ""}, rate);
        break;
    case TransactionClass::expense:
        rates_.emplace(Key{covers.transaction_class, covers.category_id, 0, covers.unit}, rate);
        break;
    default:
        rates_.emplace(Key{covers.transaction_class, covers.product_id, 0, covers.unit}, rate);
    }
}

const Rate* RateTable::at(const Key& key) const {
    const auto found = rates_.find(key);
    return found == rates_.end() ? nullptr : &found->second;
}

const Rate* RateTable::find(const WorkKind& work) const {
    switch (work.transaction_class) {
    case TransactionClass::time:
        for (const auto& [role, resource] :
             {std::pair{work.role_id, work.resource_id}, std::pair{std::int64_t{0}, work.resource_id},
              std::pair{work.role_id, std::int64_t{0}}, std::pair{std::int64_t{0}, std::int64_t{0}}})
            if (const Rate* rate = at({TransactionClass::time, role, resource, ""}); rate != nullptr)
                return rate;
        return nullptr;
    case TransactionClass::expense:
        return at({TransactionClass::expense, work.category_id, 0, work.unit});
    case TransactionClass::material:
        return at({TransactionClass::material, work.product_id, 0, work.unit});
    default:
        return nullptr;
    }
}

RatedPrice price_at(const Rate& rate, const WorkKind& work, const TimeUnits& units,
                    const std::optional<Decimal>& cost) {
    const std::string name = "price rate " + std::to_string(rate.rate_id);
    if (!rate.price) {
        if (!cost)
            return {{}, name + " is a mark-up, and there is no cost in the currency of the list"};
        const Decimal percent = Decimal::of(100) + rate.markup_percent;
        return {(*cost * percent).shifted_right(2).rounded(price_scale), {}};
    }
    if (rate.covers.unit == work.unit)
        return {*rate.price, {}};
    const Decimal* const wanted = units.hours(work.unit);
    const Decimal* const given = units.hours(rate.covers.unit);
    if (wanted == nullptr || given == nullptr)
        return {{},
                name + " is per " + rate.covers.unit + ", the work in " + work.unit + "; billing.time_unit has no " +
                    (given == nullptr ? rate.covers.unit : work.unit)};
    return {Decimal::proportion(*rate.price, *wanted, *given, price_scale), {}};
}

std::string explain(const Rate& rate, const WorkKind& work, const TimeUnits& units,
                    const std::optional<Decimal>& cost) {
    const RatedPrice priced = price_at(rate, work, units, cost);
    if (!priced.problem.empty())
        return priced.problem;
    if (!rate.price)
        return explain_markup(rate, *cost);
    std::string text = short_text(*rate.price) + " per " + rate.covers.unit + " for " + subject_of(rate.covers);
    if (rate.covers.unit != work.unit)
        text += ", " + short_text(*units.hours(rate.covers.unit)) + " hours a " + rate.covers.unit + ": " +
                short_text(priced.price) + " per " + work.unit;
    return text;
}

} // namespace billing
