"""The steps of a play: each chooses its arguments at random, says what the model expects, and is one SQL call.

To add a verb: write a function (play) -> Call and put @step(weight) on it. It changes the model through play.world and
returns the SQL with what the SQL shall return; raising Refused says which SQLSTATE is expected instead.
"""
import copy
from datetime import timedelta
from decimal import Decimal

from model import CHANGED, CREATED, NOT_READY, POSTED, READY, REFUSED, Refused, Thing, in_backlog, stands
from prices import describe
from rules import FREQUENCIES, frequency_dates
from start import DAY, insert, literal, percents

STEPS = []
UNKNOWN = 999999


class Call:
    """SQL, how to make one comparable thing of its rows, and the thing expected."""

    def __init__(self, sql, expected=None, of=None):
        self.sql, self.expected, self.of = sql, expected, of


class Skip(Exception):
    """Nothing there to do it with."""


def step(weight):
    def note(function):
        STEPS.append((weight, function))
        return function
    return note


def outcomes(call, columns="entry_id, outcome"):
    return (f"SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array({columns})), '[]') FROM {call} AS r")


def pairs(rows):
    return {tuple(row) for row in rows}


def ids(numbers):
    return "NULL" if numbers is None else "'{" + ",".join(map(str, numbers)) + "}'::bigint[]"


def verb(call, predicted, columns="entry_id, outcome"):
    """A verb that returns an outcome per item."""
    return Call(outcomes(call, columns), {(k, v) for k, v in predicted.items()}, pairs)


class Chance:
    """Random choices about the world."""

    def __init__(self, rng, world):
        self.rng, self.world = rng, world

    def likely(self, probability):
        return self.rng.random() < probability

    def one(self, things):
        things = list(things)
        if not things:
            raise Skip
        return self.rng.choice(things)

    def some(self, things, most=6):
        """A few of them in random order; now and then an id that names nothing."""
        numbers = [t if isinstance(t, int) else t.id for t in things]
        picked = self.rng.sample(numbers, min(len(numbers), self.rng.randrange(1, most + 1)))
        if not picked and not self.likely(0.1):
            raise Skip
        if self.likely(0.03) or not picked:
            picked.append(UNKNOWN)
        return picked

    def quantity(self):
        sign = -1 if self.likely(0.08) else 1
        return sign * (Decimal(self.rng.choice([8, 4, 1, 7])) if self.likely(0.5)
                       else Decimal(self.rng.randrange(1, 2000)) / 100)

    def money(self, most, scale=2):
        return Decimal(self.rng.randrange(0, most * 10 ** scale)) / 10 ** scale

    def day(self):
        return DAY + timedelta(days=self.rng.randrange(0, 40))

    def invoice_day(self):
        return DAY + timedelta(days=self.rng.randrange(20, 60))

    def contract(self):
        return self.one(self.world.contracts.values())

    def drafts(self, status=None):
        return [i for i in self.world.drafts() if status in (None, i.status)]

    def entries(self, *statuses):
        """Entries that can move, now and then any."""
        found = self.world.entries.values()
        return [e for e in found if e.status in statuses] if self.likely(0.93) else list(found)

    def open_sales(self, *statuses):
        found = [a for a in self.world.everything("actuals") if in_backlog(a)]
        return [a for a in found if a.status in statuses] if statuses else found

    def any_sales(self):
        if self.likely(0.9):
            return self.open_sales()
        return self.world.everything("actuals")


# ------------------------------------------------------------------------------------------------ work

@step(14)
def record_work(play):
    """Entries, mostly submitted at once: that is what the other steps live on."""
    c, world, statements = play.chance, play.world, []
    for _ in range(c.rng.randrange(1, 5)):
        e = entry_of(c, world)
        world.entries[e.id] = e
        statements.append(insert(
            "entry", entry_id=e.id, project_id=e.project.id, task_id=e.task, resource_id=e.resource, role_id=e.role_given,
            category_id=e.category, product_id=e.product, unit=e.unit,
            transaction_class=e.cls, entry_date=e.date, quantity=e.quantity, billable_quantity=e.billable,
            billing_type=e.billing_type, cost_price=e.cost_price, sales_price=e.sales_price, tax=e.tax, currency=e.currency))
    return Call("; ".join(statements))


