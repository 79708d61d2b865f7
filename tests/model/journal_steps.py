"""Steps about journals. Mostly they make something of what is there: lines that can be written, work that can be selected;
now and then not."""
import copy
from decimal import Decimal

from journals import BETWEEN_UNITS, CANCELLATION, CORRECTED, ENTRY, SALES, classes_for, is_in_process
from model import Thing, stands
from start import insert, literal
from steps import (UNKNOWN, Call, Skip, cancel_approval, ids, items_call, mark, outcomes, pairs, recall, reevaluate_nte,
                   reset_nte, set_percents, step, verb)

KINDS = [ENTRY, *CORRECTED, CANCELLATION]
ITEMS = "item, item_id, outcome"
DRAFTS = 7


def drafts(c, *kinds):
    return [j for j in c.world.journals.values() if j.status == "draft" and j.kind in (kinds or KINDS)]


def any_journal(c, *kinds):
    """A draft of these kinds; now and then any journal, or none that there is."""
    if c.likely(0.02):
        return Thing(contract=None, kind=ENTRY, status="draft", lines=[], work={}, taken=[])
    return c.one(drafts(c, *kinds) if c.likely(0.9) else c.world.journals.values())


def number_of(journal):
    return journal.id or UNKNOWN


def new_journal(play, contract, kind):
    """The journal, and the SQL that makes it."""
    world = play.world
    journal = world.insert_journal(max(world.journals, default=0) + 1 + play.number, contract, kind)
    return journal, insert("journal", journal_id=journal.id, contract_id=contract.id, journal_type=kind) + "; "


def draft_for(play, contract, kind):
    """A draft of the contract, or a new one: journal and SQL."""
    c = play.chance
    found = [j for j in drafts(c, kind) if j.contract is contract]
    return (c.one(found), "") if found and c.likely(0.4) else new_journal(play, contract, kind)


def selection(play, call, predict, sql=""):
    """A verb that returns what becomes of each item, after other SQL."""
    call = sql + outcomes(call, ITEMS)
    with play.refusal(call):
        predicted = predict()
    return Call(call, {(*item, outcome) for item, outcome in predicted.items()}, pairs)


# ------------------------------------------------------------------------------------------------ entry journals

@step(9)
def type_lines(play):
    c = play.chance
    contract = c.contract() if c.likely(0.95) else play.world.internal
    if play.world.journals and c.likely(0.06):
        journal, sql = c.one(play.world.journals.values()), ""
        lines = [line_of(c, journal, n) for n in range(2)]
    else:
        journal, sql = draft_for(play, contract, ENTRY)
        lines = [l for n in range(c.rng.randrange(1, 4)) for l in lines_of(c, journal, 2 * n)]
    for l in lines:
        l.id += 10 * play.number
    sql += line_sql(lines)
    with play.refusal(sql):
        play.world.type_lines(journal, lines)
    return Call(sql)


def line_sql(lines):
    columns = dict(contract_id=lambda l: l.journal.contract.id, journal_line_id=lambda l: l.id, journal_id=lambda l: l.journal.id,
                   contract_line_id=lambda l: l.line and l.line.id, customer_id=lambda l: l.customer,
                   transaction_type=lambda l: l.type, transaction_class=lambda l: l.cls, billing_type=lambda l: l.billing_type,
                   amount_method=lambda l: l.method, transaction_date=lambda l: l.date, quantity=lambda l: l.quantity,
                   price=lambda l: l.price, amount=lambda l: l.amount, tax=lambda l: l.tax, currency=lambda l: l.currency)
    rows = ", ".join("(" + ", ".join(literal(fact(l)) for fact in columns.values()) + ")" for l in lines)
    return f"INSERT INTO billing.journal_line ({', '.join(columns)}) VALUES {rows}"


def lines_of(c, journal, n):
    if not c.likely(0.22 if journal.contract.customers else 0.02):
        return [line_of(c, journal, n)]
    return retainer_pair(c, journal, n)


