"""Steps of progress billing and of milestones that are credited in part."""
from datetime import timedelta
from decimal import Decimal

from model import NOT_READY, POSTED, READY, Refused
from progress import uncut, under_way, with_tax
from start import insert, literal
from steps import DRAFTED, Call, drafted, grown, ids, mark, outcomes, pairs, set_percents, step, verb

CENT = Decimal("0.01")


# ------------------------------------------------------------------------------------------------ what is billed next

def wrong_arguments(c):
    """Nobody can tell what is asked for, or nobody can bill it."""
    return c.one([{}, {"percent": Decimal(5), "amount": Decimal(5)}, {"percent": Decimal("100.01")}, {"percent": -CENT},
                  {"amount": Decimal(-1)}, {"percent": Decimal(0), "ready": True}, {"amount": Decimal(0), "ready": True}])


def asked_for(c, milestone):
    """Mostly a part of what is left; all of it; a little more than that; nothing; too little; what is set already."""
    left, scale = with_tax(uncut(milestone)), milestone.line.contract.scale
    whole = milestone.amount + milestone.tax
    choice = c.rng.random()
    if choice < 0.35:
        return {"percent": Decimal(c.rng.randrange(1, 500000)) / 10000}
    if choice < 0.6:
        return {"amount": c.money(int(left) + 1, scale) if left > 0 else Decimal(1)}
    if choice < 0.7:
        return {"percent": max(c.world.progress_of(milestone)[6], Decimal(0))}
    if choice < 0.8:
        return {"amount": max(left, Decimal(0))}
    if choice < 0.85:
        return {"percent": min(100 * left / whole + CENT, Decimal(100)).quantize(CENT)} if left > 0 else {"percent": CENT}
    if choice < 0.9:
        return {"amount": left + Decimal(1).scaleb(-scale) * c.one([1, 1, Decimal("0.5"), -Decimal("0.5")]) if left > 1 else CENT}
    return c.one([{"percent": Decimal(0)}, {"amount": Decimal(0)}, {"percent": Decimal("0.0001")},
                  {"amount": milestone.next or Decimal(0)}])


def progress_call(play, numbers, asked):
    """Result: outcome of each milestone, and the progress it has made, if its line is billed by progress."""
    world = play.world
    arguments = ", ".join(f"{k} => {literal(v)}" for k, v in asked.items())
    sql = outcomes(f"billing.set_progress({ids(numbers)}{', ' if asked else ''}{arguments})",
                   "milestone_id, contract_id, outcome, next_percent, next_amount, next_status, invoiced_amount, remaining_amount")
    with play.refusal(sql):
        predicted = world.set_progress(numbers, **asked)
    milestones, expected = {m.id: m for m in world.everything("milestones")}, set()
    for number, outcome in predicted.items():
        milestone, shown = milestones.get(number), [None] * 5
        if milestone and milestone.line.progress:
            _, percent, amount, status, _, invoiced, _, remaining, _ = world.progress_of(milestone)
            shown = [percent, amount, status, invoiced, remaining]
        expected.add((number, milestone and milestone.line.contract.id, outcome, *shown))
    return Call(sql, expected, pairs)


@step(12)
def set_progress(play):
    c = play.chance
    if c.likely(0.02):
        return progress_call(play, None, {"percent": Decimal(10)})
    found = [m for m in play.world.everything("milestones") if m.line.progress or c.likely(0.1)]
    milestone = c.one([m for m in found if uncut(m)] if c.likely(0.9) else found)
    asked = wrong_arguments(c) if c.likely(0.04) else asked_for(c, milestone)
    if c.likely(0.6) and any(asked.values()):
        asked["ready"] = True
    numbers = [milestone.id]
    if c.likely(0.2):
        numbers += c.some(found, 2)
    return progress_call(play, numbers, asked)


@step(1)
def unsound_progress(play):
    """No slice is cut by percentages that do not total 100; setting the next step needs none."""
    c = play.chance
    line = c.one(l for l in c.world.lines() if l.method == "fixed_price")
    right = {customer: payer.percent for customer, payer in line.payers.items()}
    wrong = set_percents(line, {**right, c.one(right): Decimal("7.5")})
    try:
        call = c.one([set_progress, mark_slices])(play)
    finally:
        restored = set_percents(line, right)
    return Call(f"{wrong}; {call.sql}; {restored}", call.expected, call.of)


# ------------------------------------------------------------------------------------------------ slices on their way