def entry_of(c, world):
    lines = [l for l in world.lines() if l.method != "product"]
    project = c.one(lines).project if c.likely(0.93) else world.projects[c.rng.choice([90, 90, 91])]
    quantity, number = c.quantity(), max(world.entries, default=0) + 1
    e = Thing(project=project, task=c.rng.choice(project.tasks + [None]) if project.tasks else None,
              role=1 if c.likely(0.9) else 2, category=1 if c.likely(0.9) else 2,
              cls=c.rng.choice(["time", "time", "time", "expense", "material", "fee"]), status="draft", date=c.day(),
              quantity=quantity, billable=None, billing_type=None, cost_price=c.money(200, 4), sales_price=c.money(300, 4),
              tax=Decimal(c.rng.randrange(0, 300)) * (1 if quantity > 0 else -1), currency=None, approved_quantity=None,
              approved_type=None)
    if c.likely(0.15):
        e.billable = quantity * c.rng.choice([0, Decimal("0.5"), 1, Decimal("1.5")])
    if c.likely(0.08):
        e.billing_type = c.rng.choice(["chargeable", "non_chargeable", "complimentary"])
    if c.likely(0.05):
        e.currency = c.rng.choice(["USD", "JPY"])
    describe(c, e)
    e.id = number
    return e


@step(12)
def submit(play):
    numbers = play.chance.some(play.chance.entries("draft", "returned", "rejected"), 9)
    return verb(f"billing.submit({ids(numbers)})", play.world.submit(numbers))


@step(14)
def approve(play):
    c = play.chance
    numbers = c.some(c.entries("submitted"), 9)
    choices = []
    for number in numbers:
        entry = play.world.entries.get(number)
        quantity = billing_type = None
        if entry and c.likely(0.15):
            quantity = entry.quantity * c.rng.choice([0, Decimal("0.25"), Decimal("0.75"), 1, 2, -1])
        if c.likely(0.12):
            billing_type = c.rng.choice(["chargeable", "non_chargeable", "complimentary"])
        choices.append((number, quantity, billing_type))
    call = (f"billing.approve({ids(numbers)}, {literal([q for _, q, _ in choices])}::numeric[],"
            f" {literal([t for _, _, t in choices])}::billing.billing_type[])")
    return verb(call, play.world.approve(choices))


@step(2)
def reject(play):
    numbers = play.chance.some(play.chance.entries("submitted"), 2)
    return verb(f"billing.reject({ids(numbers)})", play.world.reject(numbers))


@step(3)
def recall(play):
    numbers = play.chance.some(play.chance.entries("submitted", "approved"), 3)
    return verb(f"billing.recall_entries({ids(numbers)})", play.world.recall(numbers))


@step(3)
def approve_recall(play):
    numbers = play.chance.some(play.chance.entries("recall_requested"), 3)
    return take_back(play, "approve_recall", numbers)


@step(2)
def reject_recall(play):
    numbers = play.chance.some(play.chance.entries("recall_requested"), 3)
    return verb(f"billing.reject_recall({ids(numbers)})", play.world.reject_recall(numbers))


@step(3)
def cancel_approval(play):
    numbers = play.chance.some(play.chance.entries("approved"), 3)
    return take_back(play, "cancel_approval", numbers)


def take_back(play, function, numbers):
    """It returns the reversals: nothing of an entry whose actuals were all taken back before."""
    empty = [n for n in numbers if n in play.world.entries and not any(map(stands, play.world.actuals_of(play.world.entries[n])))]
    predicted = getattr(play.world, function)(numbers)
    return verb(f"billing.{function}({ids(numbers)})",
                {n: outcome for n, outcome in predicted.items() if outcome == REFUSED or n not in empty})


@step(3)
def change_entry(play):
    """Quantity, price and date of what is open for changes; nothing else may change."""
    c = play.chance
    entry = c.one(c.entries("draft", "returned", "rejected"))
    quantity = abs(c.quantity()) * (1 if entry.quantity > 0 else -1)
    sql = f"UPDATE billing.entry SET quantity = {quantity}, entry_date = '{entry.date + timedelta(days=1)}' WHERE entry_id = {entry.id}"
    if entry.status not in ("draft", "returned", "rejected"):
        raise Refused("ZB022", sql)
    entry.quantity, entry.date = quantity, entry.date + timedelta(days=1)
    return Call(sql)


@step(0.7)
def delete_entry(play):
    """An entry that the ledger knows stays."""
    c = play.chance
    entry = c.one(e for e in c.world.entries.values() if e.status == "draft" or c.likely(0.2))
    sql = f"DELETE FROM billing.entry WHERE entry_id = {entry.id}"
    if any(entry in j.work for j in c.world.journals.values()):
        raise Refused("23503", sql)
    if c.world.actuals_of(entry):
        raise Refused("ZB022", sql)
    if entry.status != "draft":
        raise Skip
    del c.world.entries[entry.id]
    return Call(sql)


# ------------------------------------------------------------------------------------------------ backlog

