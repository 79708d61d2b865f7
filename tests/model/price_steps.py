"""Steps with price lists: what they say, how they change, and work priced anew."""
import copy
from datetime import timedelta
from decimal import Decimal

from model import Refused, in_backlog
from prices import (FIRST_DAY, HOURS, LAST_DAY, PEOPLE, RATED_UNITS, RESOURCE_ROLES, Rate, Row, insert_validity, new_list,
                    random_price, random_rate, rate_columns, span)
from start import DAY, insert, literal
from steps import UNKNOWN, Call, Skip, approve, ids, pairs, reevaluate_work, step, verb

RERATED = ("r.entry_id, r.outcome, CASE r.outcome WHEN 'changed' THEN r.contract_id END, r.contract_line_id, r.customer_id, "
           "r.transaction_type, r.billing_type, r.nte_status, r.old_actual_id, r.quantity, r.old_price, r.new_price, r.old_amount, "
           "r.new_amount, r.difference")


# ------------------------------------------------------------------------------------------------ lists change

def lists_of(c, context=None):
    return [l for l in c.world.price_lists.values() if context in (None, l.context)]


def rates_in_use(world):
    """Rates that price work in the backlog today."""
    found = []
    for entry in {a.entry for a in world.everything("actuals") if a.entry and in_backlog(a)}:
        prices = world.prices_of(entry, world.paying_line(entry))
        found += [listed.rate for listed in (prices.cost_listed, prices.sales_listed) if listed and listed.rate]
    return sorted(found, key=lambda rate: rate.id)


def some_rate(c):
    return c.one((c.likely(0.8) and rates_in_use(c.world)) or c.one(lists_of(c)).rates)


@step(5)
def change_rate(play):
    """Another price, or a mark-up instead; no actual moves."""
    return Call(change_price(play.chance, some_rate(play.chance)))


def change_price(c, rate):
    rate.price = random_price(c.rng, rate.unit) if rate.markup is None or c.likely(0.5) else None
    rate.markup = None if rate.price is not None else Decimal(c.rng.randrange(-50, 100))
    return (f"UPDATE billing.price_rate SET price = {literal(rate.price)}, markup_percent = {literal(rate.markup)}"
            f" WHERE price_rate_id = {rate.id}")


@step(2)
def add_rate(play):
    """A list has one rate for the same thing."""
    c = play.chance
    price_list = c.one(lists_of(c))
    rate = random_rate(c.rng, c.world, price_list)
    sql = insert("price_rate", **rate_columns(price_list, rate))
    if rate.key in {known.key for known in price_list.rates}:
        raise Refused("23505", sql)
    price_list.rates.append(rate)
    return Call(sql)


@step(0.7)
def delete_rate(play):
    price_list = play.chance.one(lists_of(play.chance))
    rate = play.chance.one(price_list.rates)
    price_list.rates.remove(rate)
    return Call(f"DELETE FROM billing.price_rate WHERE price_rate_id = {rate.id}")


def owner_of_lists(c):
    """(owner, context, where its lists are in force)"""
    if c.likely(0.35):
        context = c.rng.choice(["cost", "sales"])
        return "company", context, c.world.company_lists[context]
    contract = c.contract()
    return contract, "sales", contract.price_lists


def some_days(c):
    start = DAY + timedelta(days=c.rng.randrange(-5, 40))
    return start, start + timedelta(days=c.rng.randrange(0, 25))


def collide(validities, validity):
    return any(v is not validity and v.start < validity.end and validity.start < v.end for v in validities)