@step(1)
def insert_odd_milestone(play):
    """So small that percentages come to nothing, or leave the rounding customer with less than nothing; or so large that
    a percentage cannot tell every cent."""
    c = play.chance
    line = c.one(l for l in c.world.lines() if l.method == "fixed_price")
    amount, tax = (Decimal(c.rng.randrange(most)).scaleb(-line.contract.scale)
                   for most in c.one([(60, 20), (60, 20), (10 ** 9, 10 ** 8)]))
    name, date = f"Odd {play.number}", c.day()
    sql = insert("milestone", contract_id=line.contract.id, contract_line_id=line.id, name=name, milestone_date=date, amount=amount,
                 tax=tax)
    if tax and not amount:
        raise Refused("23514", sql)
    with play.refusal(sql):
        c.world.new_milestone(line, name, date, amount, tax)
    return Call(sql)


@step(5)
def mark_slices(play):
    """Mostly shares of milestones of which the next step is set."""
    c, shares = play.chance, play.world.splits()
    likely = [s for s in shares if s.status == NOT_READY and (s.milestone.next or s.history or not s.milestone.line.progress)]
    return mark(play, True, {"milestones": c.some(likely if likely and c.likely(0.7) else shares, 3)})


@step(2)
def slice_that_just_fits(play):
    """The only limit, of the contract or of a customer, is one that the next slice reaches exactly or exceeds by a cent."""
    c, world = play.chance, play.world
    milestone = c.one(m for m in world.everything("milestones") if m.next and m.next <= with_tax(uncut(m))
                      and world.is_agreed(m.line) and not world.cannot_step(m))
    contract, parts = milestone.line.contract, world.parts_of_slice(milestone, milestone.next)
    customer = c.one([None, None, *(share.customer for share, _, _ in parts)])
    limit = world.used(contract, None, customer) + sum(a for share, a, _ in parts if customer in (None, share.customer))
    limit = max(limit - (Decimal(1).scaleb(-contract.scale) if c.likely(0.4) else 0), Decimal(0))
    contract.nte_limit = limit if customer is None else None
    contract.customers = {other: limit if other == customer else None for other in contract.customers}
    sql = (f"UPDATE billing.contract SET nte_limit = {literal(contract.nte_limit)} WHERE contract_id = {contract.id};"
           f" UPDATE billing.contract_customer SET nte_limit = CASE customer_id WHEN {customer or 0} THEN {limit} END"
           f" WHERE contract_id = {contract.id}")
    call = mark(play, True, {"milestones": [c.one(uncut(milestone)).id]})
    return Call(f"{sql}; {call.sql}", call.expected, call.of)


@step(6)
def take_back_slices(play):
    """One customer's, or those of all."""
    c = play.chance
    slices = [s for s in play.world.splits() if s.status == READY]
    if c.likely(0.5):
        milestone = c.one(slices).milestone
        slices = [s for s in slices if s.milestone is milestone]
    return mark(play, False, {"milestones": c.some(slices, 4)})


@step(5)
def bill_slices(play):
    """Drafts of the slices of one milestone, now and then not for all of its customers."""
    c = play.chance
    milestone = c.one(s for s in play.world.splits() if s.status == READY).milestone
    slices = [s.id for s in milestone.splits if s.status == READY]
    if c.likely(0.3):
        slices = [c.one(slices)]
    date = c.invoice_day()
    sql = f"billing.create_invoices(milestones => {ids(slices)}, invoice_date => '{date}')"
    return Call(outcomes(sql, DRAFTED), drafted(play.world.create(date, milestones=slices)), grown)


@step(5)
def confirm_slices(play):
    """Drafts of milestones come to their end more often than others."""
    c = play.chance
    kinds = ("milestone", "milestone_correction")
    numbers = [c.one(i for i in c.drafts() if any(row.kind in kinds for row in c.world.rows(i))).id]
    return verb(f"billing.confirm_invoices({ids(numbers)})", play.world.confirm(numbers), "invoice_id, outcome")


@step(1)
def change_schedule_type(play):
    """Slices that are under way stay what they are."""
    c = play.chance
    lines = [l for l in c.world.lines() if l.method == "fixed_price" or c.likely(0.03)]
    line = c.one([m.line for m in c.world.everything("milestones") if under_way(m) and c.likely(0.5)] or lines)
    kind = "completed_milestones" if getattr(line, "progress", False) else "progress_based"
    sql = f"UPDATE billing.contract_line SET invoice_schedule_type = '{kind}' WHERE contract_line_id = {line.id}"
    if line.method != "fixed_price":
        raise Refused("23514", sql)
    line.progress = not line.progress
    return Call(sql)