def mark_call(function, named):
    arguments = ", ".join(f"{k} => {literal(v) if isinstance(v, bool) else ids(v)}" for k, v in named.items())
    return (f"(SELECT item, unnest(ids) AS id, outcome FROM billing.{function}({arguments}))")


def mark(play, ready, named):
    function = "mark_ready_to_invoice" if ready else "mark_not_ready_to_invoice"
    sql = outcomes(mark_call(function, named), "item, id, outcome")
    with play.refusal(sql):
        predicted = play.world.mark(ready, **named)
    return Call(sql, {(*k, v) for k, v in predicted.items()}, pairs)


def backlog_items(c):
    world, named = c.world, {}
    if c.likely(0.8):
        named["actuals"] = c.some(c.any_sales(), 9)
    if c.likely(0.25):
        named["milestones"] = c.some(world.splits(), 3)
    if c.likely(0.15):
        named["products"] = c.some([l for l in world.lines() if l.method == "product" or c.likely(0.1)], 2)
    if c.likely(0.15):
        named["retainers"] = c.some(world.everything("retainers"), 3)
    if not named:
        raise Skip
    return named


@step(10)
def mark_ready(play):
    named = backlog_items(play.chance)
    if play.chance.likely(0.1):
        named["strict"] = True
    return mark(play, True, named)


@step(3)
def mark_not_ready(play):
    return mark(play, False, backlog_items(play.chance))


@step(5)
def mark_contracts(play):
    c = play.chance
    numbers, ready = c.some(c.world.contracts.values(), 2), c.likely(0.8)
    numbers = [n for n in numbers if n != UNKNOWN] or [2]
    predicted = play.world.mark_contracts(ready, numbers)
    function = "mark_ready_to_invoice" if ready else "mark_not_ready_to_invoice"
    call = mark_call(function, {"contracts": numbers})
    return Call(outcomes(call, "item, id, outcome") + " WHERE item = 'milestone'",
                {(*k, v) for k, v in predicted.items() if k[0] == "milestone"}, pairs)


@step(2)
def reset_nte(play):
    numbers = play.chance.some(play.chance.any_sales(), 6)
    return verb(f"billing.reset_nte({ids(numbers)})", play.world.reset_nte(numbers), "actual_id, outcome")


@step(4)
def reevaluate_nte(play):
    numbers = play.chance.some(play.chance.any_sales(), 8)
    return verb(f"billing.reevaluate_nte({ids(numbers)})", play.world.reevaluate_nte(numbers), "actual_id, outcome")


@step(4)
def change_limit(play):
    """Another limit at one of the four levels; nothing is evaluated by itself."""
    c = play.chance
    contract = c.contract()
    limit = None if c.likely(0.2) else Decimal(c.rng.randrange(0, 40000))
    lines = [l for l in contract.lines if l.method == "time_and_material"]
    level = c.rng.randrange(4)
    if level == 0:
        contract.nte_limit = limit
        return Call(f"UPDATE billing.contract SET nte_limit = {literal(limit)} WHERE contract_id = {contract.id}")
    if level == 1:
        customer = c.one(contract.customers)
        contract.customers[customer] = limit
        return Call(f"UPDATE billing.contract_customer SET nte_limit = {literal(limit)}"
                    f" WHERE contract_id = {contract.id} AND customer_id = {customer}")
    line = c.one(lines)
    if level == 2:
        line.nte_limit = limit
        return Call(f"UPDATE billing.contract_line SET nte_limit = {literal(limit)} WHERE contract_line_id = {line.id}")
    payer = c.one(line.payers.values())
    payer.nte_limit = limit
    return Call(f"UPDATE billing.contract_line_customer SET nte_limit = {literal(limit)}"
                f" WHERE contract_line_id = {line.id} AND customer_id = {payer.customer}")


@step(2)
def limit_that_just_fits(play):
    """A limit of the contract that one sale reaches exactly: it fits."""
    c = play.chance
    a = c.one(a for a in c.open_sales() if a.billing_type == "chargeable" and a.amount > 0)
    a.contract.nte_limit = max(c.world.used(a.contract, None, None, a) + a.amount, Decimal(0))
    call = verb(f"billing.reevaluate_nte({ids([a.id])})", c.world.reevaluate_nte([a.id]), "actual_id, outcome")
    return Call(f"UPDATE billing.contract SET nte_limit = {a.contract.nte_limit} WHERE contract_id = {a.contract.id}; {call.sql}",
                call.expected, call.of)


# ------------------------------------------------------------------------------------------------ evaluated again