@step(2.5)
def add_list(play):
    """A list, mostly a new one, for some days; not on days that have one, none for no day, and no cost list for sales."""
    c, statements = play.chance, []
    owner, context, validities = owner_of_lists(c)
    start, end = some_days(c)
    if c.likely(0.4):
        taken = max((v.end for v in validities), default=start)
        start, end = (taken, LAST_DAY) if taken != LAST_DAY else (start, end)
    currency = c.world.company_currency if owner == "company" else owner.currency
    known = [l for l in lists_of(c, None if c.likely(0.1) else context) if l.currency == currency]
    price_list = c.one(known) if known and c.likely(0.5) else new_list(c.world, context, currency)
    validity = Row(list=price_list, start=start, end=end)
    if price_list not in known:
        statements += list_with_rates(c, price_list)
    statements.append(insert_validity(owner, context, validity))
    sql = "; ".join(statements)
    if end <= start:
        raise Refused("23514", sql)
    if price_list.context != context and not collide(validities, validity):
        raise Refused("23503", sql)
    if collide(validities, validity):
        raise Refused("23P01", sql)
    validities.append(validity)
    return Call(sql)


def list_with_rates(c, price_list):
    yield insert("price_list", price_list_id=price_list.id, context=price_list.context, currency=price_list.currency,
                 name=price_list.name)
    for _ in range(c.rng.randrange(1, 8)):
        rate = random_rate(c.rng, c.world, price_list)
        if rate.key not in {known.key for known in price_list.rates}:
            price_list.rates.append(rate)
            yield insert("price_rate", **rate_columns(price_list, rate))


@step(2)
def move_list(play):
    """Other days for a list, or none any more; still one on any day."""
    c = play.chance
    owner, context, validities = owner_of_lists(c)
    validity = c.one(validities)
    table = "company_price_list" if owner == "company" else "contract_price_list"
    of = "company_id = 1" if owner == "company" else f"contract_id = {owner.id}"
    where = f"{of} AND price_list_id = {validity.list.id} AND valid = {span(validity.start, validity.end)}"
    if c.likely(0.2):
        validities.remove(validity)
        return Call(f"DELETE FROM billing.{table} WHERE {where}")
    moved = Row(list=validity.list, start=FIRST_DAY if c.likely(0.3) else some_days(c)[0], end=LAST_DAY)
    if c.likely(0.5):
        moved.end = max(moved.start, some_days(c)[1])
    sql = f"UPDATE billing.{table} SET valid = {span(moved.start, moved.end)} WHERE {where}"
    if moved.end <= moved.start:
        raise Refused("23514", sql)
    if collide([v for v in validities if v is not validity], moved):
        raise Refused("23P01", sql)
    validity.start, validity.end = moved.start, moved.end
    return Call(sql)


@step(1.5)
def list_in_another_currency(play):
    """Work under it cannot be approved, nor priced anew; with the right currency everything goes on."""
    c = play.chance
    price_list = c.one(lists_of(c))
    right, wrong = price_list.currency, c.one({"USD", "EUR", "JPY", "KWD"} - {price_list.currency})
    price_list.currency = wrong
    try:
        call = c.one([approve, rerate, preview_rerate, reevaluate_work, explain_prices])(play)
    finally:
        price_list.currency = right
    update = f"UPDATE billing.price_list SET currency = '{{}}' WHERE price_list_id = {price_list.id}"
    return Call(f"{update.format(wrong)}; {call.sql}; {update.format(right)}", call.expected, call.of)


@step(2)
def change_entry_price(play):
    """As long as an entry is open for changes its prices are."""
    c = play.chance
    entry = c.one(c.entries("draft", "returned", "rejected"))
    cost, sales = (None if c.likely(0.5) else c.money(200, 4) for _ in range(2))
    sql = (f"UPDATE billing.entry SET cost_price = {literal(cost)}, sales_price = {literal(sales)}"
           f" WHERE entry_id = {entry.id}")
    if entry.status not in ("draft", "returned", "rejected"):
        if (entry.cost_price, entry.sales_price) == (cost, sales):
            raise Skip
        raise Refused("ZB022", sql)
    entry.cost_price, entry.sales_price = cost, sales
    return Call(sql)


# ------------------------------------------------------------------------------------------------ what lists say

