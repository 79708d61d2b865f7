"""Steps about discount and fee of time-and-material lines."""
from decimal import Decimal

from model import Refused
from start import discount_and_fee, literal
from steps import Call, Skip, reevaluate_work, step


def set_percentages(line, discount, fee):
    return (f"UPDATE billing.contract_line SET discount_percent = {literal(discount)}, fee_percent = {literal(fee)}"
            f" WHERE contract_line_id = {line.id}")


@step(2)
def change_discount(play):
    """Other percentages count for work approved from now on."""
    c = play.chance
    line = c.one(l for l in c.world.lines() if l.method == "time_and_material" or c.likely(0.05))
    discount, fee = (Decimal(0), Decimal(0)) if c.likely(0.15) else discount_and_fee(c.rng)
    if c.likely(0.04):
        raise Refused("23514", set_percentages(line, Decimal("100.0001"), fee))
    if c.likely(0.04):
        raise Refused("23514", set_percentages(line, discount, Decimal("-0.5")))
    if line.method != "time_and_material":
        if not discount and not fee:
            raise Skip
        raise Refused("23514", set_percentages(line, discount, fee))
    line.discount, line.fee = discount, fee
    return Call(set_percentages(line, discount, fee))


@step(1)
def discount_for_the_backlog(play):
    """Other percentages, and at once the work is evaluated again."""
    changed = change_discount(play)
    try:
        call = reevaluate_work(play)
    except Skip:
        return changed
    return Call(f"{changed.sql}; {call.sql}", call.expected, call.of)


@step(0.4)
def discount_by_hand(play):
    """The amounts are written only by billing itself."""
    c = play.chance
    sale = c.one(a for a in c.world.everything("actuals") if a.rates)
    column = c.rng.choice(["discount_percent", "fee_percent", "discount_amount", "fee_amount"])
    raise Refused("ZB001", f"UPDATE billing.actual SET {column} = {column} + 0.01 WHERE actual_id = {sale.id}")