@step(4)
def reevaluate_work(play):
    c, world, named = play.chance, play.world, {}
    if c.likely(0.6):
        named["contracts"] = c.some(world.contracts.values(), 2)
    if c.likely(0.4):
        named["projects"] = [p for p in c.some(world.projects.values(), 3) if p != UNKNOWN]
    if c.likely(0.4):
        named["entries"] = c.some(world.entries.values(), 4)
    if not named:
        raise Skip
    rewritten = world.reevaluate_work(**named)
    return Call(f"SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(entry_id)), '[]')"
                f" FROM billing.reevaluate_work({items_call(named)}) WHERE outcome = 'changed' AND reverses_id IS NOT NULL",
                {(number,) for number in rewritten}, pairs)


@step(1)
def preview_work(play):
    """A preview of another evaluation names the same entries and writes nothing."""
    numbers = play.chance.some(play.world.contracts.values(), 3)
    rewritten = copy.deepcopy(play.world).reevaluate_work(numbers)
    return Call(f"SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(entry_id)), '[]') FROM billing.reevaluate_work("
                f"{ids(numbers)}, preview => true) WHERE outcome = 'changed' AND reverses_id IS NOT NULL",
                {(number,) for number in rewritten}, pairs)


@step(0.7)
def confirm_contract(play):
    numbers = play.chance.some(play.world.contracts.values(), 1)
    return contract_verb("confirm_contract", numbers, play.world.confirm_contract(numbers))


@step(0.7)
def close_contract(play):
    """Not before there is something in it."""
    numbers = play.chance.some([c for c in play.world.contracts.values() if c.status != "draft" or play.number > 30 * c.id], 1)
    return contract_verb("close_contract", numbers, play.world.close_contract(numbers))


def contract_verb(function, numbers, predicted):
    return Call(outcomes(f"billing.{function}({ids(numbers)})", "contract_id, outcome") + " WHERE entry_id IS NULL",
                set(predicted.items()), pairs)


# ------------------------------------------------------------------------------------------------ milestones, terms

@step(3)
def insert_milestone(play):
    c = play.chance
    line = c.one(l for l in c.world.lines() if l.method == "fixed_price")
    amount = c.money(3000, line.contract.scale) + 1
    if line.contracted is not None and c.likely(0.5):
        amount = line.contracted - sum(m.amount for m in line.contract.milestones if m.line is line)
        if amount <= 0:
            raise Skip
    tax, date = c.money(300, line.contract.scale), c.day()
    name = f"Milestone {play.number}"
    sql = insert("milestone", contract_id=line.contract.id, contract_line_id=line.id, name=name, milestone_date=date,
                 amount=amount, tax=tax)
    with play.refusal(sql):
        c.world.new_milestone(line, name, date, amount, tax)
    return Call(sql)


@step(1)
def change_milestone(play):
    """Its shares are divided anew, by the percentages of now; not once one of them was on an invoice."""
    c = play.chance
    milestone = c.one(c.world.everything("milestones"))
    amount, tax = c.money(3000, milestone.line.contract.scale) + 1, c.money(200, milestone.line.contract.scale)
    sql = f"UPDATE billing.milestone SET amount = {amount}, tax = {tax} WHERE milestone_id = {milestone.id}"
    with play.refusal(sql):
        c.world.change_milestone(milestone, amount, tax)
    return Call(sql)


@step(0.5)
def delete_milestone(play):
    milestone = play.chance.one(play.world.everything("milestones"))
    sql = f"DELETE FROM billing.milestone WHERE milestone_id = {milestone.id}"
    with play.refusal(sql):
        play.world.delete_milestone(milestone)
    return Call(sql)


@step(2)
def change_percents(play):
    """Only what is approved from now on is split by them."""
    c = play.chance
    line = c.one(l for l in c.world.lines() if l.payers)
    return Call(set_percents(line, dict(zip(line.payers, percents(c.rng, len(line.payers))))))


def set_percents(line, shares):
    for customer, percent in shares.items():
        line.payers[customer].percent = percent
    cases = " ".join(f"WHEN {customer} THEN {percent}" for customer, percent in shares.items())
    return (f"UPDATE billing.contract_line_customer SET billing_split_percent = CASE customer_id {cases} END"
            f" WHERE contract_line_id = {line.id}")


@step(1.5)
def unsound_percents(play):
    """Percentages that do not total 100 refuse whoever meets them; put right again, everything goes on."""
    c = play.chance
    line = c.one(l for l in c.world.lines() if l.payers)
    right = {customer: payer.percent for customer, payer in line.payers.items()}
    wrong = set_percents(line, {**right, c.one(right): Decimal("7.5")})
    try:
        call = c.one([approve, create_invoices, confirm_invoices, reevaluate_work])(play)
    finally:
        restored = set_percents(line, right)
    return Call(f"{wrong}; {call.sql}; {restored}", call.expected, call.of)