def listed_row(context, price, currency, listed):
    return (context, price, currency, listed and listed.list and listed.list.id, listed and listed.rate and listed.rate.id)


def some_work(c):
    """Arguments of price_for(), and the work they name."""
    cls = c.rng.choice(["time", "time", "time", "expense", "material", "fee"])
    role, resource = c.rng.choice(PEOPLE) if cls == "time" else (None, None)
    work = Row(cls=cls, date=c.day(), role=role or RESOURCE_ROLES.get(resource), resource=resource, category=None, product=None,
               unit=None)
    if cls == "expense":
        work.category = c.rng.choice([1, 2, None])
    if cls == "material":
        work.product = c.rng.choice([1, 2, None])
    if c.likely(0.5):
        work.unit = c.rng.choice([*RATED_UNITS.get(cls, ["each"]), "week"])
    named = dict(role=role, resource=resource, category=work.category, product=work.product)
    return work, ", ".join(f"{k} => {v}" for k, v in named.items() if v)


@step(2)
def price_for(play):
    c = play.chance
    contract, (work, named) = c.contract(), some_work(c)
    cost = c.money(100, 4) if c.likely(0.3) else None
    number = UNKNOWN if c.likely(0.02) else contract.id
    sql = ("SELECT jsonb_agg(jsonb_build_array(context, price, currency, price_list_id, price_rate_id))"
           f" FROM billing.price_for({number}, '{work.cls}', '{work.date}', {named + ', ' if named else ''}"
           f"unit => {literal(work.unit)}, cost_price => {literal(cost)})")
    if number == UNKNOWN:
        raise Refused("ZB020", sql)
    costs, sells = c.world.price_for(contract, work, cost)
    return Call(sql, {listed_row("cost", costs.price, c.world.company_currency, costs),
                      listed_row("sales", sells.price, contract.currency, sells)}, pairs)


@step(1.5)
def explain_prices(play):
    """What each entry would cost and sell for today; typed prices come from no list."""
    c, world, rows = play.chance, play.world, set()
    numbers = c.some(world.entries.values(), 6)
    for entry in (world.entries[n] for n in numbers if n in world.entries):
        line = world.paying_line(entry)
        prices = world.prices_of(entry, line)
        contract = line.contract if line else world.internal
        rows.add((entry.id, contract.id, *listed_row("cost", prices.cost, world.company_currency, prices.cost_listed)))
        if line and line.method == "time_and_material":
            rows.add((entry.id, contract.id, *listed_row("sales", prices.sales, contract.currency, prices.sales_listed)))
    return Call("SELECT coalesce(jsonb_agg(jsonb_build_array(entry_id, contract_id, context, price, currency, price_list_id,"
                f" price_rate_id)), '[]') FROM billing.explain_prices({ids(numbers)})", rows, pairs)


@step(2)
def add_listed_detail(play):
    """A detail without a price gets the list's of its day."""
    c = play.chance
    invoice = c.one(c.drafts() if c.likely(0.97) else c.world.everything("invoices"))
    line = c.one(invoice.contract.lines)
    work, named = some_work(c)
    work.unit, work.date = None, invoice.date
    quantity = abs(c.quantity())
    sql = (f"SELECT jsonb_agg(price) FROM billing.add_invoice_detail({invoice.id}, {line.id}, '{work.cls}', {quantity}, NULL"
           f"{', ' + named if named else ''})")
    with play.refusal(sql):
        c.world.add_detail(invoice.id, line.id, work.cls, quantity, None, Decimal(0), "chargeable", work)
    return Call(sql)


# ------------------------------------------------------------------------------------------------ prices on invoices

def is_unpriced(entry):
    return entry is not None and entry.sales_price is None