def line_of(c, journal, n):
    """A line that can mostly be written as it is."""
    contract = journal.contract
    fit = [l for l in contract.lines if l.method == "time_and_material" or (l.method != "product" and c.likely(0.4))]
    line = c.one(fit or [None]) if c.likely(0.96) else None
    if c.likely(0.01):
        line = c.one(contract.lines or [None])
    kind = c.rng.choice(["unbilled_sales"] * 8 + ["cost", "cost", "billed_sales", "billed_sales", *BETWEEN_UNITS])
    if not line and kind in SALES and c.likely(0.95):
        kind = "cost"
    fitting = [cls for cls in classes_for(line, kind) if cls != "retainer"]
    if not fitting and kind == "unbilled_sales" and c.likely(0.9):
        kind, fitting = "cost", classes_for(line, "cost")
    cls = c.rng.choice(fitting or ["time"]) if c.likely(0.99) else c.rng.choice(["time", "fee", "milestone", "retainer"])
    scale = contract.scale if kind in SALES else c.world.company_scale
    l = Thing(journal=journal, line=line, customer=None, type=kind, cls=cls, billing_type=None, date=c.day(),
              method="multiply_quantity_by_price", quantity=c.quantity(), price=c.money(300, 4), amount=None,
              tax=c.money(60, scale) if c.likely(0.3) else Decimal(0), currency=None, actual=None)
    l.id = n + 1
    if line and line.payers and c.likely(0.97 if kind == "billed_sales" else 0.85):
        l.customer = c.one(line.payers)
    if line and c.likely(0.15):
        l.billing_type = c.rng.choice(["chargeable", "non_chargeable", "complimentary"])
    if c.likely(0.2):
        l.method, l.amount = "fixed_price", c.money(900, scale)
    if c.likely(0.15):
        l.currency = contract.currency if kind in SALES else c.world.company_currency
    if c.likely(0.02):
        spoil(c, l)
    return l


def spoil(c, l):
    """One thing that lets the confirmation refuse the line, mostly."""
    l.__dict__.update(c.one([
        dict(customer=4), dict(customer=1), dict(customer=None), dict(billing_type="not_available"), dict(currency="KWD"),
        dict(currency="USD"), dict(method="fixed_price", amount=None),
        dict(method="multiply_quantity_by_price", amount=Decimal(1)),
        dict(tax=Decimal("0.1234")), dict(amount=Decimal("1.2345")), dict(line=None), dict(cls="retainer")]))


def retainer_pair(c, journal, n):
    """A retainer billed elsewhere; now and then not quite a pair."""
    contract = journal.contract
    line = c.one([l for l in contract.lines if l.method != "product"] or [None]) if c.likely(0.5) else None
    customer = c.one(contract.customers or [1])
    if len(contract.customers) == 1 and c.likely(0.5):
        customer = None
    common = dict(journal=journal, line=line, customer=customer, cls="retainer", billing_type=c.rng.choice([None, "chargeable"]),
                  date=c.day(), method="multiply_quantity_by_price", amount=None, tax=Decimal(0), currency=None, actual=None)
    price = c.money(1500, contract.scale) + 1
    billed = Thing(**common, type="billed_sales", quantity=Decimal(1), price=price)
    balance = Thing(**common, type="unbilled_sales", quantity=Decimal(-1), price=price)
    billed.id, balance.id = n + 1, n + 2
    if c.likely(0.2):
        billed.id, balance.id = balance.id, billed.id
    if c.likely(0.04):
        c.one([billed, balance]).__dict__.update(c.one([dict(customer=2), dict(price=price + 1), dict(tax=Decimal(1)),
                                                        dict(date=c.day()), dict(billing_type="complimentary")]))
    return [billed, balance] if c.likely(0.97) else [c.one([billed, balance])]


@step(2)
def change_line(play):
    """A line of a draft becomes what it should be, or something else, or goes; a confirmed one stays."""
    c = play.chance
    lines = [l for j in play.world.journals.values() for l in j.lines]
    open_lines = [l for l in lines if l.journal.status == "draft"]
    wrong = [l for l in open_lines if not play.world.completed(l)]
    l = c.one(wrong or open_lines) if c.likely(0.85) else c.one(lines)
    where = f"WHERE journal_line_id = {l.id}"
    if c.likely(0.25):
        with play.refusal(f"DELETE FROM billing.journal_line {where}"):
            play.world.delete_line(l)
        return Call(f"DELETE FROM billing.journal_line {where}")
    change = dict(price=l.price + 1, amount=None, method="multiply_quantity_by_price", tax=Decimal(0), currency=None,
                  billing_type=None, customer=c.one(l.line.payers) if l.line and l.line.payers else None)
    if l.cls == "retainer" or c.likely(0.3):
        change = dict(date=c.day())
    columns = {"method": "amount_method", "date": "transaction_date", "customer": "customer_id"}
    sets = ", ".join(f"{columns.get(name, name)} = {literal(value)}" for name, value in change.items())
    sql = f"UPDATE billing.journal_line SET {sets} {where}"
    with play.refusal(sql):
        play.world.change_line(l, change)
    return Call(sql)