@step(1)
def change_terms(play):
    """What a role is worth, or which class a line includes."""
    c = play.chance
    if c.likely(0.5):
        role = c.one(c.world.roles)
        c.world.roles[role] = not c.world.roles[role]
        return Call(f"UPDATE billing.role SET is_chargeable = {literal(c.world.roles[role])} WHERE role_id = {role}")
    line = c.one(l for l in c.world.lines() if l.method != "product")
    cls = c.one(line.include)
    line.include[cls] = not line.include[cls]
    return Call(f"UPDATE billing.contract_line SET include_{cls} = {literal(line.include[cls])}"
                f" WHERE contract_line_id = {line.id}")


# ------------------------------------------------------------------------------------------------ schedules and runs

def some_dates(c):
    """(number of the frequency, from, until, dates)"""
    name = c.one(FREQUENCIES)
    start = c.day()
    end = start + timedelta(days=c.rng.randrange(1, 90))
    return list(FREQUENCIES).index(name) + 1, start, end, frequency_dates(name, start, end)


@step(0.5)
def move_date(play):
    """A date that was not run yet may be moved or deleted."""
    c = play.chance
    s = c.one(c.world.schedules)
    if c.likely(0.4):
        sql = f"DELETE FROM billing.invoice_schedule WHERE schedule_id = {s.id}"
    else:
        sql = f"UPDATE billing.invoice_schedule SET cutoff_date = run_date - 5 WHERE schedule_id = {s.id}"
    moved = s.run_date - timedelta(days=5)
    if s.status != "not_run":
        if not sql.startswith("DELETE") and s.cutoff == moved:
            raise Skip
        raise Refused("ZB022", sql)
    if sql.startswith("DELETE"):
        c.world.schedules.remove(s)
    else:
        s.cutoff = moved
    return Call(sql)


@step(4)
def generate_schedule(play):
    c = play.chance
    lines = [c.one(l for l in c.world.lines() if l.method == "time_and_material" or c.likely(0.05))]
    frequency, start, end, dates = some_dates(c)
    lead = c.rng.randrange(4)
    if not dates:
        raise Skip
    sql = f"billing.generate_schedule({ids(l.id for l in lines)}, {frequency}, '{start}', '{end}', {lead})"
    predicted = c.world.generate_schedule(lines, dates, lead)
    return Call(outcomes(sql, "contract_line_id, run_date, outcome"), predicted, pairs)


@step(1)
def generate_milestones(play):
    c = play.chance
    line = c.one(l for l in c.world.lines() if l.method == "fixed_price" or c.likely(0.03))
    frequency, start, end, dates = some_dates(c)
    if not dates:
        raise Skip
    tax = c.money(500, line.contract.scale)
    sql = f"SELECT count(*) FROM billing.generate_milestones({line.id}, {frequency}, '{start}', '{end}', total_tax => {tax})"
    with play.refusal(sql):
        c.world.generate_milestones(line, dates, tax)
    return Call(sql)


@step(3)
def run_invoicing(play):
    date = play.chance.invoice_day()
    play.world.run(date)
    return Call(f"CALL billing.run_invoicing('{date}')")


@step(2)
def confirm_in_bulk(play):
    c = play.chance
    numbers = sorted({i.id for i in c.rng.sample(c.drafts(), min(3, len(c.drafts())))})
    if c.likely(0.2):
        numbers = sorted({*numbers, c.one(play.world.everything("invoices")).id})
    if not numbers:
        raise Skip
    play.world.confirm_in_bulk(numbers)
    return Call(f"CALL billing.confirm_in_bulk({ids(numbers)})")


# ------------------------------------------------------------------------------------------------ drafts

def items_call(named):
    return ", ".join(f"{k} => {ids(v)}" for k, v in named.items())


def ready_items(c):
    world, named = c.world, {}
    if c.likely(0.8):
        named["actuals"] = c.some(c.open_sales(READY) or c.any_sales(), 6)
    if c.likely(0.2):
        named["milestones"] = c.some([s for s in world.splits() if s.status == READY], 2)
    if c.likely(0.1):
        named["products"] = c.some([l for l in world.lines() if l.method == "product"], 2)
    if c.likely(0.2):
        named["retainers"] = c.some(world.everything("retainers"), 2)
    if not named:
        raise Skip
    return named


def drafted(invoices):
    return {(i.contract.id, i.customer, CHANGED) for i in invoices}


def grown(rows):
    return {tuple(row) for row in rows if row[2] == CHANGED}


DRAFTED = "contract_id, customer_id, outcome"