@step(2)
def edit_listed_price(play):
    """On an invoice work gets another price than its list says."""
    c = play.chance
    invoice = c.one(i for i in c.drafts() if any(r.kind == "actual" and is_unpriced(r.source.entry) for r in c.world.rows(i)))
    details = [r.source.id for r in c.world.rows(invoice) if r.kind == "actual" and is_unpriced(r.source.entry)]
    numbers, price = c.rng.sample(details, c.rng.randrange(1, len(details) + 1)), c.money(300, 4)
    sql = f"SELECT count(*) FROM billing.edit_invoice_details(actuals => {ids(numbers)}, price => {price})"
    with play.refusal(sql):
        play.world.edit({"price": price}, actuals=numbers)
    return Call(sql)


@step(4)
def credit_listed(play):
    """Work without a price of its own comes back from a confirmed invoice."""
    c = play.chance
    billed = [a for a in c.world.everything("actuals") if a.type == "billed_sales" and a.reverses is None
              and a.adjustment == "adjustable" and is_unpriced(a.entry)]
    invoice, date = c.one(billed).invoice, c.invoice_day()
    sales = [a.id for a in billed if a.invoice is invoice]
    play.world.revise(invoice.id, sales, None, date)
    return Call(f"SELECT count(*) FROM billing.revise_invoice({invoice.id}, {ids(sales)}, NULL, '{date}')")


@step(4)
def confirm_credit(play):
    c = play.chance
    number = c.one(i for i in c.drafts() if i.corrects).id
    return verb(f"billing.confirm_invoices({ids([number])})", play.world.confirm([number]), "invoice_id, outcome")


# ------------------------------------------------------------------------------------------------ priced anew

def to_price(c):
    """Arguments of rerate(), in SQL and for the model."""
    world, named = c.world, {}
    if c.likely(0.75):
        named["contracts"] = c.some(world.contracts.values(), 2)
    if c.likely(0.35) or not named:
        named["lists"] = c.some(world.price_lists.values(), 2)
    sql = ", ".join(f"{'price_lists' if k == 'lists' else k} => {ids(v)}" for k, v in named.items())
    if c.likely(0.3):
        named["start"] = c.day()
        sql += f", from_date => '{named['start']}'"
    if c.likely(0.25):
        named["typed"] = True
        sql += ", typed => true"
    return sql, named


def rerated(sql, predicted):
    return Call(f"SELECT coalesce(jsonb_agg(jsonb_build_array({RERATED})), '[]') FROM billing.rerate({sql}) r", set(predicted),
                pairs)


@step(4)
def rerate(play):
    sql, named = to_price(play.chance)
    return rerated(sql, play.world.rerate(**named))


@step(2)
def preview_rerate(play):
    """The preview says what rerate() would do and writes nothing."""
    sql, named = to_price(play.chance)
    return rerated(sql + ", preview => true", copy.deepcopy(play.world).rerate(**named))


@step(5)
def follow_a_rate(play):
    """A price changes, and the work it counts for follows."""
    c = play.chance
    rate = some_rate(c)
    price_list = next(l for l in lists_of(c) if rate in l.rates)
    changed = change_price(c, rate)
    typed = c.likely(0.15)
    call = rerated(f"price_lists => {ids([price_list.id])}, typed => {literal(typed)}",
                   play.world.rerate(lists=[price_list.id], typed=typed))
    return Call(f"{changed}; {call.sql}", call.expected, call.of)


@step(2)
def rerate_twice(play):
    """A second time nothing is left to change."""
    c = play.chance
    changed, (sql, named) = change_price(c, some_rate(c)), to_price(c)
    play.world.rerate(**named)
    return Call(f"{changed}; SELECT FROM (SELECT count(*) AS n FROM billing.rerate({sql})) AS first WHERE n < 0;"
                f" SELECT jsonb_build_array(jsonb_build_array(count(*))) FROM billing.rerate({sql}) WHERE outcome = 'changed'",
                {(0,)}, pairs)


@step(1)
def rerate_nothing(play):
    raise Refused("22023", "SELECT * FROM billing.rerate(from_date => '2026-01-01')")
