"""The arithmetic of billing: rounding, splitting, dividing. Exact decimals, half away from zero (X-01)."""
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, getcontext

getcontext().prec = 60

SCALES = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}


def rounded(number, scale):
    return number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


class Share:
    """What one customer pays of something."""

    def __init__(self, customer, quantity, amount, tax):
        self.customer, self.quantity, self.amount, self.tax = customer, quantity, amount, tax


def _parts(payers, whole, scale):
    """The whole by percentages; the rounding customer takes the rest, whatever it is."""
    parts = {p.customer: rounded(whole * p.percent / 100, scale) for p in payers if not p.rounding and p.percent > 0}
    rounding = next(p.customer for p in payers if p.rounding)
    parts[rounding] = whole - sum(parts.values())
    return parts


def split_quantity(payers, quantity, price, tax, quantity_scale, scale):
    """domain.md 4.2: quantities by percentage, each amount from its quantity, the rest to the rounding customer."""
    quantities = _parts(payers, quantity, quantity_scale)
    taxes = _parts(payers, tax, scale)
    rounding = next(p for p in payers if p.rounding)
    amounts = {c: rounded(q * price, scale) for c, q in quantities.items() if c != rounding.customer}
    amounts[rounding.customer] = rounded(quantity * price, scale) - sum(amounts.values())
    shares = [Share(c, quantities[c], amounts[c], taxes[c]) for c in sorted(quantities)]
    return [s for s in shares if s.customer != rounding.customer or rounding.percent > 0
            or s.quantity or s.amount or s.tax]


def split_amount(payers, amount, tax, scale):
    """A milestone has no quantity: amount and tax are split."""
    amounts, taxes = _parts(payers, amount, scale), _parts(payers, tax, scale)
    rounding = next(p for p in payers if p.rounding)
    return [Share(c, None, amounts[c], taxes[c]) for c in sorted(amounts)
            if c != rounding.customer or rounding.percent > 0 or amounts[c] or taxes[c]]


def instalments(total, count, scale):
    """Equal parts; what does not divide is on the last one (X-31)."""
    part = rounded(total / count, scale)
    return [part] * (count - 1) + [total - part * (count - 1)]


# Frequencies: name -> (period, days of run). Weekdays count from Monday.
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
FREQUENCIES = {"Mondays": ("weekly", ["monday"]), "Every other Friday": ("biweekly", ["friday"]),
               "Mid-month and ultimo": ("monthly", ["15", "last day"]), "The 31st": ("monthly", ["31"]),
               "First Monday, last Friday": ("monthly", ["first monday", "last friday"])}


def is_day_of_month(date, rule):
    """Whether a monthly rule falls on a date; a day that the month does not have is its last one (X-29)."""
    is_last = (date + timedelta(days=1)).month != date.month
    if rule == "last day":
        return is_last
    if rule.isdigit():
        return date.day == int(rule) or (is_last and date.day < int(rule))
    which, weekday = rule.split()
    if date.weekday() != WEEKDAYS.index(weekday):
        return False
    if which == "last":
        return (date + timedelta(days=7)).month != date.month
    return (date.day - 1) // 7 == ["first", "second", "third", "fourth"].index(which)


def frequency_dates(name, start, end):
    """Day by day."""
    period, rules = FREQUENCIES[name]
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    if period == "monthly":
        return [d for d in days if any(is_day_of_month(d, rule) for rule in rules)]
    found = [d for d in days if WEEKDAYS[d.weekday()] == rules[0]]
    return found[::2] if period == "biweekly" else found