@step(6)
def create_invoices(play):
    c = play.chance
    date, contracts = c.invoice_day(), None
    if c.likely(0.8):
        contracts = c.some(c.world.contracts.values(), 2)
    sql = f"billing.create_invoices({ids(contracts)}, invoice_date => '{date}')"
    return Call(outcomes(sql, DRAFTED), drafted(c.world.create(date, contracts)), grown)


@step(1)
def create_twice(play):
    """The same run key again: nothing more happens."""
    c = play.chance
    date, contracts = c.invoice_day(), c.some(c.world.contracts.values(), 2)
    sql = f"billing.create_invoices({ids(contracts)}, invoice_date => '{date}', run_key => 'step {play.number}')"
    predicted = drafted(c.world.create(date, contracts))
    return Call(outcomes(sql, DRAFTED) + f"; SELECT count(*) FROM {sql} AS again", predicted, grown)


@step(4)
def create_of_items(play):
    date, named = play.chance.invoice_day(), ready_items(play.chance)
    sql = f"billing.create_invoices({items_call(named)}, invoice_date => '{date}')"
    return Call(outcomes(sql, DRAFTED), drafted(play.world.create(date, **named)), grown)


@step(2)
def preview_invoices(play):
    """A preview says what create_invoices() would do, totals included, and writes nothing."""
    c, date = play.chance, play.chance.invoice_day()
    named = ready_items(c) if c.likely(0.5) else {}
    sql = f"billing.preview_invoices({items_call(named)}{', ' if named else ''}invoice_date => '{date}')"
    made = copy.deepcopy(play.world).create(date, **named)
    return Call(outcomes(sql, DRAFTED + ", detail_amount, total_tax"),
                {(i.contract.id, i.customer, CHANGED, i.detail_amount, i.total_tax) for i in made}, grown)


@step(4)
def add_to_invoice(play):
    date, named = play.chance.invoice_day(), ready_items(play.chance)
    sql = f"billing.add_to_invoice({items_call(named)}, invoice_date => '{date}')"
    return Call(outcomes(sql, DRAFTED), drafted(play.world.add(date, **named)), grown)


@step(3)
def refresh_invoices(play):
    numbers = play.chance.some(play.chance.drafts() or play.world.everything("invoices"), 3)
    return verb(f"billing.refresh_invoices({ids(numbers)})", play.world.refresh(numbers), "invoice_id, outcome")


@step(1)
def change_invoice(play):
    """Date and name of a draft are free; a confirmed invoice is final."""
    c = play.chance
    invoice, date = c.one(c.drafts() if c.likely(0.7) else play.world.everything("invoices")), c.invoice_day()
    sql = f"UPDATE billing.invoice SET invoice_date = '{date}', name = 'Step {play.number}' WHERE invoice_id = {invoice.id}"
    if not invoice.is_open:
        raise Refused("ZB022", sql)
    invoice.date = date
    return Call(sql)


@step(2)
def review(play):
    c = play.chance
    numbers = c.some(c.drafts("draft") or play.world.everything("invoices"), 2)
    return verb(f"billing.review_invoices({ids(numbers)})", play.world.review(numbers), "invoice_id, outcome")


@step(2)
def return_to_draft(play):
    c = play.chance
    numbers = c.some(c.drafts("in_review") or play.world.everything("invoices"), 2)
    return verb(f"billing.return_to_draft({ids(numbers)})", play.world.return_to_draft(numbers), "invoice_id, outcome")


def named_rows(c):
    """Some details of drafts, by the kind of id that names them."""
    invoice = c.one(c.drafts())
    rows = c.world.rows(invoice)
    if not rows:
        raise Skip
    named = {}
    for row in c.rng.sample(rows, min(len(rows), c.rng.randrange(1, 4))):
        kind = row.kind + "s" if row.kind in ("actual", "milestone", "product") else "details"
        named.setdefault(kind, []).append(row.source.id)
    if c.likely(0.02):
        named.setdefault("actuals", []).append(UNKNOWN)
    return invoice, rows, named


@step(9)
def edit_details(play):
    c = play.chance
    invoice, _, named = named_rows(c)
    if c.likely(0.7):
        named = dict([c.one(named.items())])
    change = {}
    if c.likely(0.6):
        change["quantity"] = c.rng.choice([Decimal(1), Decimal("0.25"), abs(c.quantity())]) * (-1 if c.likely(0.05) else 1) * (0 if c.likely(0.1) else 1)
    if c.likely(0.3):
        change["price"] = c.money(300, 4)
    if c.likely(0.3):
        change["tax"] = c.money(200, invoice.contract.scale)
    if c.likely(0.2):
        change["billing_type"] = c.rng.choice(["chargeable", "non_chargeable", "complimentary"])
    if c.likely(0.15 if set(named) == {"actuals"} else 0.02):
        change["keep_rest"] = c.likely(0.7)
    if not change:
        raise Skip
    arguments = ", ".join(f"{k} => {literal(v)}" for k, v in change.items())
    sql = f"SELECT count(*) FROM billing.edit_invoice_details({items_call(named)}, {arguments})"
    with play.refusal(sql):
        play.world.edit(change, **named)
    return Call(sql)