# ------------------------------------------------------------------------------------------------ what is selected

def work_to_correct(c):
    """Entries whose actuals stand in the backlog, each with its contract."""
    found = {}
    for a in c.world.everything("actuals"):
        if a.entry and a.entry.status == "approved" and stands(a) and a.entry.cls != "fee" and not c.world.is_held(a.entry):
            found[a.entry] = a.contract
    return found


@step(8)
def select_for_correction(play):
    c, world, sql = play.chance, play.world, ""
    if c.likely(0.8):
        fitting = work_to_correct(c)
        entry = c.one(fitting)
        kind = next(kind for kind, cls in CORRECTED.items() if cls == entry.cls)
        journal, sql = draft_for(play, fitting[entry], kind)
        candidates = [e for e, contract in fitting.items() if contract is journal.contract and e.cls == entry.cls]
    else:
        journal, candidates = any_journal(c, *CORRECTED), list(world.entries.values())
    return selection_of_work(play, journal, candidates, sql)


def selection_of_work(play, journal, candidates, sql):
    c, named = play.chance, {}
    if c.likely(0.75):
        named["entries"] = c.some(candidates, 3)
    if c.likely(0.25 if named else 0.95):
        actuals = [a for a in play.world.everything("actuals") if a.entry in candidates or c.likely(0.02)]
        named["actuals"] = c.some(actuals, 3)
    arguments = ", ".join([str(number_of(journal)), *filter(None, [items_call(named)])])
    call = selection(play, f"billing.select_for_correction({arguments})",
                     lambda: play.world.select_for_correction(number_of(journal), **named), sql)
    for entry in journal.work:
        if ("entry", entry.id, "changed") in call.expected and c.likely(0.5):
            call.sql += "; " + new_values(play, journal, entry)
    return call


@step(9)
def set_new_values(play):
    c = play.chance
    lines = [(j, e) for j in play.world.journals.values() for e in j.work]
    unset = [(j, e) for j, e in lines if j.status == "draft" and (not j.work[e].values or c.likely(0.2))]
    journal, entry = c.one(unset if c.likely(0.93) else lines)
    return Call(new_values(play, journal, entry))


def new_values(play, journal, entry):
    change = change_of(play.chance, entry)
    columns = {"date": "entry_date", "task": "task_id", "resource": "resource_id", "role_given": "role_id",
               "product": "product_id", "category": "category_id", "billable": "billable_quantity"}
    sets = ", ".join(f"{columns.get(name, name)} = {literal(value)}" for name, value in change.items())
    sql = f"UPDATE billing.journal_correction SET {sets} WHERE journal_id = {journal.id} AND entry_id = {entry.id}"
    with play.refusal(sql):
        play.world.set_values(journal, entry, change)
    return sql


def change_of(c, entry):
    """Some new values; a quantity may turn its sign, a task may be another project's."""
    change, sign = {}, 1 if entry.quantity > 0 else -1
    if c.likely(0.5):
        change["quantity"] = abs(c.quantity()) * (sign if c.likely(0.92) else -sign)
    if c.likely(0.2):
        change["billable"] = change.get("quantity", entry.quantity) * c.rng.choice([0, Decimal("0.5"), 1, 2])
    if c.likely(0.02):
        change["billable"] = -entry.quantity
    if c.likely(0.2):
        change["cost_price"] = c.money(200, 4)
    if c.likely(0.3):
        change["sales_price"] = c.money(300, 4)
    if c.likely(0.15):
        change["tax"] = Decimal(c.rng.randrange(0, 300)) * sign
    if c.likely(0.12):
        change["billing_type"] = c.rng.choice(["chargeable", "non_chargeable", "complimentary"])
    if c.likely(0.15):
        change["date"] = c.day()
    if c.likely(0.15) and entry.project.tasks:
        change["task"] = c.rng.choice(entry.project.tasks) if c.likely(0.9) else 10
    if c.likely(0.1):
        change[c.rng.choice(["resource", "role_given", "category", "product"])] = c.rng.choice([1, 2])
    if c.likely(0.05):
        change[c.rng.choice(["quantity", "sales_price", "task", "billable"])] = None
    return change or {"sales_price": entry.sales_price}