@step(4)
def change_contracted(play):
    """Mostly to what the milestones total: only then they can be billed."""
    c = play.chance
    line = c.one(l for l in c.world.lines() if l.method == "fixed_price")
    agreed = sum((m.amount for m in line.contract.milestones if m.line is line), Decimal(0))
    line.contracted = None if c.likely(0.3) or not agreed else agreed if c.likely(0.9) else agreed + 1
    return Call(f"UPDATE billing.contract_line SET contracted_amount = {literal(line.contracted)}"
                f" WHERE contract_line_id = {line.id}")


@step(0.7)
def postpone_milestone(play):
    """Date and name are no terms: shares and the next step stay as they are, also of what is billed."""
    c = play.chance
    milestone = c.one(c.world.everything("milestones"))
    milestone.date += timedelta(days=c.rng.randrange(1, 30))
    milestone.name += " later"
    return Call(f"UPDATE billing.milestone SET milestone_date = '{milestone.date}', name = '{milestone.name}'"
                f" WHERE milestone_id = {milestone.id}")


# ------------------------------------------------------------------------------------------------ credited in part

@step(6)
def revise_milestones(play):
    """A corrective draft of billed milestones and slices."""
    c = play.chance
    billed = [a for a in c.world.everything("actuals") if a.type == "billed_sales" and a.split and a.adjustment == "adjustable"]
    invoice, date = c.one(billed).invoice, c.invoice_day()
    sales = c.some([a for a in billed if a.invoice is invoice], 3)
    sql = outcomes(f"billing.revise_invoice({invoice.id}, {ids(sales)}, NULL, '{date}')", "billed_sale_id, outcome")
    with play.refusal(sql):
        predicted = play.world.revise(invoice.id, sales, None, date)
    return Call(sql, set(predicted.items()), pairs)


@step(9)
def credit_milestone(play):
    """The price is the amount that shall stand: a part, all, nothing; more than was billed or less than nothing is not."""
    c = play.chance
    details = [d for i in c.drafts() for d in i.details if d.kind == "milestone_correction"]
    detail = c.one(details)
    billed, scale = detail.billed, detail.billed.contract.scale
    change = {"price": billed.amount * c.one([Decimal("0.6"), Decimal("0.5"), Decimal("0.01"), Decimal("0.999"), 0, 1])}
    if c.likely(0.1):
        change["price"] = c.one([billed.amount + CENT, -billed.amount, Decimal(-1)])
    if c.likely(0.3):
        change["price"] = c.money(max(int(abs(billed.amount)), 1), scale + 1)
    if c.likely(0.25):
        change["tax"] = c.money(max(int(abs(billed.tax)), 1), scale) if c.likely(0.8) else billed.tax + 1
    if c.likely(0.1):
        change["quantity"] = c.one([Decimal(0), Decimal(1), Decimal("0.5"), Decimal(2)])
    arguments = ", ".join(f"{k} => {literal(v)}" for k, v in change.items())
    sql = f"SELECT count(*) FROM billing.edit_invoice_details(details => {ids([detail.id])}, {arguments})"
    with play.refusal(sql):
        play.world.edit(change, details=[detail.id])
    return Call(sql)


# ------------------------------------------------------------------------------------------------ yesterday's backlog

def unbilled(world):
    """Amount and tax of what is unbilled, by milestone and customer. What was merged since has lost its status of then."""
    found = {}
    for s in world.splits():
        if s.status != POSTED:
            amount, tax = found.get((s.milestone, s.customer), (0, 0))
            found[s.milestone, s.customer] = amount + s.amount, tax + s.tax
    return found


@step(2)
def note_backlog(play):
    """What is unbilled at this moment; backlog_then() asks for it later."""
    noted = unbilled(play.world)

    def note(moment):
        play.moments.append((moment, noted))
        return set()
    return Call("SELECT to_jsonb(clock_timestamp())", set(), note)


@step(2)
def backlog_then(play):
    """Whatever was cut, merged, billed and credited since: of milestones that are what they were, all of it was there."""
    moment, noted = play.chance.one(play.moments)
    standing = play.world.everything("milestones")
    expected = {(m.id, customer, *sums) for (m, customer), sums in noted.items() if m in standing}
    known = {m.id for m, *_ in noted if m in standing}
    sql = ("SELECT coalesce(jsonb_agg(jsonb_build_array(milestone_id, customer_id, amount, tax)), '[]') FROM ("
           " SELECT s.milestone_id, s.customer_id, sum(b.amount) AS amount,"
           f" sum(b.tax) AS tax FROM billing.backlog_at('{moment}') b JOIN billing.milestone_split s ON s.milestone_split_id = b.item_id"
           f" WHERE b.item = 'milestone' AND s.milestone_id = ANY ({ids(sorted(known))})"
           " GROUP BY 1, 2) AS b")
    return Call(sql, expected, pairs)