@step(3)
def add_detail(play):
    c = play.chance
    invoice = c.one(c.drafts() if c.likely(0.95) else c.world.everything("invoices"))
    line = c.one(invoice.contract.lines if c.likely(0.97) else c.world.lines())
    quantity = abs(c.quantity()) * (-1 if c.likely(0.03) else 1)
    cls, price, tax = c.rng.choice(["time", "expense", "material", "fee"]), c.money(300, 4), c.money(50, invoice.contract.scale)
    billing_type = "chargeable" if c.likely(0.8) else c.rng.choice(["non_chargeable", "complimentary"])
    sql = (f"SELECT count(*) FROM billing.add_invoice_detail({invoice.id}, {line.id}, '{cls}', {quantity}, {price}, tax => {tax},"
           f" billing_type => '{billing_type}')")
    with play.refusal(sql):
        play.world.add_detail(invoice.id, line.id, cls, quantity, price, tax, billing_type)
    return Call(sql)


@step(3)
def remove_details(play):
    c = play.chance
    _, _, named = named_rows(c)
    drafted_retainers = [r.id for r in c.world.everything("retainers") if r.status == CREATED]
    if drafted_retainers and c.likely(0.3):
        named["retainers"] = [c.one(drafted_retainers)]
    sql = f"SELECT count(*) FROM billing.remove_invoice_details({items_call(named)})"
    with play.refusal(sql):
        play.world.remove(**named)
    return Call(sql)


@step(2)
def delete_invoices(play):
    c = play.chance
    numbers = c.some(c.drafts() if c.likely(0.9) else c.world.everything("invoices"), 2)
    return verb(f"billing.delete_invoices({ids(numbers)})", play.world.delete(numbers), "invoice_id, outcome")


@step(7)
def confirm_invoices(play):
    c = play.chance
    numbers = c.some(c.drafts() if c.likely(0.9) else c.world.everything("invoices"), 3)
    return verb(f"billing.confirm_invoices({ids(numbers)})", play.world.confirm(numbers), "invoice_id, outcome")


@step(1)
def mark_paid(play):
    numbers = play.chance.some(play.world.everything("invoices"), 2)
    return verb(f"billing.mark_paid({ids(numbers)})", play.world.mark_paid(numbers), "invoice_id, outcome")


# ------------------------------------------------------------------------------------------------ corrections

@step(5)
def revise(play):
    c = play.chance
    confirmed = [i for i in c.world.everything("invoices") if not i.is_open or c.likely(0.03)]
    invoice, sales, into, date = c.one(confirmed), None, None, c.invoice_day()
    if c.likely(0.6):
        billed = [a for a in invoice.contract.actuals if a.invoice is invoice and a.type == "billed_sales"
                  and a.reverses is None]
        sales = c.some(billed, 3)
    if c.likely(0.3):
        into = c.one(c.drafts() or [invoice]).id
    sql = outcomes(f"billing.revise_invoice({invoice.id}, {ids(sales)}, {literal(into)}, '{date}')", "billed_sale_id, outcome")
    with play.refusal(sql):
        predicted = play.world.revise(invoice.id, sales, into, date)
    return Call(sql, {(k, v) for k, v in predicted.items() if v == CHANGED},
                lambda rows: {tuple(row) for row in rows if row[1] == CHANGED})


# ------------------------------------------------------------------------------------------------ retainers

@step(3)
def insert_retainer(play):
    c = play.chance
    contract = c.contract()
    customer, date, amount = c.one(contract.customers), c.day(), c.money(2000, contract.scale) + 1
    c.world.new_retainer(contract, customer, date, amount)
    return Call(insert("retainer", contract_id=contract.id, customer_id=customer, invoice_date=date, amount=amount))


@step(0.7)
def change_retainer(play):
    """As long as it is on no invoice its amount may change, or it may go."""
    c = play.chance
    r = c.one(c.world.everything("retainers"))
    amount = r.amount + c.money(100, r.contract.scale) + 1
    sql = f"UPDATE billing.retainer SET amount = {amount} WHERE retainer_id = {r.id}"
    if c.likely(0.4) and not any(r in i.advances for i in r.contract.invoices) and not c.world.being_taken_back(r):
        sql = f"DELETE FROM billing.retainer WHERE retainer_id = {r.id}"
    if r.status in (CREATED, POSTED) or (r.history and sql.startswith("DELETE")):
        raise Refused("ZB022", sql)
    if sql.startswith("DELETE"):
        r.contract.retainers.remove(r)
    else:
        r.amount = amount
    return Call(sql)


