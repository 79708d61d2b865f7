"""What billing should do, in memory: written from the business rules (contracts, work, ledger, invoices), not from the
extension's code. Every verb changes the world as the rules say, or raises Refused with the SQLSTATE expected.

A verb over many items returns {item: outcome}. New rows have no id until database.py has found their twins.
"""
import copy
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from discount import Discount, base_of, extension, net, source_of
from journals import Journals
from partial_fit import PartialFit
from prices import Prices
from rules import SCALES, instalments, rounded, split_amount, split_quantity

NOT_READY, READY, CREATED, POSTED, CANCELED = (
    "not_ready_to_invoice", "ready_to_invoice", "customer_invoice_created", "customer_invoice_posted", "canceled")
CHANGED, UNCHANGED, REFUSED = "changed", "unchanged", "refused"
WORK = ("time", "expense", "material", "fee")
LEVELS = ("contract_line_customer", "contract_line", "contract_customer", "contract")
ZERO = Decimal(0)


class Refused(Exception):
    """The call as a whole fails with this SQLSTATE and changes nothing."""

    def __init__(self, sqlstate, sql=None):
        super().__init__(sqlstate)
        self.sqlstate, self.sql = sqlstate, sql


class Thing:
    """A row: attributes and identity, no behaviour."""

    def __init__(self, **values):
        self.id = None
        self.__dict__.update(values)


class Contract(Thing):
    def __init__(self, **values):
        super().__init__(lines=[], actuals=[], invoices=[], retainers=[], milestones=[], price_lists=[], **values)

    @property
    def scale(self):
        return SCALES[self.currency]


class Invoice(Thing):
    def __init__(self, contract, customer, date):
        super().__init__(contract=contract, customer=customer, date=date, status="draft", payment="active", number=None,
                         series=None, edits={}, keeps={}, details=[], taken_back=[], advances={}, lines={}, detail_amount=ZERO, total_tax=ZERO,
                         bulk=None)

    @property
    def is_open(self):
        return self.status in ("draft", "in_review")

    @property
    def corrects(self):
        return bool(self.taken_back) or any(d.kind != "manual" for d in self.details)


class Row:
    """What stands on a draft: the values to bill, and those of the source."""

    def __init__(self, kind, source, line, cls, source_values, edit, original=None):
        self.kind, self.source, self.line, self.cls = kind, source, line, cls
        self.source_values = source_values
        self.billing_type, self.quantity, self.price, self.amount, self.tax = edit or source_values
        self.net_amount, self.net_tax = self.amount, self.tax
        if original:
            self.net_amount, self.net_tax = self.amount - original.amount, self.tax - original.tax

    @property
    def values(self):
        return self.billing_type, self.quantity, self.price, self.amount, self.tax

    @property
    def chargeable(self):
        return self.billing_type == "chargeable"


def values_of(a):
    return a.billing_type, a.quantity, a.price, a.amount, a.tax


def stands(a):
    """A cost, or an unbilled sale on no invoice, that nothing has superseded."""
    return (a.reverses is None and a.adjustment == "adjustable" and a.retainer is None
            and (a.type == "cost" or (a.type == "unbilled_sales" and a.status in (NOT_READY, READY))))


def in_backlog(a):
    """A sale of an entry journal that names none of several customers is in nobody's."""
    return a.type == "unbilled_sales" and stands(a) and a.customer is not None


# The parts of the world that have files of their own use the names above.
from progress import Progress, within  # noqa: E402