@step(5)
def select_for_cancellation(play):
    c, world, sql = play.chance, play.world, ""
    typed = [a for a in world.everything("actuals") if world.can_be_taken(a)]
    if c.likely(0.85):
        contract = c.one(typed).contract
        journal, sql = draft_for(play, contract, CANCELLATION)
        candidates = [a for a in typed if a.contract is contract]
    else:
        journal = any_journal(c, CANCELLATION)
        candidates = [a for a in world.everything("actuals") if a.journal_line or c.likely(0.05)]
    numbers = c.some(candidates, 3)
    return selection(play, f"billing.select_for_cancellation({number_of(journal)}, {ids(numbers)})",
                     lambda: world.select_for_cancellation(number_of(journal), numbers), sql)


@step(2)
def release_from_journal(play):
    c = play.chance
    journal, named = any_journal(c, *CORRECTED, CANCELLATION), {}
    if journal.work or c.likely(0.1):
        named["entries"] = c.some(journal.work or c.world.entries.values(), 2)
    if journal.taken or c.likely(0.1 if named else 0.6):
        named["actuals"] = c.some(journal.taken or c.world.everything("actuals"), 2)
    arguments = ", ".join([str(number_of(journal)), *filter(None, [items_call(named)])])
    return selection(play, f"billing.release_from_journal({arguments})",
                     lambda: play.world.release_from_journal(number_of(journal), **named))


# ------------------------------------------------------------------------------------------------ all kinds

@step(0.7)
def insert_journal(play):
    c = play.chance
    if len(drafts(c)) > DRAFTS:
        raise Skip
    contract = c.contract() if c.likely(0.9) else play.world.internal
    return Call(new_journal(play, contract, c.rng.choice(KINDS))[1].rstrip("; "))


@step(1)
def delete_journals(play):
    c = play.chance
    numbers = c.some(drafts(c) if c.likely(0.8) else play.world.journals, 2)
    return verb(f"billing.delete_journals({ids(numbers)})", play.world.delete_journals(numbers), "journal_id, outcome")


WRITTEN = ("entry_id, reverses_id, contract_id, contract_line_id, customer_id, transaction_type, billing_type, nte_status,"
           " quantity, price, amount, tax")


def journal_call(function, number):
    """What is refused: lines by number, entries, or the journal; or the actuals, and how many are alike."""
    return (f"SELECT coalesce(jsonb_agg(DISTINCT r.fact), '[]') FROM (SELECT CASE WHEN outcome = 'refused'"
            f" THEN jsonb_build_array('refused', coalesce(entry_id, substring(reason FROM '^line (\\d+):')::bigint))"
            f" ELSE jsonb_build_array(outcome, {WRITTEN}, count(*)) END AS fact"
            f" FROM billing.{function}({number}) GROUP BY outcome, reason, {WRITTEN}) AS r")


def written(refused, actuals):
    count = {}
    for a in actuals:
        facts = (a.entry and a.entry.id, a.reverses and a.reverses.id, a.contract.id, a.line and a.line.id, a.customer, a.type,
                 a.billing_type, a.nte, a.quantity, a.price, a.amount, a.tax)
        count[facts] = count.get(facts, 0) + 1
    return {("refused", n) for n in refused} | {("changed", *facts, n) for facts, n in count.items()}


def journal_verb(play, world, function):
    """Filled ones first: an empty journal, or work without new values, is refused."""
    c = play.chance
    filled = [j for j in drafts(c) if j.lines or j.taken or (j.work and all(w.values for w in j.work.values()))]
    kind = c.one({j.kind: j for j in filled}) if filled else None
    journal = c.one(j for j in filled if j.kind == kind) if filled and c.likely(0.88) else any_journal(c)
    sql = journal_call(function, number_of(journal))
    with play.refusal(sql):
        result = world.confirm_journal(number_of(journal))
    return Call(sql, written(*result), pairs)


@step(5)
def preview_journal(play):
    """A preview says what confirm_journal() would write, limits included, and writes nothing."""
    return journal_verb(play, copy.deepcopy(play.world), "preview_journal")


@step(15)
def confirm_journal(play):
    return journal_verb(play, play.world, "confirm_journal")


