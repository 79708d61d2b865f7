"""Steps about sales that fit their limits only partly."""
from decimal import Decimal

from model import Refused
from start import literal
from steps import Call, ids, mark_call, outcomes, pairs, step, verb

# The limits of a sale: who has it, and where it is stored.
TABLES = {"contract": "contract", "customer": "contract_customer", "line": "contract_line", "payer": "contract_line_customer"}


@step(1)
def change_partial_fit(play):
    """It counts from the next evaluation on."""
    contract = play.chance.contract()
    contract.partial_fit = not contract.partial_fit
    return Call(f"UPDATE billing.contract SET nte_partial_fit = {literal(contract.partial_fit)} WHERE contract_id = {contract.id}")


def sale_to_split(c):
    """A chargeable sale in the backlog whose contract splits."""
    return c.one(a for a in c.open_sales() if c.world.is_limited(a) and a.contract.partial_fit and a.amount > 0)


def limit_in_the_middle(c, sale):
    """Sets a limit at one of the four levels that a sale fits only partly; returns the SQL."""
    contract, line, customer, world = sale.contract, sale.line, sale.customer, c.world
    room = sale.amount * c.rng.randrange(1, 100) / 100
    level = c.rng.choice(list(TABLES))
    of_line, of_customer = line if level in ("line", "payer") else None, customer if level in ("customer", "payer") else None
    limit = max(world.used(contract, of_line, of_customer, sale) + room, Decimal(0))
    limit = round(limit, 0 if c.likely(0.3) else contract.scale)
    if level == "contract":
        contract.nte_limit = limit
    elif level == "customer":
        contract.customers[customer] = limit
    elif level == "line":
        line.nte_limit = limit
    else:
        line.payers[customer].nte_limit = limit
    where = f"contract_id = {contract.id}" + (f" AND contract_line_id = {line.id}" if of_line else "")
    where += f" AND customer_id = {customer}" if of_customer else ""
    return f"UPDATE billing.{TABLES[level]} SET nte_limit = {limit} WHERE {where}"


@step(3)
def limit_that_fits_partly(play):
    """One sale and perhaps others meet a limit in the middle of it."""
    c = play.chance
    sale = sale_to_split(c)
    update = limit_in_the_middle(c, sale)
    numbers = [sale.id] + [a.id for a in c.rng.sample(c.open_sales(), min(2, len(c.open_sales()))) if a is not sale]
    c.rng.shuffle(numbers)
    call = verb(f"billing.reevaluate_nte({ids(numbers)})", c.world.reevaluate_nte(numbers), "actual_id, outcome")
    return Call(f"{update}; {call.sql}", call.expected, call.of)


@step(2)
def mark_what_fits(play):
    """Sales that were reset meet the limit when they are marked; now and then none of them may fail."""
    c = play.chance
    sale = sale_to_split(c)
    numbers = [sale.id] + [a.id for a in c.open_sales() if a.contract is sale.contract and a is not sale and c.likely(0.1)]
    c.world.reset_nte(numbers)
    update = f"{limit_in_the_middle(c, sale)}; DO 'BEGIN PERFORM billing.reset_nte(''{{{','.join(map(str, numbers))}}}''); END'"
    named = {"actuals": c.rng.sample(numbers, len(numbers))}
    if c.likely(0.2):
        named["strict"] = True
    sql = f"{update}; {outcomes(mark_call('mark_ready_to_invoice', named), 'item, id, outcome')}"
    with play.refusal(sql):
        predicted = c.world.mark(True, **named)
    return Call(sql, {(*k, v) for k, v in predicted.items()}, pairs)


@step(1.5)
def room_for_the_rest(play):
    """A raised limit: the rest commits, or is split again."""
    c = play.chance
    sale = c.one(a for a in c.open_sales() if a.nte == "failed" and a.contract.partial_fit)
    if c.likely(0.3):
        sale.contract.nte_limit = None
        update = f"UPDATE billing.contract SET nte_limit = NULL WHERE contract_id = {sale.contract.id}"
    else:
        update = limit_in_the_middle(c, sale)
    numbers = [a.id for a in c.open_sales() if a.entry is sale.entry and a.contract is sale.contract]
    call = verb(f"billing.reevaluate_nte({ids(numbers)})", c.world.reevaluate_nte(numbers), "actual_id, outcome")
    return Call(f"{update}; {call.sql}", call.expected, call.of)


@step(0.4)
def part_by_hand(play):
    """Nobody else says what is a part of what."""
    sale = play.chance.one(a for a in play.world.everything("actuals") if a.part_of)
    raise Refused("ZB001", f"UPDATE billing.actual SET part_of_id = part_of_id + 1 WHERE actual_id = {sale.id}")