class World(Progress, Journals, Prices, PartialFit, Discount):
    def __init__(self):
        super().__init__()
        self.company_scale, self.quantity_scale = 2, 2
        self.contracts, self.internal = {}, None
        self.projects, self.roles, self.categories = {}, {}, {}
        self.entries, self.schedules, self.numbers = {}, [], defaultdict(int)
        # Ids of the details stored for edited sources, as the database says; what an invoice of several confirmed returns.
        self.detail_ids, self.rests = {}, []
        self.journals, self.written = {}, 0

    # ---------------------------------------------------------------------------------------- finding things

    def everything(self, name):
        return [thing for c in [self.internal, *self.contracts.values()] for thing in getattr(c, name)]

    def actual(self, number):
        return next((a for a in self.everything("actuals") if a.id == number), None)

    def lines(self):
        return self.everything("lines")

    def splits(self):
        return [s for m in self.everything("milestones") for s in m.splits]

    def drafts(self):
        return [i for i in self.everything("invoices") if i.is_open]

    def actuals_of(self, entry):
        return [a for c in [self.internal, *self.contracts.values()] for a in c.actuals if a.entry is entry]

    # ---------------------------------------------------------------------------------------- the ledger

    is_standing = staticmethod(stands)

    def write(self, contract, **values):
        """What bills, rewrites or reverses a sale of a journal line keeps the link; what uses a retainer up does not."""
        facts = dict(contract=contract, line=None, customer=None, entry=None, split=None, retainer=None, source=None,
                     reverses=None, invoice=None, claim=None, cls="time", billing_type="chargeable", status=NOT_READY,
                     adjustment="adjustable", nte="not_applicable", level=None, tax=ZERO, part_of=None, **extension(None))
        facts.update(values)
        origin = facts["source"] or facts["reverses"]
        facts.setdefault("journal_line", origin.journal_line if origin and not facts["retainer"] else None)
        self.written += 1
        facts["serial"] = self.written
        contract.actuals.append(Thing(**facts))
        return contract.actuals[-1]

    def reverse(self, a, **values):
        """Copies every fact and negates quantity, amount and tax."""
        facts = {k: getattr(a, k) for k in ("line", "customer", "entry", "split", "retainer", "type", "cls", "billing_type",
                                            "date", "price", "claim", "rates")}
        facts.update(quantity=-a.quantity, amount=-a.amount, tax=-a.tax, discount=-a.discount, fee=-a.fee, reverses=a,
                     adjustment="unadjustable", status=POSTED)
        facts.update(values)
        return self.write(a.contract, **facts)

    def take_back(self, a):
        reversal = self.reverse(a, status=CANCELED, claim=None)
        a.status, a.adjustment = CANCELED, "adjusted"
        return reversal

    # ---------------------------------------------------------------------------------------- limits (section 7)

    def scopes(self, contract, line, customer):
        """The limits that hold for a sale: level, limit, which line and customer count against it."""
        payer = line.payers.get(customer)
        limits = ((LEVELS[0], payer and payer.nte_limit, line, customer), (LEVELS[1], line.nte_limit, line, None),
                  (LEVELS[2], contract.customers[customer], None, customer), (LEVELS[3], contract.nte_limit, None, None))
        return [scope for scope in limits if scope[1] is not None]

    def used(self, contract, line, customer, without=None):
        """What is committed or invoiced: committed open sales and chargeable billed ones. Milestones count at the levels
        of customer and contract, as soon as they are ready (X-08)."""
        total = ZERO if line else self.pending_milestones(contract, customer, without)
        for a in contract.actuals:
            if (a.billing_type != "chargeable" or a is without or (line and a.line is not line)
                    or (customer and a.customer != customer) or a.retainer):
                continue
            if a.type == "billed_sales":
                counts = a.cls != "milestone" or not line
            else:
                counts = (a.type == "unbilled_sales" and a.reverses is None and a.nte == "committed"
                          and a.status in (NOT_READY, READY, CREATED))
            total += a.amount if counts else 0
        return total

    @staticmethod
    def pending_milestones(contract, customer, without):
        return sum((s.amount for m in contract.milestones for s in m.splits
                    if s is not without and s.status in (READY, CREATED) and customer in (None, s.customer)), ZERO)

    def evaluate(self, a):
        """First come, first served; the first level that fails is named. Equal to the limit fits."""
        a.level = None
        scopes = self.scopes(a.contract, a.line, a.customer)
        if a.billing_type != "chargeable" or a.line.method != "time_and_material" or not scopes:
            a.nte = "not_applicable"
            return
        a.nte = "not_evaluated"
        a.nte, a.level = "committed", None
        for level, limit, line, customer in scopes:
            if a.amount > 0 and self.used(a.contract, line, customer, a) + a.amount > limit:
                a.nte, a.level = "failed", level
                return

    # ---------------------------------------------------------------------------------------- work (3.2, 4.3, 4.4)

    def paying_line(self, entry):
        """The one line of an open contract that pays: a selected task comes before all tasks."""
        fits = [l for l in self.lines() if l.contract.status != "closed" and l.project is entry.project
                and l.method != "product" and l.include[entry.cls]]
        selected = [l for l in fits if l.selected and entry.task in l.tasks]
        return next(iter(selected or [l for l in fits if not l.selected]), None)

    def chargeability(self, entry, line):
        chargeable = not line.selected or line.tasks[entry.task]
        if entry.cls == "time":
            chargeable &= line.roles.get(entry.role, self.roles.get(entry.role, True))
        if entry.cls == "expense":
            chargeable &= line.categories.get(entry.category, self.categories[entry.category])
        return "chargeable" if chargeable else "non_chargeable"

    @staticmethod
    def portions(quantity, billable, tax, billing_type):
        """Quantity, tax and billing type of the sales of a piece of work: what is charged, then what is given away."""
        if billing_type != "chargeable":
            return [(quantity, ZERO, billing_type)]
        if billable == 0:
            return [(quantity, ZERO, "non_chargeable")]
        rest = quantity - billable
        return ([(billable, tax, "chargeable")]
                + ([(rest, ZERO, "non_chargeable")] if abs(billable) < abs(quantity) else []))

    def judge(self, entry, billable, billing_type, price=None, entry_tax=None, overrules=False, cost=None):
        """The contract, line and rows that work becomes today; None if it cannot be approved. price, cost: agreed on an
        invoice or said by a journal; overrules: lists count before typed prices; self.overruled tells whether one did."""
        line = self.paying_line(entry)
        common = dict(entry=entry, cls=entry.cls, date=entry.date)
        prices = self.prices_of(entry, line, price, overrules, cost)
        self.overruled = prices.overruled
        if prices.problem:
            return None
        cost = dict(common, type="cost", price=prices.cost)
        if not line:
            if entry.cls == "fee":
                return None
            amount = rounded(entry.quantity * prices.cost, self.company_scale)
            return self.internal, None, [dict(cost, billing_type="not_available", quantity=entry.quantity, amount=amount)]
        contract, payers = line.contract, list(line.payers.values())
        if (not self.is_sound(line) or (entry.cls == "fee" and line.method == "fixed_price")
                or entry.currency not in (None, contract.currency)):
            return None
        chosen = billing_type or entry.billing_type or self.chargeability(entry, line)
        rows = []

        def add(facts, quantity, tax, scale, **values):
            shares = split_quantity(payers, quantity, facts["price"], tax, self.quantity_scale, scale)
            extensions = self.extensions(shares, line, facts["type"], values["billing_type"], scale)
            for s, both in zip(shares, extensions):
                rows.append(dict(facts, line=line, customer=s.customer, quantity=s.quantity, amount=s.amount + net(both),
                                 tax=s.tax, **both, **values))

        if entry.cls != "fee":
            add(cost, entry.quantity, ZERO, self.company_scale, billing_type=chosen)
        if line.method == "time_and_material":
            sale = dict(common, type="unbilled_sales", price=prices.sales)
            entry_tax = entry.tax if entry_tax is None else entry_tax
            if billable is None:
                billable = entry.quantity if entry.billable is None else entry.billable
            for quantity, tax, kind in self.portions(entry.quantity, billable, entry_tax, chosen):
                add(sale, quantity, tax, contract.scale, billing_type=kind)
        return contract, line, rows

    @staticmethod
    def is_sound(line):
        return sum(p.percent for p in line.payers.values()) == 100

    def record(self, contract, rows):
        written = [self.write(contract, **row) for row in rows]
        for a in written:
            if a.type == "unbilled_sales":
                self.fit(a)
        return written

    def approve(self, choices):
        """choices: (entry id, billable quantity or None, billing type or None) in the order given."""
        outcome = {}
        for number, billable, billing_type in choices:
            entry = self.entries.get(number)
            outcome[number] = REFUSED
            if (not entry or entry.status != "submitted" or not entry.project.is_open
                    or (billable is not None and billable * entry.quantity < 0)):
                continue
            judged = self.judge(entry, billable, billing_type)
            if not judged:
                continue
            contract, _, rows = judged
            self.record(contract, rows)
            entry.status, entry.approved_quantity, entry.approved_type = "approved", billable, billing_type
            outcome[number] = CHANGED
        return outcome

    def move_entries(self, numbers, start, target):
        outcome = {}
        for number in numbers:
            entry = self.entries.get(number)
            ok = entry and entry.status in start
            outcome[number] = CHANGED if ok else REFUSED
            if ok:
                entry.status = target(entry) if callable(target) else target
        return outcome

    def submit(self, numbers):
        return self.move_entries(numbers, ("draft", "returned", "rejected"), "submitted")

    def reject(self, numbers):
        return self.move_entries(numbers, ("submitted",), self.sent_back)

    @staticmethod
    def sent_back(entry):
        return "returned" if entry.cls == "time" else "rejected"

    # ---------------------------------------------------------------------------------------- taken back (2.12, 3.3)

    def is_held(self, entry):
        """A sale is on a draft, or billed and not credited in full; or the work is on a draft journal."""
        return any((a.type == "unbilled_sales" and a.status == CREATED) or a.adjustment == "in_process"
                   or (a.type == "billed_sales" and a.reverses is None and a.adjustment in ("adjustable", "in_process"))
                   for a in self.actuals_of(entry))

    def may_be_taken_back(self, entry):
        standing = [a for a in self.actuals_of(entry) if stands(a)]
        return not self.is_held(entry) and all(a.contract.status != "closed" for a in standing)

    def give_up(self, entry, status):
        """Returns what was taken back: nothing of a fee whose contract was closed."""
        standing = [a for a in self.actuals_of(entry) if stands(a)]
        for a in standing:
            self.take_back(a)
        entry.status, entry.approved_quantity, entry.approved_type, entry.at_list_price = status, None, None, None
        return standing

    def cancel_approval(self, numbers, start="approved", target=lambda entry: "submitted"):
        outcome = {}
        for number in numbers:
            entry = self.entries.get(number)
            outcome[number] = REFUSED
            if entry and entry.status == start and self.may_be_taken_back(entry):
                outcome[number] = CHANGED
                if not self.give_up(entry, target(entry)):
                    del outcome[number]
        return outcome

    def approve_recall(self, numbers):
        return self.cancel_approval(numbers, "recall_requested", self.sent_back)

    def reject_recall(self, numbers):
        return self.move_entries(numbers, ("recall_requested",), "approved")

    def recall(self, numbers):
        outcome = {}
        for number in numbers:
            entry = self.entries.get(number)
            outcome[number] = REFUSED
            if entry and entry.status == "submitted":
                entry.status, outcome[number] = "draft", CHANGED
            elif entry and entry.status == "approved" and self.may_be_taken_back(entry):
                entry.status, outcome[number] = "recall_requested", CHANGED
        return outcome

    # ---------------------------------------------------------------------------------------- evaluated again (3.5)

    def judge_again(self, entry, standing, overrules=None):
        """overrules: not None for pricing anew, whether lists count before typed prices."""
        return self.judge(entry, *self.terms_again(entry, standing, overrules), overrules=bool(overrules))

    def terms_again(self, entry, standing, overrules=None):
        """Billable quantity, billing type, price and tax: the approver's choice survives, and what was agreed on an
        invoice that was credited since; for pricing anew a price only if it was another one on the invoice."""
        billable, chosen = entry.approved_quantity, entry.approved_type
        sales = [a for a in standing if in_backlog(a)]
        if not any(a.source for a in sales):
            return billable, chosen, None, None
        charged = [a for a in sales if a.billing_type == "chargeable"]
        price = (charged or sales)[0].price if self.agreed_at_one_price(standing) else None
        if overrules is not None and not self.agreed_on_invoice(sales):
            price = None
        if not charged:
            return billable, sales[-1].billing_type, price, None
        if chosen or entry.billing_type:
            chosen = "chargeable"
        return sum(a.quantity for a in charged), chosen, price, sum(a.tax for a in charged)

    @staticmethod
    def agreed_at_one_price(standing):
        """What is charged decides, else everything. Different prices no entry can say."""
        sales = [a for a in standing if in_backlog(a)]
        return len({a.price for a in [a for a in sales if a.billing_type == "chargeable"] or sales}) <= 1

    def is_as_judged(self, standing, contract, _, rows):
        return self.same_terms(standing, contract, rows, self.agreed_at_one_price(standing))

    def same_terms(self, standing, contract, rows, at_price=True):
        """Whether what stands comes to the rows, in whatever parts: limits split sales, invoices leave some of them.
        Without `at_price` only the quantities count."""
        return (self.total_terms((a.__dict__ for a in standing), at_price)
                == self.total_terms(({**row, "contract": contract} for row in rows), at_price))

    def work_of(self, contracts, projects, entries):
        """What stands in the backlog of contracts, and all work on the projects of their lines."""
        chosen = [self.contracts[n] for n in contracts if n in self.contracts]
        projects = {self.projects[n] for n in projects} | {l.project for c in chosen for l in c.lines if l.project}
        found = {self.entries[n] for n in entries if n in self.entries}
        found |= {a.entry for c in chosen for a in c.actuals if a.entry and in_backlog(a)}
        found |= {e for e in self.entries.values() if e.project in projects}
        return sorted((e for e in found if e.status in ("approved", "recall_requested")), key=lambda e: e.id)

    def reevaluate_work(self, contracts=(), projects=(), entries=()):
        """Reverses and writes again what differs from what it would become today. Limits are checked anew: what gives room
        comes first, then who had room, then the oldest work. Sales agreed at different prices stay as they are; other
        quantities are refused. Returns the entries of which something was written again, or split at a limit."""
        return self.evaluate_again(self.work_of(contracts, projects, entries))

    def evaluate_again(self, work, overrules=None):
        """overrules: for pricing anew, whether lists count before typed prices."""
        bids, rewritten = [], []
        for entry in work:
            standing = sorted((a for a in self.actuals_of(entry) if stands(a)), key=lambda a: a.id)
            judged = None if self.is_held(entry) else self.judge_again(entry, standing, overrules)
            if not judged:
                continue
            contract, _, rows = judged
            if self.is_as_judged(standing, *judged):
                bids += [(a.nte == "committed", a) for a in standing if self.is_limited(a) and a.nte != "not_evaluated"
                         and (a.nte != "not_applicable" or self.has_limits(a.contract))]
            elif all(a.contract.status != "closed" for a in standing) and self.agreed_at_one_price(standing):
                rewritten.append((entry, standing, contract, rows))
                entry.at_list_price = self.overruled or entry.at_list_price
        split = self.bid(self.write_again(rewritten) + bids)
        return [entry.id for entry, _, _, _ in rewritten] + [a.entry.id for a in split]

    def write_again(self, rewritten):
        """Of (entry, what stands, contract, rows): the chargeable sales written, beside each whether it had room."""
        written = []
        for entry, standing, contract, rows in rewritten:
            had_room = any(a.nte == "committed" for a in standing)
            credited = next((a for a in standing if in_backlog(a) and a.source), None)
            for a in standing:
                self.take_back(a)
            for row in rows:
                a = self.write(contract, source=credited if row["type"] == "unbilled_sales" else None, **row)
                if a.type == "unbilled_sales" and a.billing_type == "chargeable":
                    written.append((had_room, a))
        return written

    def bid(self, bids):
        """A sale that failed and fails again keeps the level it failed at. Returns the sales of the ledger that were split."""
        before, split = {a: (a.nte, a.level) for _, a in bids}, []
        for _, a in bids:
            a.nte, a.level = "not_evaluated", None
        for _, a in sorted(bids, key=lambda bid: (bid[1].amount > 0, not bid[0], bid[1].date, bid[1].entry.id)):
            self.fit(a, before[a])
            if a.status == CANCELED:
                split.append(a)
            elif a.nte == "failed":
                a.status, a.level = NOT_READY, before[a][1] or a.level
        return split

    @staticmethod
    def has_limits(contract):
        limits = [contract.nte_limit, *contract.customers.values()]
        limits += [limit for l in contract.lines for limit in (l.nte_limit, *(p.nte_limit for p in l.payers.values()))]
        return any(limit is not None for limit in limits)

    def settle_contracts(self, numbers, status):
        """Both are final. Returns {contract: outcome} and the contracts moved."""
        outcome, moved = {}, []
        for number in sorted(set(numbers)):
            contract = self.contracts.get(number)
            if contract and contract.status == "draft":
                contract.status, outcome[number] = status, CHANGED
                moved.append(contract)
            else:
                outcome[number] = UNCHANGED if contract and contract.status == status else REFUSED
        return outcome, moved

    def confirm_contract(self, numbers):
        outcome, moved = self.settle_contracts(numbers, "active")
        self.reevaluate_work([c.id for c in moved])
        return outcome

    def close_contract(self, numbers):
        """Lost: what is in the backlog is taken back, costs stay; called again, what came back since."""
        outcome, _ = self.settle_contracts(numbers, "closed")
        for number, result in outcome.items():
            for a in list(self.contracts[number].actuals) if result != REFUSED else ():
                if in_backlog(a):
                    self.take_back(a)
        return outcome

    # ---------------------------------------------------------------------------------------- the backlog

    def mark_actual(self, number, ready):
        a = number if isinstance(number, Thing) else self.actual(number)
        if not a or not in_backlog(a) or a.contract.status == "closed":
            return REFUSED
        if (a.status == READY) == ready:
            return UNCHANGED
        if not ready:
            a.status = NOT_READY
            return CHANGED
        if a.nte == "failed":
            return REFUSED
        a.status = READY
        return CHANGED

    def milestone_fits(self, split):
        line, contract = split.milestone.line, split.milestone.line.contract
        if not self.is_agreed(line):
            return False
        return all(split.amount <= 0 or self.used(contract, None, customer, split) + split.amount <= limit
                   for level, limit, _, customer in self.scopes(contract, line, split.customer) if level in LEVELS[2:])

    def mark_milestone(self, number, ready):
        split = next((s for s in self.splits() if s.id == number), None)
        if not split or split.status in (CREATED, POSTED):
            return REFUSED
        if (split.status == READY) == ready:
            return UNCHANGED
        if split.milestone.line.contract.status == "closed" or (ready and not self.milestone_fits(split)):
            return REFUSED
        split.status = READY if ready else NOT_READY
        return CHANGED

    def mark_status(self, thing, contract, ready):
        """Product lines and retainers: no limits."""
        if not thing or thing.status not in (NOT_READY, READY):
            return REFUSED
        if (thing.status == READY) == ready:
            return UNCHANGED
        if contract.status == "closed":
            return REFUSED
        thing.status = READY if ready else NOT_READY
        return CHANGED

    def mark(self, ready, actuals=(), milestones=(), products=(), retainers=(), strict=False):
        if strict and REFUSED in copy.deepcopy(self).mark(ready, actuals, milestones, products, retainers).values():
            raise Refused("ZB021")
        lines = {l.id: l for l in self.lines() if l.method == "product"}
        agreed = {r.id: r for r in self.everything("retainers")}
        outcome = {}
        for number in [n for number in dict.fromkeys(actuals) for n in self.evaluated_first(number, ready)]:
            outcome["actual", number] = self.mark_actual(number, ready)
        outcome.update(self.mark_shares(ready, milestones))
        for number in dict.fromkeys(products):
            line = lines.get(number)
            outcome["product", number] = self.mark_status(line, line and line.contract, ready)
        for number in dict.fromkeys(retainers):
            retainer = agreed.get(number)
            outcome["retainer", number] = self.mark_status(retainer, retainer and retainer.contract, ready)
        return outcome

    def mark_contracts(self, ready, numbers):
        """Everything open of the contracts but their retainers, oldest sales first. What is so already is not told."""
        outcome = {}
        for number in sorted(set(numbers)):
            contract = self.contracts[number]
            if contract.status == "closed":
                continue
            outcome.update(self.mark(
                ready, [a.id for a in sorted(contract.actuals, key=lambda a: (a.date, a.id)) if in_backlog(a)],
                [s.id for m in contract.milestones for s in m.splits if self.is_waiting(s)],
                [l.id for l in contract.lines if l.method == "product" and l.status in (NOT_READY, READY)]))
        return {k: v for k, v in outcome.items() if v != UNCHANGED}

    def is_limited(self, a):
        return in_backlog(a) and a.billing_type == "chargeable" and a.line.method == "time_and_material"

    def reset_nte(self, numbers):
        found = [a for a in (self.actual(n) for n in dict.fromkeys(numbers))
                 if a and self.is_limited(a) and a.nte in ("committed", "failed") and a.contract.status != "closed"]
        for a in found:
            a.nte, a.level, a.status = "not_evaluated", None, NOT_READY
        return {a.id: CHANGED for a in found}

    def reevaluate_nte(self, numbers):
        found = [a for a in (self.actual(n) for n in dict.fromkeys(numbers))
                 if a and self.is_limited(a) and a.contract.status != "closed"]
        before, outcome = {a: (a.nte, a.level) for a in found}, {}
        for a in found:
            a.nte = "not_evaluated"
        for a in found:
            parts = self.fit(a, before[a])
            if len(parts) > 1:
                outcome.update({part: CHANGED for part in parts})
                continue
            if a.nte == "failed":
                a.status = NOT_READY
            outcome[a.id] = UNCHANGED if a.nte == before[a][0] else CHANGED
        return outcome

    # ---------------------------------------------------------------------------------------- drafts (section 5)

    @staticmethod
    def rows(invoice):
        """What stands on a draft, retainers apart."""
        contract, edits, rows = invoice.contract, invoice.edits, []
        for a in contract.actuals:
            if a.claim is invoice and a.status == CREATED:
                rows.append(Row("actual", a, a.line, a.cls, values_of(a), edits.get(a)))
        for s in (s for m in contract.milestones for s in m.splits if s.claim is invoice and s.status == CREATED):
            values = ("chargeable", Decimal(1), s.amount, s.amount, s.tax)
            rows.append(Row("milestone", s, s.milestone.line, "milestone", values, edits.get(s)))
        for l in (l for l in contract.lines if l.method == "product" and l.claim is invoice and l.status == CREATED):
            values = ("chargeable", l.quantity, l.price, rounded(l.quantity * l.price, contract.scale), l.tax)
            rows.append(Row("product", l, l, "material", values, edits.get(l)))
        for d in invoice.details:
            rows.append(Row(d.kind, d, d.line, d.cls, values_of(d), None, d.billed))
        return rows

    def staged(self, invoice):
        return [r for r in invoice.contract.retainers if r.refund_invoice is invoice and r.refund == "ready_to_refund"]

    def total(self, invoice):
        """Lines count what is chargeable; retainers billed add, advances and refunds deduct (6.4)."""
        lines = {line: [ZERO, ZERO] for line in invoice.lines}
        for row in self.rows(invoice):
            if row.chargeable:
                lines[row.line][0] += row.net_amount
                lines[row.line][1] += row.net_tax
        invoice.lines = {line: (amount, tax, None) for line, (amount, tax) in lines.items()}
        room = sum((amount for amount, _, _ in invoice.lines.values()), ZERO)
        self.apply_advances(invoice, room)
        billed = sum((r.amount for r in invoice.contract.retainers if r.invoice is invoice), ZERO)
        applied = sum((amount for amount, _, _ in invoice.advances.values()), ZERO)
        refunded = sum((r.amount - r.used for r in self.staged(invoice)), ZERO)
        back = sum((sale.amount for sale in invoice.taken_back), ZERO)
        invoice.detail_amount = room + billed - applied - refunded - back
        invoice.total_tax = sum((tax for _, tax, _ in invoice.lines.values()), ZERO)

    def left_of(self, retainer, invoice):
        """What a billed retainer has left and other drafts do not hold."""
        held = sum((i.advances[retainer][0] for i in retainer.contract.invoices
                    if i is not invoice and i.is_open and retainer in i.advances), ZERO)
        return retainer.amount - retainer.used - held

    def is_usable(self, r):
        """Billed, not paid back, and not being credited."""
        return (r.status == POSTED and r.refund == "not_refunded"
                and not any(sale.retainer is r and self.what_of(sale) == "retainer" for sale in self.being_taken_back(r)))

    @staticmethod
    def being_taken_back(r):
        return [sale for i in r.contract.invoices if i.is_open for sale in i.taken_back if sale.retainer is r]

    def apply_advances(self, invoice, room):
        """Oldest first, never more than the chargeable amount, the balance, or the limit set by hand (8.2)."""
        old, invoice.advances = invoice.advances, {}
        if invoice.corrects:
            invoice.advances = {r: (ZERO, limit, None) for r, (_, limit, _) in old.items() if limit is not None}
            return
        usable = [r for r in invoice.contract.retainers if r.customer == invoice.customer and self.is_usable(r)]
        invoice.advances = {r: (ZERO, limit, None) for r, (_, limit, _) in old.items()
                            if limit is not None and r not in usable}
        for r in sorted(usable, key=lambda r: (r.date, r.id)):
            limit = old[r][1] if r in old else None
            amount = max(min(x for x in (self.left_of(r, invoice), room, limit) if x is not None), ZERO)
            if amount or limit is not None:
                invoice.advances[r] = (amount, limit, None)
            room -= amount

    def eligible(self, contract, date, actuals=None, milestones=None, products=None, retainers=None, everything=True):
        """Ready items, by customer. Without a selection everything ready and every refund waiting for a draft."""
        found = defaultdict(list)

        def wanted(selection, number):
            return everything or number in (selection or ())

        for a in contract.actuals:
            if in_backlog(a) and a.status == READY and a.date <= date and wanted(actuals, a.id):
                found[a.customer].append(a)
        for s in (s for m in contract.milestones for s in m.splits if s.status == READY and wanted(milestones, s.id)):
            found[s.customer].append(s)
        for l in contract.lines:
            if l.method == "product" and l.status == READY and wanted(products, l.id):
                found[contract.customer].append(l)
        for r in contract.retainers:
            waiting = r.status == READY or (r.refund == "ready_to_refund" and not r.refund_invoice)
            if waiting and wanted(retainers, r.id):
                found[r.customer].append(r)
        return found

    @staticmethod
    def new_draft(contract, customer, date):
        invoice = Invoice(contract, customer, date)
        invoice.lines = {l: (ZERO, ZERO, None) for l in contract.lines if l.method != "product" and customer in l.payers}
        contract.invoices.append(invoice)
        return invoice

    @staticmethod
    def put(invoice, things):
        for thing in things:
            if thing in invoice.contract.retainers:
                if thing.status == READY:
                    thing.status, thing.invoice = CREATED, invoice
                else:
                    thing.refund_invoice = invoice
                continue
            thing.status, thing.claim = CREATED, invoice
            line = thing if thing in invoice.contract.lines else getattr(thing, "line", None) or thing.milestone.line
            invoice.lines.setdefault(line, (ZERO, ZERO, None))

    def unsound(self, things):
        """Whether one of these items, or details, is of a line whose percentages do not total 100."""
        return any(l.method != "product" and not self.is_sound(l) for l in map(self.line_of, things) if l)

    @staticmethod
    def line_of(thing):
        if hasattr(thing, "milestone"):
            return thing.milestone.line
        return thing if hasattr(thing, "method") else getattr(thing, "line", None)

    def create(self, date, contracts=None, **items):
        """Drafts per contract and customer; returns those made."""
        if contracts is None and not items:
            contracts = [c.id for c in self.contracts.values() if c.status != "closed"]
        named = self.contracts if contracts is None else contracts
        made = []
        for number in sorted(set(named)):
            contract = self.contracts.get(number)
            if not contract or contract.status == "closed":
                continue
            found = self.eligible(contract, date, everything=not items, **items)
            if self.unsound(thing for things in found.values() for thing in things):
                continue
            for customer in sorted(found):
                invoice = self.new_draft(contract, customer, date)
                self.put(invoice, found[customer])
                self.total(invoice)
                made.append(invoice)
        return made

    def add(self, date, **items):
        """To the latest draft (not in review) of contract and customer, or to a new one."""
        grown = []
        for contract in self.contracts.values():
            if contract.status == "closed":
                continue
            found = self.eligible(contract, date, everything=False, **items)
            if self.unsound(thing for things in found.values() for thing in things):
                continue
            for customer in sorted(found):
                drafts = [i for i in contract.invoices if i.customer == customer and i.status == "draft"]
                invoice = max(drafts, key=lambda i: i.id) if drafts else self.new_draft(contract, customer, date)
                self.put(invoice, found[customer])
                self.total(invoice)
                grown.append(invoice)
        return grown

    def refresh(self, numbers):
        outcome = {}
        for number in sorted(set(numbers)):
            invoice = self.invoice(number)
            if not invoice or not invoice.is_open or invoice.contract.status == "closed":
                outcome[number] = REFUSED
                continue
            before = invoice.detail_amount, invoice.total_tax
            found = self.eligible(invoice.contract, invoice.date)[invoice.customer]
            if self.unsound(found):
                outcome[number], outcome[None] = UNCHANGED, REFUSED
                continue
            self.put(invoice, found)
            self.total(invoice)
            changed = found or before != (invoice.detail_amount, invoice.total_tax)
            outcome[number] = CHANGED if changed else UNCHANGED
        return outcome

    def invoice(self, number):
        return next((i for i in self.everything("invoices") if i.id == number), None)

    # ---------------------------------------------------------------------------------------- editing (6.1 - 6.3)

    def on_drafts(self, actuals=(), milestones=(), products=(), details=()):
        """The rows named, with their drafts; anything on no draft fails the call."""
        wanted = {("actual", n) for n in actuals} | {("milestone", n) for n in milestones}
        wanted |= {("product", n) for n in products} | {("detail", n) for n in details}
        found = []
        for invoice in self.drafts():
            for row in self.rows(invoice):
                kind = row.kind if row.kind in ("actual", "milestone", "product") else "detail"
                if (kind, row.source.id) in wanted:
                    wanted.discard((kind, row.source.id))
                    found.append((invoice, row))
        if wanted:
            raise Refused("ZB022")
        return found

    @staticmethod
    def check_edit(row, change):
        allowed = {"actual": "billing_type quantity price tax keep_rest", "milestone": "billing_type tax", "product": "tax",
                   "manual": "billing_type quantity price tax", "correction": "quantity price tax",
                   "milestone_correction": "quantity price tax", "product_correction": ""}[row.kind].split()
        if not set(change) <= set(allowed):
            raise Refused("ZB022")
        quantity = change.get("quantity", row.quantity)
        whole = row.source_values[1] if row.kind == "actual" else Decimal(1)
        if row.kind.endswith("correction"):
            whole = row.source.billed.quantity
        if "quantity" in change and (quantity < 0 if whole >= 0 else quantity > 0):
            raise Refused("ZB022")
        if row.kind == "milestone_correction":
            quantity, _ = World.standing(row, change)
        if row.kind not in ("milestone", "product") and quantity == 0 and change.get("tax", ZERO) != 0:
            raise Refused("ZB022")

    @staticmethod
    def standing(row, change):
        """Quantity and price of what shall stand of a milestone: the price says it, a quantity it has none."""
        billed = row.source.billed
        price = rounded(change.get("price", row.price), billed.contract.scale)
        quantity = change.get("quantity", Decimal(price != 0) if "price" in change else row.quantity)
        if price == 0:
            quantity, price = ZERO, billed.price
        if quantity not in (0, 1) or price * billed.amount < 0 or abs(price) > abs(billed.amount):
            raise Refused("ZB022")
        return quantity, price

    def edited(self, invoice, row, change):
        """The values of a row after a change. Back at its source's quantity and price it has its amount again (X-22)."""
        original = row.source.billed if row.kind.endswith("correction") else None
        quantity, price = change.get("quantity", row.quantity), change.get("price", row.price)
        if row.kind == "milestone_correction":
            quantity, price = self.standing(row, change)
        source = values_of(original) if original else row.source_values
        scale = invoice.contract.scale
        amount = row.amount
        if "quantity" in change or "price" in change:
            amount = rounded(quantity * price, scale)
            if row.kind != "manual" and (quantity, price) == source[1:3]:
                amount = source[3]
        sale, kind = source_of(row), change.get("billing_type", row.billing_type)
        if sale and sale.rates and {"quantity", "price", "billing_type"} & set(change):
            amount = self.extended_amount(sale, kind, quantity, price, scale)
        tax = change.get("tax", row.tax if quantity else ZERO)
        if row.kind == "actual" and "tax" not in change:
            tax = self.tax_beside_a_rest(invoice, row, change, quantity, tax)
        if original and "tax" not in change and {"quantity", "price"} & set(change):
            tax = self.tax_beside(original, amount, scale) if quantity else ZERO
        return kind, quantity, price, amount, tax

    @staticmethod
    def will_keep(invoice, row, change):
        """Whether the rest stays in the backlog: as asked, as chosen before, or as the contract says."""
        chosen = invoice.keeps.get(row.source)
        if "quantity" in change and chosen is None:
            chosen = invoice.contract.keep_rest
        return change.get("keep_rest", chosen)

    def tax_beside_a_rest(self, invoice, row, change, quantity, tax):
        """A rest that stays takes its tax along, unless somebody gave the detail another one."""
        a, scale = row.source, invoice.contract.scale
        before, after = bool(invoice.keeps.get(a)), bool(self.will_keep(invoice, row, change))

        def by_default(keeps, q):
            if q == 0 or not keeps:
                return a.tax if q else ZERO
            return a.tax - (self.rest_of(a, q, scale)["tax"] if abs(q) < abs(a.quantity) else ZERO)
        if (before or after) and row.tax == by_default(before, row.quantity):
            return by_default(after, quantity)
        return tax

    def edit(self, change, **named):
        found = self.on_drafts(**named)
        for invoice, row in found:
            self.check_edit(row, change)
            if (row.kind == "actual" and self.will_keep(invoice, row, change) and row.source.quantity
                    and change.get("quantity", row.quantity) == 0):
                raise Refused("ZB022")
        for invoice, row in found:
            values = self.edited(invoice, row, change)
            if row.kind == "actual":
                invoice.keeps[row.source] = self.will_keep(invoice, row, change)
            if row.kind in ("actual", "milestone", "product"):
                invoice.edits[row.source] = values
            else:
                d = row.source
                d.billing_type, d.quantity, d.price, d.amount, d.tax = values
        for invoice in dict.fromkeys(i for i, _ in sorted(found, key=lambda f: f[0].id)):
            self.total(invoice)

    def add_detail(self, number, line_id, cls, quantity, price, tax, billing_type, work=None):
        invoice = self.invoice(number)
        line = next((l for l in self.lines() if l.id == line_id), None)
        if quantity < 0:
            raise Refused("22023")
        if not invoice:
            raise Refused("ZB020")
        if not invoice.is_open:
            raise Refused("ZB022")
        if price is None:
            price = self.detail_price(invoice, work)
        if price is None:
            raise Refused("ZB010")
        if not line or line.contract is not invoice.contract:
            raise Refused("ZB020")
        if line.method == "product" or not line.include[cls]:
            raise Refused("ZB013")
        invoice.lines.setdefault(line, (ZERO, ZERO, None))
        amount = rounded(quantity * price, invoice.contract.scale)
        invoice.details.append(Thing(kind="manual", invoice=invoice, line=line, cls=cls, billing_type=billing_type,
                                     quantity=quantity, price=price, amount=amount, tax=tax, date=invoice.date,
                                     billed=None))
        self.total(invoice)

    def release(self, invoice, row):
        """A source goes back to the backlog, ready; a manual detail vanishes; a corrected sale is as it was."""
        if row.kind in ("actual", "milestone", "product"):
            row.source.status, row.source.claim = READY, None
            invoice.edits.pop(row.source, None)
            invoice.keeps.pop(row.source, None)
            if row.kind == "product":
                invoice.lines.pop(row.source, None)
        else:
            invoice.details.remove(row.source)
            if row.source.billed:
                row.source.billed.adjustment = "adjustable"

    def remove(self, retainers=(), **named):
        found = self.on_drafts(**named)
        drafted = [r for r in self.everything("retainers") if r.id in retainers and r.status == CREATED]
        back = [(i, sale) for i in self.drafts() for sale in i.taken_back if sale.retainer.id in retainers]
        if {r.id for r in drafted} | {sale.retainer.id for _, sale in back} != set(retainers):
            raise Refused("ZB022")
        for invoice, row in found:
            self.release(invoice, row)
        touched = [i for i, _ in found + back]
        for i, sale in back:
            i.taken_back.remove(sale)
            sale.adjustment = "adjustable"
        for r in drafted:
            touched.append(r.invoice)
            r.status, r.invoice = READY, None
        for invoice in sorted(set(touched), key=lambda i: i.id):
            self.total(invoice)

    def delete(self, numbers):
        outcome = {}
        for number in dict.fromkeys(numbers):
            invoice = self.invoice(number)
            outcome[number] = REFUSED
            if not invoice or not invoice.is_open:
                continue
            for row in self.rows(invoice):
                self.release(invoice, row)
            for sale in invoice.taken_back:
                sale.adjustment = "adjustable"
            for r in invoice.contract.retainers:
                if r.invoice is invoice:
                    r.status, r.invoice = READY, None
                if r.refund_invoice is invoice:
                    r.refund, r.refund_invoice = "not_refunded", None
            invoice.contract.invoices.remove(invoice)
            outcome[number] = CHANGED
        return outcome

    def move_invoices(self, numbers, start, target):
        outcome = {}
        for number in dict.fromkeys(numbers):
            invoice = self.invoice(number)
            outcome[number] = REFUSED
            if invoice and invoice.status == target:
                outcome[number] = UNCHANGED
            elif invoice and invoice.status == start:
                invoice.status, outcome[number] = target, CHANGED
        return outcome

    def review(self, numbers):
        return self.move_invoices(numbers, "draft", "in_review")

    def return_to_draft(self, numbers):
        return self.move_invoices(numbers, "in_review", "draft")

    def mark_paid(self, numbers):
        outcome = {}
        for number in dict.fromkeys(numbers):
            invoice = self.invoice(number)
            if not invoice or invoice.is_open:
                outcome[number] = REFUSED
            else:
                outcome[number] = UNCHANGED if invoice.payment == "paid" else CHANGED
                invoice.payment = "paid"
        return outcome

    # ---------------------------------------------------------------------------------------- confirmation (3.6, 6.5)

    @staticmethod
    def is_changed(row):
        """Tax and texts alone are no edit (X-17)."""
        return row.values[:3] != row.source_values[:3]

    def added(self, invoice):
        """What edits, manual details and corrections add to the chargeable amount of each line."""
        added = defaultdict(Decimal)
        for row in self.rows(invoice):
            if row.kind in ("product", "product_correction", "milestone_correction"):
                continue
            before = ZERO
            if row.kind in ("actual", "milestone") and row.source_values[0] == "chargeable":
                before = row.source_values[3]
            elif row.kind == "correction" and row.chargeable:
                before = row.source.billed.amount
            added[row.line] += (row.amount if row.chargeable else ZERO) - before
        return added

    def exceeds(self, invoice, claimed):
        """X-35: what is added must fit the limits, beside what invoices confirmed before in the same call add; what one
        detail gives up another may use."""
        added = self.added(invoice)
        for line in added:
            for level, limit, of_line, customer in self.scopes(invoice.contract, line, invoice.customer):
                if of_line and line.method == "fixed_price":
                    continue
                more = sum((amount for l, amount in added.items() if of_line in (None, l)), ZERO)
                before = sum((amount for other, lines in claimed for l, amount in lines.items()
                              if other.contract is invoice.contract and of_line in (None, l)
                              and customer in (None, other.customer)), ZERO)
                if more > 0 and self.used(invoice.contract, of_line, customer) + before + more > limit:
                    return True
        return False

    def cannot_confirm(self, invoice, claimed):
        if any(d.billed and values_of(d) == values_of(d.billed) for d in invoice.details):
            return True
        counted = [line for line, (amount, tax, _) in invoice.lines.items() if amount or tax]
        return self.unsound(counted) or self.exceeds(invoice, claimed)

    def confirm(self, numbers):
        """What goes back to the backlog is judged by the limits when everything is billed, as new work: the oldest first."""
        outcome, self.rests, claimed = {}, [], []
        for number in sorted(set(numbers)):
            invoice = self.invoice(number)
            ok = invoice and invoice.is_open and not self.cannot_confirm(invoice, claimed)
            outcome[number] = CHANGED if ok else REFUSED
            if ok:
                claimed.append((invoice, self.added(invoice)))
        for invoice, _ in claimed:
            self.confirm_one(invoice)
        for _, sale in sorted(self.rests, key=lambda rest: (rest[1].contract.id, rest[1].date, rest[0])):
            self.fit(sale)
        return outcome

    def confirm_in_bulk(self, numbers):
        """One by one; what is confirmed already stays as it is, and is complete if it failed before."""
        for number in sorted(set(numbers)):
            invoice = self.invoice(number)
            if not invoice.is_open:
                invoice.bulk = invoice.bulk and "complete"
            else:
                invoice.bulk = "complete" if self.confirm([number])[number] == CHANGED else "failed"

    def confirm_one(self, invoice):
        rows, staged, contract = self.rows(invoice), self.staged(invoice), invoice.contract
        for row in rows:
            getattr(self, "bill_" + row.kind)(invoice, row)
        for sale in invoice.taken_back:
            self.credit_retainer(invoice, sale)
        for r in [r for r in contract.retainers if r.invoice is invoice]:
            self.bill_retainer(invoice, r)
        for r, (amount, limit, _) in list(invoice.advances.items()):
            if not amount:
                del invoice.advances[r]
                continue
            invoice.advances[r] = (amount, limit, r.used)
            self.use_balance(invoice, r, amount, r.amount - r.used - amount)
            r.used += amount
        for r in staged:
            self.use_balance(invoice, r, r.amount - r.used, ZERO)
            r.refund = "refunded"
        invoice.status = "confirmed"
        self.numbers[contract.series] += 1
        invoice.number, invoice.series = self.numbers[contract.series], contract.series
        invoice.lines = {l: (amount, tax, self.billed_to_date(l, invoice.customer))
                         for l, (amount, tax, _) in invoice.lines.items()}

    @staticmethod
    def billed_to_date(line, customer):
        return sum((a.amount for a in line.contract.actuals if a.type == "billed_sales" and a.line is line
                    and a.customer == customer and a.billing_type == "chargeable"), ZERO)

    def bill(self, invoice, row, **values):
        """A billed sale of the row's values."""
        facts = dict(line=row.line, customer=invoice.customer, type="billed_sales", cls=row.cls, invoice=invoice,
                     claim=invoice, status=POSTED, billing_type=row.billing_type, quantity=row.quantity,
                     price=row.price, amount=row.amount, tax=row.tax, **self.extension_of(row))
        facts.update(values)
        return self.write(invoice.contract, **facts)

    def sell_and_bill(self, invoice, **facts):
        """An unbilled sale written only to be billed at once: sale, reversal, billed sale."""
        sale = self.write(invoice.contract, type="unbilled_sales", status=POSTED, invoice=invoice, claim=invoice, **facts)
        self.reverse(sale, invoice=invoice)
        facts.pop("source", None)
        self.write(invoice.contract, **dict(facts, type="billed_sales", status=POSTED, invoice=invoice, claim=invoice,
                                            source=sale))

    def bill_actual(self, invoice, row):
        a = row.source
        common = dict(line=a.line, customer=a.customer, entry=a.entry, cls=a.cls, date=a.date, source=a)
        if not self.is_changed(row):
            a.status = POSTED
            self.reverse(a, invoice=invoice)
            self.bill(invoice, row, entry=a.entry, source=a, date=a.date, amount=a.amount)
            return
        a.status, a.adjustment = CANCELED, "adjusted"
        self.reverse(a, status=CANCELED, invoice=invoice)
        rest = a.quantity - row.quantity
        if row.quantity:
            self.sell_and_bill(invoice, billing_type=row.billing_type, quantity=row.quantity, price=row.price,
                               amount=row.amount, tax=row.tax, **self.extension_of(row), **common)
        if abs(row.quantity) < abs(a.quantity) and invoice.keeps.get(a):
            kept = self.write(invoice.contract, type="unbilled_sales", billing_type=a.billing_type, quantity=rest,
                              price=a.price, invoice=invoice, **common,
                              **self.rest_of(a, row.quantity, invoice.contract.scale))
            self.rests.append((self.detail_ids["actual", a.id], kept))
        elif abs(row.quantity) < abs(a.quantity):
            amount = rounded(rest * a.price, invoice.contract.scale) if row.quantity else base_of(a)
            self.sell_and_bill(invoice, billing_type="non_chargeable", quantity=rest, price=a.price, amount=amount,
                               tax=ZERO, **extension(a.rates), **common)

    def bill_milestone(self, invoice, row):
        row.source.status, row.source.history = POSTED, True
        self.bill(invoice, row, split=row.source, date=row.source.milestone.date)

    def bill_product(self, invoice, row):
        row.source.status = POSTED
        self.bill(invoice, row, date=invoice.date)

    def bill_manual(self, invoice, row):
        d = row.source
        if d.line.method == "fixed_price":
            self.bill(invoice, row, date=d.date)
        else:
            self.sell_and_bill(invoice, line=d.line, customer=invoice.customer, cls=d.cls, date=d.date,
                               billing_type=d.billing_type, quantity=d.quantity, price=d.price, amount=d.amount,
                               tax=d.tax)

    def bill_retainer(self, invoice, r):
        """O-56: a billed sale, and the balance as a negative unbilled sale."""
        common = dict(customer=r.customer, cls="retainer", retainer=r, status=POSTED, invoice=invoice, date=r.date,
                      price=r.amount)
        self.write(r.contract, type="billed_sales", quantity=Decimal(1), amount=r.amount, **common)
        r.balance = self.write(r.contract, type="unbilled_sales", quantity=Decimal(-1), amount=-r.amount, **common)
        r.status = POSTED

    def use_balance(self, invoice, r, amount, rest):
        """O-57: the balance is taken back, a negative billed sale, and what is left is a new balance."""
        common = dict(customer=r.customer, cls="retainer", retainer=r, status=POSTED, invoice=invoice, quantity=Decimal(-1),
                      source=r.balance)
        self.reverse(r.balance, invoice=invoice)
        self.write(r.contract, type="billed_sales", price=amount, amount=-amount, date=invoice.date, **common)
        r.balance = rest and self.write(r.contract, type="unbilled_sales", price=rest, amount=-rest, date=r.balance.date,
                                        **common) or None

    # ---------------------------------------------------------------------------------------- corrections (3.7, 6.8)

    def revise(self, number, billed_sales=None, into=None, date=None):
        invoice, target = self.invoice(number), into and self.invoice(into)
        if not invoice or (into and not target):
            raise Refused("ZB020")
        if invoice.is_open:
            raise Refused("ZB021")
        sales = [a for a in invoice.contract.actuals if a.invoice is invoice and a.type == "billed_sales"
                 and a.reverses is None]
        outcome = {}
        if billed_sales is not None:
            outcome = {n: REFUSED for n in billed_sales}
            sales = [a for a in sales if a.id in billed_sales]
        outcome.update({a.id: CHANGED if self.can_be_corrected(a) else REFUSED for a in sales})
        sales = [a for a in sales if self.can_be_corrected(a)]
        if sales and target and ((target.contract, target.customer) != (invoice.contract, invoice.customer)):
            raise Refused("ZB021")
        if sales and target and target.status != "draft":
            raise Refused("ZB021")
        if sales and not target:
            target = Invoice(invoice.contract, invoice.customer, date)
            target.contract.invoices.append(target)
        for a in sales:
            if a.retainer:
                a.adjustment = "in_process"
                target.taken_back.append(a)
            else:
                self.correct(target, a)
        if sales:
            self.total(target)
        return outcome

    @staticmethod
    def what_of(sale):
        """What a billed sale of a retainer put on its invoice."""
        if sale.amount > 0:
            return "retainer"
        return "advance" if sale.retainer in sale.invoice.advances else "refund"

    def can_be_corrected(self, a):
        """A retainer is credited while nothing of it is used or held; a use while its balance is neither paid back nor
        about to be (8.4)."""
        r = a.retainer
        if a.adjustment != "adjustable" or not r:
            return a.adjustment == "adjustable"
        if self.what_of(a) == "refund":
            return True
        held = any(i.advances[r][0] for i in r.contract.invoices if i.is_open and r in i.advances)
        return r.refund == "not_refunded" and (self.what_of(a) == "advance" or not (r.used or held))

    def credit_retainer(self, invoice, sale):
        """The billed sale is reversed, the balance restored; a credited retainer is ready again (8.4)."""
        r, what = sale.retainer, self.what_of(sale)
        sale.adjustment = "adjusted"
        self.reverse(sale, invoice=invoice)
        if r.balance:
            self.reverse(r.balance, invoice=invoice)
        if what == "retainer":
            r.status, r.invoice, r.balance, r.history = READY, None, None, True
            return
        if what == "advance":
            r.used += sale.amount
        else:
            r.refund, r.refund_invoice = "not_refunded", None
        rest = r.amount - r.used
        r.balance = self.write(r.contract, customer=r.customer, cls="retainer", retainer=r, status=POSTED, invoice=invoice,
                               type="unbilled_sales", quantity=Decimal(-1), price=rest, amount=-rest,
                               date=r.balance.date if r.balance else r.date, source=r.balance)

    @staticmethod
    def correct(invoice, a):
        """Credited in full until somebody says what shall stand."""
        kind = "milestone_correction" if a.split else "product_correction" if a.line.method == "product" else "correction"
        a.adjustment = "in_process"
        invoice.lines.setdefault(a.line, (ZERO, ZERO, None))
        invoice.details.append(Thing(kind=kind, invoice=invoice, line=a.line, cls=a.cls, billing_type=a.billing_type,
                                     quantity=ZERO, price=a.price, amount=ZERO, tax=ZERO, date=a.date, billed=a))

    def credit(self, invoice, row):
        billed = row.source.billed
        billed.adjustment = "adjusted"
        self.reverse(billed, invoice=invoice, claim=invoice)
        return billed

    def bill_correction(self, invoice, row):
        d, billed = row.source, self.credit(invoice, row)
        common = dict(line=d.line, customer=billed.customer, entry=billed.entry, cls=d.cls, date=d.date)
        if d.line.method == "fixed_price":
            if d.quantity:
                self.bill(invoice, row, date=d.date, entry=billed.entry)
            return
        if d.quantity:
            self.sell_and_bill(invoice, billing_type=d.billing_type, quantity=d.quantity, price=d.price, amount=d.amount,
                               tax=d.tax, source=billed, **self.extension_of(row), **common)
        if abs(d.quantity) < abs(billed.quantity):
            quantity = billed.quantity - d.quantity
            rest = self.write(invoice.contract, type="unbilled_sales", billing_type=billed.billing_type, quantity=quantity,
                              price=billed.price, source=billed, invoice=invoice, **common,
                              **self.returned(billed, row, quantity, invoice.contract.scale))
            self.rests.append((d.id, rest))

    def bill_milestone_correction(self, invoice, row):
        """Credited in full, the share is ready again; in part, what is credited is a ready slice of its own."""
        d, billed = row.source, self.credit(invoice, row)
        split = billed.split
        if not d.quantity:
            split.status, split.claim = READY, None
            return
        self.bill(invoice, row, split=split, date=d.date)
        split.claim = invoice
        amount = billed.amount - d.amount
        if amount:
            tax = within(billed.tax - d.tax, split.tax)
            split.amount, split.tax = split.amount - amount, split.tax - tax
            split.milestone.splits.append(Thing(milestone=split.milestone, customer=split.customer, amount=amount, tax=tax,
                                                status=READY, history=True, claim=None, cut_from=split, credited=billed))

    def bill_product_correction(self, invoice, row):
        self.credit(invoice, row)
        row.line.status, row.line.claim = READY, None

    # ---------------------------------------------------------------------------------------- retainers (section 8)

    def new_retainer(self, contract, customer, date, amount, **values):
        facts = dict(contract=contract, customer=customer, date=date, amount=amount, used=ZERO, status=NOT_READY,
                     refund="not_refunded", invoice=None, refund_invoice=None, balance=None, history=False)
        facts.update(values)
        contract.retainers.append(Thing(**facts))
        return contract.retainers[-1]

    def generate_retainers(self, number, customer, total, dates):
        contract = self.contracts.get(number)
        if not contract:
            raise Refused("ZB020")
        if customer not in contract.customers or contract.status == "closed":
            raise Refused("ZB021")
        parts = instalments(total, len(dates), contract.scale)
        if min(parts) <= 0:
            raise Refused("22023")
        for date, amount in zip(sorted(dates), parts):
            self.new_retainer(contract, customer, date, amount)

    def add_retainer(self, number, amount):
        invoice = self.invoice(number)
        if not invoice:
            raise Refused("ZB020")
        if not invoice.is_open:
            raise Refused("ZB022")
        self.new_retainer(invoice.contract, invoice.customer, invoice.date, amount, status=CREATED, invoice=invoice)
        self.total(invoice)

    def retainer(self, number):
        return next((r for r in self.everything("retainers") if r.id == number), None)

    def set_advance(self, number, retainer_id, amount):
        invoice, r = self.invoice(number), self.retainer(retainer_id)
        if amount is not None and amount < 0:
            raise Refused("22023")
        if not invoice or not r:
            raise Refused("ZB020")
        if not invoice.is_open:
            raise Refused("ZB022")
        # Of a retainer that is being credited there is nothing, but a limit may be lifted.
        left = self.left_of(r, invoice) if self.is_usable(r) else ZERO
        if ((r.contract, r.customer) != (invoice.contract, invoice.customer) or r.status != POSTED
                or r.refund != "not_refunded" or invoice.corrects or (amount is not None and amount > left)):
            raise Refused("ZB021")
        invoice.advances[r] = (ZERO, amount, None)
        self.total(invoice)

    def stage_refunds(self, numbers, into=None):
        target = into and self.invoice(into)
        if into and not target:
            raise Refused("ZB020")
        if target and not target.is_open:
            raise Refused("ZB022")
        outcome = {}
        for number in sorted(set(numbers)):
            r = self.retainer(number)
            outcome[number] = self.stage_refund(r, target) if r else REFUSED
        if target and CHANGED in outcome.values():
            self.total(target)
        return outcome

    def stage_refund(self, r, target):
        if r.status != POSTED or r.refund == "refunded":
            return REFUSED
        if target and (target.contract, target.customer) != (r.contract, r.customer):
            return REFUSED
        if r.refund == "ready_to_refund":
            return UNCHANGED
        held = any(i.advances[r][0] for i in r.contract.invoices if i.is_open and i is not target and r in i.advances)
        if r.amount == r.used or held or self.being_taken_back(r):
            return REFUSED
        r.refund, r.refund_invoice = "ready_to_refund", target
        return CHANGED

    def cancel_refunds(self, numbers):
        outcome, drafts = {}, []
        for number in sorted(set(numbers)):
            r = self.retainer(number)
            if not r or r.refund == "refunded":
                outcome[number] = REFUSED
            elif r.refund == "not_refunded":
                outcome[number] = UNCHANGED
            else:
                drafts += [r.refund_invoice] if r.refund_invoice else []
                r.refund, r.refund_invoice, outcome[number] = "not_refunded", None, CHANGED
        for invoice in sorted(set(drafts), key=lambda i: i.id):
            self.total(invoice)
        return outcome

    # ---------------------------------------------------------------------------------------- milestones and runs

    def new_milestone(self, line, name, date, amount, tax):
        if not self.is_sound(line):
            raise Refused("ZB011")
        milestone = Thing(line=line, name=name, date=date, amount=amount, tax=tax, splits=[], next=None)
        for share in split_amount(list(line.payers.values()), amount, tax, line.contract.scale):
            milestone.splits.append(Thing(milestone=milestone, customer=share.customer, amount=share.amount,
                                          tax=share.tax, status=NOT_READY, history=False, claim=None,
                                          cut_from=None, credited=None))
        line.contract.milestones.append(milestone)
        return milestone

    @staticmethod
    def require_untouched(milestone):
        if any(s.status != NOT_READY or s.history for s in milestone.splits):
            raise Refused("ZB022")

    def change_milestone(self, milestone, amount, tax):
        self.require_untouched(milestone)
        if not self.is_sound(milestone.line):
            raise Refused("ZB011")
        contract, line = milestone.line.contract, milestone.line
        contract.milestones.remove(milestone)
        self.new_milestone(line, milestone.name, milestone.date, amount, tax).id = milestone.id

    def delete_milestone(self, milestone):
        self.require_untouched(milestone)
        milestone.line.contract.milestones.remove(milestone)

    def generate_milestones(self, line, dates, total_tax):
        if line.method != "fixed_price":
            raise Refused("ZB013")
        if line.contract.status == "closed":
            raise Refused("ZB021")
        if line.contracted is None:
            raise Refused("ZB010")
        if any(m.line is line for m in line.contract.milestones):
            raise Refused("ZB021")
        scale = line.contract.scale
        for date, amount, tax in zip(dates, instalments(line.contracted, len(dates), scale),
                                     instalments(total_tax, len(dates), scale)):
            self.new_milestone(line, str(date), date, amount, tax)

    def generate_schedule(self, lines, dates, lead):
        """A date that a line has already stays as it is."""
        outcome = set()
        for line in lines:
            if line.method != "time_and_material" or line.contract.status == "closed":
                outcome.add((line.id, None, REFUSED))
                continue
            known = {s.run_date for s in self.schedules if s.line is line}
            for date in dates:
                outcome.add((line.id, date.isoformat(), UNCHANGED if date in known else CHANGED))
                if date not in known:
                    self.schedules.append(Thing(line=line, run_date=date, cutoff=date - timedelta(days=lead), status="not_run"))
        return outcome

    def run(self, date):
        """Ready work up to the cut-off of lines that are due, ready milestones and retainers dated by then, products, and
        slices of progress-based milestones whatever the date."""
        for contract in self.contracts.values():
            if contract.status == "closed":
                continue
            due = [s for s in self.schedules if s.line.contract is contract and s.run_date <= date
                   and s.status != "run_successful"]
            cutoff = {}
            for s in due:
                s.status = "run_successful"
                cutoff[s.line] = max(s.cutoff, cutoff.get(s.line, s.cutoff))
            found = self.eligible(
                contract, date, everything=False,
                actuals=[a.id for a in contract.actuals if a.line in cutoff and a.date <= cutoff[a.line]],
                milestones=[s.id for m in contract.milestones for s in m.splits
                            if m.date <= date or m.line.progress],
                products=[l.id for l in contract.lines],
                retainers=[r.id for r in contract.retainers if r.date <= date and r.status == READY])
            for customer in sorted(found):
                invoice = self.new_draft(contract, customer, date)
                self.put(invoice, found[customer])
                self.total(invoice)