@step(2)
def journal_at_a_limit(play):
    """A limit of the contract that one sale of a journal would reach: the oldest sale comes first."""
    c, world = play.chance, play.world
    facts = {l: world.completed(l) for j in drafts(c, ENTRY) for l in j.lines
             if l.type == "unbilled_sales" and l.cls != "retainer"}
    l = c.one(l for l, f in facts.items() if f and f["amount"] > 0 and l.journal.contract in world.contracts.values())
    contract = l.journal.contract
    contract.nte_limit = max(world.used(contract, None, None) + facts[l]["amount"], Decimal(0))
    return Call(f"UPDATE billing.contract SET nte_limit = {contract.nte_limit} WHERE contract_id = {contract.id}; "
                + journal_call("confirm_journal", l.journal.id), written(*world.confirm_journal(l.journal.id)), pairs)


@step(0.7)
def journal_beside_unsound_percents(play):
    """A line whose percentages do not total 100 takes no lines of journals and no corrected work."""
    c = play.chance
    journal = c.one(j for j in drafts(c) if j.lines or j.work)
    line = c.one(l for l in journal.contract.lines if l.payers)
    right = {customer: payer.percent for customer, payer in line.payers.items()}
    wrong = set_percents(line, {**right, c.one(right): Decimal("7.5")})
    try:
        result = play.world.confirm_journal(journal.id)
    finally:
        restored = set_percents(line, right)
    return Call(f"{wrong}; {journal_call('confirm_journal', journal.id)}; {restored}", written(*result), pairs)


class OnlyHeld:
    """The same play for a step of another part, which finds nothing but what journals hold."""

    def __init__(self, play, entries, sales):
        self.play, self.world, self.number, self.refusal = play, play.world, play.number, play.refusal
        self.chance = copy.copy(play.chance)
        self.chance.entries = lambda *_: entries
        self.chance.any_sales = self.chance.open_sales = lambda *_: sales


@step(3)
def disturb_what_is_held(play):
    """Nobody marks, drafts, recalls or evaluates what a journal holds."""
    world = play.world
    sales = [a for a in world.everything("actuals") if is_in_process(a)]
    held = OnlyHeld(play, [a.entry for a in sales if a.entry], sales)
    return play.chance.one([cancel_approval, recall, reset_nte, reevaluate_nte, reevaluate_held, mark_held])(held)


def reevaluate_held(play):
    numbers = play.chance.some(play.chance.entries(), 3)
    rewritten = play.world.reevaluate_work(entries=numbers)
    return Call(f"SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(entry_id)), '[]')"
                f" FROM billing.reevaluate_work(entries => {ids(numbers)}) WHERE outcome = 'changed' AND reverses_id IS NOT NULL",
                {(number,) for number in rewritten}, pairs)


def mark_held(play):
    return mark(play, play.chance.likely(0.7), {"actuals": play.chance.some(play.chance.any_sales(), 4)})


# ------------------------------------------------------------------------------------------------ the views

@step(1)
def look_at_journals(play):
    world = play.world
    sql = ("SELECT coalesce(jsonb_agg(jsonb_build_array(contract_id, journal_id, journal_type, journal_status, line_count,"
           " cost_amount, unbilled_amount, billed_amount, tax)), '[]') FROM billing.journal_summary")
    return Call(sql, {(j.contract.id, j.id, j.kind, j.status, *world.summary(j)) for j in world.journals.values()}, pairs)


@step(1)
def look_at_corrections(play):
    """The work as it was when it was selected, beside what it shall be."""
    sql = ("SELECT coalesce(jsonb_agg(jsonb_build_array(journal_id, entry_id, old_quantity, quantity, old_billable_quantity,"
           " billable_quantity, old_sales_price, sales_price, old_billing_type, billing_type)), '[]')"
           " FROM billing.journal_correction_detail")
    return Call(sql, {(j.id, e.id, *old_and_new(w.before, w.values)) for j in play.world.journals.values()
                      for e, w in j.work.items()}, pairs)


def old_and_new(before, values):
    billable = next(x for x in (before.approved_quantity, before.billable, before.quantity) if x is not None)
    quantity, billing_type = values.get("quantity", before.quantity), before.approved_type or before.billing_type
    follows = quantity if billable == before.quantity else billable
    return (before.quantity, quantity, billable, values.get("billable", follows), before.sales_price,
            values.get("sales_price", before.sales_price), billing_type, values.get("billing_type", billing_type))