@step(1)
def generate_retainers(play):
    c = play.chance
    contract = c.contract()
    customer, total = c.one(contract.customers), c.money(3000, contract.scale) + 5
    dates = [DAY + timedelta(days=d) for d in c.rng.sample(range(60), c.rng.randrange(1, 4))]
    sql = (f"SELECT count(*) FROM billing.generate_retainers({contract.id}, {customer}, {total},"
           f" {literal(dates)}::date[])")
    with play.refusal(sql):
        play.world.generate_retainers(contract.id, customer, total, dates)
    return Call(sql)


@step(1)
def add_retainer(play):
    c = play.chance
    invoice = c.one(c.drafts() if c.likely(0.9) else c.world.everything("invoices"))
    amount = c.money(500, invoice.contract.scale) + 1
    sql = f"SELECT count(*) FROM billing.add_invoice_retainer({invoice.id}, {amount})"
    with play.refusal(sql):
        play.world.add_retainer(invoice.id, amount)
    return Call(sql)


@step(3)
def release_retainers(play):
    """Retainers move on faster than by the other steps."""
    c = play.chance
    waiting = [r for r in c.world.everything("retainers") if r.status == NOT_READY]
    return mark(play, True, {"retainers": c.some(waiting, 3)})


@step(3)
def set_advance(play):
    c = play.chance
    r = c.one([r for r in c.world.everything("retainers") if r.status == POSTED or c.likely(0.05)])
    same = [i for i in c.drafts() if (i.contract, i.customer) == (r.contract, r.customer)]
    invoice = c.one(same if c.likely(0.9) else c.world.everything("invoices"))
    amount = None if c.likely(0.3) else c.money(max(int(r.amount), 1), r.contract.scale)
    sql = f"SELECT count(*) FROM billing.set_advance({invoice.id}, {r.id}, {literal(amount)})"
    with play.refusal(sql):
        play.world.set_advance(invoice.id, r.id, amount)
    return Call(sql)


@step(4)
def stage_refunds(play):
    c = play.chance
    numbers = c.some([r for r in c.world.everything("retainers") if r.status == POSTED or c.likely(0.1)], 2)
    into = c.one(c.drafts()).id if c.likely(0.4) else None
    sql = outcomes(f"billing.stage_refunds({ids(numbers)}, {literal(into)})", "retainer_id, outcome")
    with play.refusal(sql):
        predicted = play.world.stage_refunds(numbers, into)
    return Call(sql, set(predicted.items()), pairs)


@step(1)
def cancel_refunds(play):
    c = play.chance
    numbers = c.some([r for r in c.world.everything("retainers") if r.refund != "not_refunded" or c.likely(0.1)], 2)
    return verb(f"billing.cancel_refunds({ids(numbers)})", play.world.cancel_refunds(numbers), "retainer_id, outcome")


# ------------------------------------------------------------------------------------------------ what nobody may do

@step(3)
def write_by_hand(play):
    """Statuses, ledger and invoices are written only by billing itself."""
    c, world = play.chance, play.world
    tries = [("actual", "UPDATE billing.actual SET billing_status = 'customer_invoice_posted' WHERE actual_id = {}"),
             ("actual", "UPDATE billing.actual SET amount = amount + 1 WHERE actual_id = {}"),
             ("actual", "DELETE FROM billing.actual WHERE actual_id = {}"),
             ("actual", "UPDATE billing.actual SET adjustment_status = 'in_process' WHERE actual_id = {} AND true"),
             ("entry", "UPDATE billing.entry SET entry_status = 'recall_requested', description = 'x' WHERE entry_id = {}"),
             ("invoice", "UPDATE billing.invoice SET total_tax = total_tax + 1, total_amount = total_amount + 1 WHERE invoice_id = {}"),
             ("invoice", "UPDATE billing.invoice_line SET amount = amount + 1 WHERE invoice_id = {}"),
             ("retainer", "UPDATE billing.retainer SET used_amount = amount / 2 + 0.01 WHERE retainer_id = {}")]
    what, sql = c.one(tries)
    things = list(world.entries.values()) if what == "entry" else world.everything(what + "s")
    thing = c.one(things)
    if "invoice_line" in sql and not thing.lines:
        raise Skip
    if "in_process" in sql and thing.adjustment == "in_process" or "recall" in sql and thing.status == "recall_requested":
        raise Skip
    if "posted" in sql and thing.status == POSTED:
        raise Skip
    raise Refused("ZB001", sql.format(thing.id))
