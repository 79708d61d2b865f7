"""Journals (domain.md 2.13, 3.9): entry journals become actuals as typed, correction journals give approved work other
values, cancellation journals take back what entry journals wrote. A part of World in model.py.
"""
import copy

import model  # each knows the other: names of it are used only while a verb runs
from prices import RESOURCE_ROLES
from rules import rounded

ENTRY, CANCELLATION = "entry", "cancellation"
CORRECTED = {"time_correction": "time", "expense_correction": "expense", "material_correction": "material"}
SALES = ("unbilled_sales", "billed_sales")
BETWEEN_UNITS = ("inter_organizational_sales", "resourcing_unit_cost")

# Which classes a line of an entry journal may have, by billing method and type (O-70). A product line has none.
COSTS, CARRIED = ("time", "expense", "material"), ("time", "expense")
WORK = (*COSTS, "fee", "retainer")
CLASSES = {
    "time_and_material": {"cost": COSTS, "unbilled_sales": WORK, "billed_sales": WORK,
                          **dict.fromkeys(BETWEEN_UNITS, CARRIED)},
    "fixed_price": {"cost": COSTS, "unbilled_sales": ("retainer",), "billed_sales": ("retainer", "milestone"),
                    **dict.fromkeys(BETWEEN_UNITS, CARRIED)},
    "product": {}}


def classes_for(line, kind):
    """A line without a contract line may be what any line of time and material may be; confirmation looks closer."""
    return CLASSES[line.method if line else "time_and_material"].get(kind, ())


def is_in_process(a):
    return a.adjustment == "in_process" and a.type != "billed_sales"


class Journals:
    """journals: number -> Thing(contract, kind, status, lines, work, taken).
    lines: what was typed; work: entry -> what a correction makes of it; taken: actuals to take back."""

    def journal(self, number):
        if number not in self.journals:
            raise model.Refused("ZB020")
        return self.journals[number]

    def insert_journal(self, number, contract, kind):
        journal = model.Thing(contract=contract, kind=kind, status="draft", lines=[], work={}, taken=[])
        journal.id = number
        self.journals[number] = journal
        return journal

    @staticmethod
    def require_draft(journal):
        if journal.status == "confirmed":
            raise model.Refused("ZB022")

    # ---------------------------------------------------------------------------------------- lines of entry journals

    def type_lines(self, journal, lines):
        self.require_draft(journal)
        if journal.kind != ENTRY or any(l.cls not in classes_for(l.line, l.type) for l in lines):
            raise model.Refused("ZB013")
        journal.lines += lines

    def change_line(self, line, change):
        if any(getattr(line, name) != value for name, value in change.items()):
            self.require_draft(line.journal)
        line.__dict__.update(change)

    def delete_line(self, line):
        self.require_draft(line.journal)
        line.journal.lines.remove(line)

    def scale_of(self, line):
        """Sales are in the currency of the contract, everything else in the company's."""
        return line.journal.contract.scale if line.type in SALES else self.company_scale

    def completed(self, l):
        """Customer, billing type and amount where they were left out; None if the line cannot become an actual."""
        if not self.is_payable(l):
            return None
        payers = l.journal.contract.customers if l.cls == "retainer" else l.line.payers if l.line else {}
        customer = next(iter(payers)) if l.customer is None and len(payers) == 1 else l.customer
        if customer not in payers and (customer is not None or l.type == "billed_sales" or l.cls == "retainer"):
            return None
        billing_type = l.billing_type or ("chargeable" if l.line or l.cls == "retainer" else "not_available")
        if not self.is_sound_type(l, billing_type) or not self.is_sound_amount(l):
            return None
        amount = rounded(l.quantity * l.price, self.scale_of(l)) if l.amount is None else l.amount
        return dict(customer=customer, billing_type=billing_type, amount=amount)

    def is_payable(self, l):
        """A sale needs a contract line that pays, whose percentages total 100; a retainer only needs a customer."""
        if not l.line:
            return l.type not in SALES or l.cls == "retainer"
        return self.is_sound(l.line)

    @staticmethod
    def is_sound_type(l, billing_type):
        if l.cls == "retainer":
            return billing_type == "chargeable" and not l.tax
        return (billing_type == "not_available") == (l.line is None)

    def is_sound_amount(self, l):
        scale = self.scale_of(l)
        if l.currency not in (None, l.journal.contract.currency if l.type in SALES else self.company_currency):
            return False
        if l.tax != rounded(l.tax, scale):
            return False
        if l.amount is None:
            return l.method == "multiply_quantity_by_price"
        return l.amount == rounded(l.amount if l.method == "fixed_price" else l.quantity * l.price, scale)

    @staticmethod
    def pairs_of(lines):
        """A retainer billed elsewhere: a billed sale and its balance, of one customer and date. Also who is alone."""
        pairs, free = [], [l for l, _ in lines if l.cls == "retainer"]
        facts = dict(lines)
        for billed in [l for l in free if l.type == "billed_sales" and facts[l]["amount"] > 0]:
            balance = next((l for l in free if l.type == "unbilled_sales" and l.date == billed.date
                            and facts[l]["customer"] == facts[billed]["customer"]
                            and facts[l]["amount"] == -facts[billed]["amount"]), None)
            if balance:
                pairs.append((billed, balance))
                free.remove(billed)
                free.remove(balance)
        return pairs, free

    def confirm_entry(self, journal):
        """Returns what is refused: lines, or None for the journal."""
        if journal.contract.status == "closed" or not journal.lines:
            return {None}
        completed = [(l, self.completed(l)) for l in sorted(journal.lines, key=lambda l: l.id)]
        pairs, alone = self.pairs_of([(l, facts) for l, facts in completed if facts])
        refused = {l.id for l, facts in completed if not facts} | {l.id for l in alone}
        if refused:
            return refused
        for l, facts in completed:
            l.__dict__.update(facts)
            l.actual = self.write_line(l)
        for billed, balance in pairs:
            r = self.new_retainer(journal.contract, billed.customer, billed.date, billed.amount, status=model.POSTED)
            billed.actual.retainer = balance.actual.retainer = r
            r.balance = balance.actual
        # What was billed elsewhere has taken its room, then the oldest sale comes first.
        for l in sorted(journal.lines, key=lambda l: (l.date, l.id)):
            if l.type == "unbilled_sales" and l.cls != "retainer" and l.customer is not None:
                self.evaluate(l.actual)
        journal.status = "confirmed"
        return set()

    def write_line(self, l):
        is_retainer = l.cls == "retainer"
        return self.write(l.journal.contract, journal_line=l, line=None if is_retainer else l.line, customer=l.customer,
                          type=l.type, cls=l.cls, billing_type=l.billing_type, date=l.date, quantity=l.quantity,
                          price=l.price, amount=l.amount, tax=l.tax,
                          status=model.POSTED if is_retainer or l.type == "billed_sales" else model.NOT_READY)

    # ---------------------------------------------------------------------------------------- corrections

    def select_for_correction(self, number, entries=None, actuals=None):
        journal = self.journal(number)
        if entries is None and actuals is None:
            raise model.Refused("22023")
        self.require_draft(journal)
        if journal.kind not in CORRECTED:
            raise model.Refused("ZB021")
        outcome, wanted = {}, set(entries or ())
        for n in actuals or ():
            a = self.actual(n)
            if a and a.entry:
                wanted.add(a.entry.id)
            else:
                outcome["actual", n] = model.REFUSED
        for n in wanted:
            entry = self.entries.get(n)
            if entry in journal.work:
                outcome["entry", n] = model.UNCHANGED
            elif entry and self.can_correct(journal, entry):
                outcome["entry", n] = model.CHANGED
                journal.work[entry] = model.Thing(before=copy.copy(entry), values={})
                for a in self.actuals_of(entry):
                    if model.stands(a):
                        a.adjustment = "in_process"
            else:
                outcome["entry", n] = model.REFUSED
        return outcome

    def can_correct(self, journal, entry):
        """Approved work of the class that stands in the contract, all of it in the backlog."""
        standing = [a for a in self.actuals_of(entry) if model.stands(a)]
        return (entry.status == "approved" and entry.cls == CORRECTED[journal.kind] and journal.contract.status != "closed"
                and not self.is_held(entry) and bool(standing) and all(a.contract is journal.contract for a in standing))

    def set_values(self, journal, entry, change):
        """None: as it is. What a confirmed journal says already may be said again."""
        values = journal.work[entry].values
        if any(values.get(name) != value for name, value in change.items()):
            self.require_draft(journal)
        values.update(change)
        for name in [name for name, value in values.items() if value is None]:
            del values[name]

    @staticmethod
    def corrected(entry, values):
        """The entry with what the journal says."""
        result = copy.copy(entry)
        for name in ("date", "task", "resource", "role_given", "category", "product", "quantity", "cost_price", "sales_price",
                     "tax"):
            setattr(result, name, values.get(name, getattr(entry, name)))
        # Whose role it is does not matter where the entry names one.
        result.role = result.role_given or RESOURCE_ROLES[result.resource]
        return result

    def judge_corrected(self, entry, values, standing):
        """What a line of the journal makes of its entry, None if it cannot. Where all was billable, a new quantity is. The
        prices it says count before any list."""
        if not values or values.get("task", entry.task) not in [*entry.project.tasks, None]:
            return None
        if any(a.contract.status == "closed" for a in standing) or not self.agreed_at_one_price(standing):
            return None
        billable, chosen, price, tax = self.terms_again(entry, standing)
        if billable is None:
            billable = entry.quantity if entry.billable is None else entry.billable
        result = self.corrected(entry, values)
        if billable == entry.quantity:
            billable = result.quantity
        billable = values.get("billable", billable)
        if billable * result.quantity < 0:
            return None
        return self.judge(result, billable, values.get("billing_type", chosen), values.get("sales_price", price),
                          values.get("tax", tax), cost=values.get("cost_price"))

    def confirm_correction(self, journal):
        if not journal.work:
            return {None}
        refused, rewritten = set(), []
        held = {entry: sorted(filter(is_in_process, self.actuals_of(entry)), key=lambda a: a.id) for entry in journal.work}
        for standing in held.values():
            self.let_go(standing)
        for entry, line in sorted(journal.work.items(), key=lambda item: item[0].id):
            judged = self.judge_corrected(entry, line.values, held[entry])
            if judged:
                contract, _, rows = judged
                rewritten.append((entry, held[entry], contract, [dict(row, entry=entry) for row in rows]))
            else:
                refused.add(entry.id)
        if refused:
            for a in (a for standing in held.values() for a in standing):
                a.adjustment = "in_process"
            return refused
        self.bid(self.write_again(rewritten))
        for entry, line in journal.work.items():
            self.adopt_values(entry, line.values)
        journal.status = "confirmed"
        return set()

    def adopt_values(self, entry, values):
        """The entry says the new values from now on; a choice of the approver ends where the journal says otherwise. Where
        lists overruled typed prices and the journal says one, the other is typed as it is in the ledger."""
        if entry.at_list_price and {"cost_price", "sales_price"} & set(values):
            entry.cost_price = self.price_in_ledger(entry, "cost", entry.cost_price)
            entry.sales_price = self.price_in_ledger(entry, "unbilled_sales", entry.sales_price)
            entry.at_list_price = None
        asked = [x for x in (entry.approved_quantity, entry.billable, entry.quantity) if x is not None][0]
        if "billable" in values or ("quantity" in values and asked == entry.quantity):
            entry.billable, entry.approved_quantity = values.get("billable"), None
        if "billing_type" in values:
            entry.billing_type, entry.approved_type = values["billing_type"], None
        entry.__dict__.update(self.corrected(entry, values).__dict__)

    def price_in_ledger(self, entry, kind, otherwise):
        return next((a.price for a in self.actuals_of(entry) if a.type == kind and model.stands(a)), otherwise)

    # ---------------------------------------------------------------------------------------- cancellations

    def select_for_cancellation(self, number, actuals):
        journal = self.journal(number)
        self.require_draft(journal)
        if journal.kind != CANCELLATION:
            raise model.Refused("ZB021")
        outcome = {}
        for n in dict.fromkeys(actuals):
            a = self.actual(n)
            if a in journal.taken:
                outcome["actual", n] = model.UNCHANGED
            elif a and a.contract is journal.contract and self.can_be_taken(a):
                outcome["actual", n] = model.CHANGED
                a.adjustment = "in_process"
                journal.taken.append(a)
            else:
                outcome["actual", n] = model.REFUSED
        return outcome

    @staticmethod
    def can_be_taken(a):
        """What comes from an entry journal and is on no invoice; retainers are paid back instead."""
        if not a.journal_line or a.reverses or a.retainer or a.adjustment != "adjustable":
            return False
        return a.invoice is None if a.type == "billed_sales" else a.status in (model.NOT_READY, model.READY)

    def confirm_cancellation(self, journal):
        if journal.contract.status == "closed" or not journal.taken:
            return {None}
        for a in journal.taken:
            if a.type == "billed_sales":
                a.adjustment = "adjusted"
                self.reverse(a)
            else:
                self.take_back(a)
        journal.status = "confirmed"
        return set()

    # ---------------------------------------------------------------------------------------- all kinds

    def confirm_journal(self, number):
        """(lines or entries refused, actuals written): one of them is empty."""
        journal = self.journal(number)
        if journal.status == "confirmed":
            return {None}, []
        before = {c: len(c.actuals) for c in [self.internal, *self.contracts.values()]}
        confirm = self.confirm_correction if journal.kind in CORRECTED else getattr(self, "confirm_" + journal.kind)
        return confirm(journal), [a for c, count in before.items() for a in c.actuals[count:]]

    @staticmethod
    def let_go(actuals):
        for a in actuals:
            a.adjustment = "adjustable"

    def release_from_journal(self, number, entries=None, actuals=None):
        journal = self.journal(number)
        if entries is None and actuals is None:
            raise model.Refused("22023")
        self.require_draft(journal)
        outcome = {}
        for n in dict.fromkeys(entries or ()):
            entry = self.entries.get(n)
            outcome["entry", n] = model.CHANGED if entry in journal.work else model.REFUSED
            if journal.work.pop(entry, None):
                self.let_go(filter(is_in_process, self.actuals_of(entry)))
        for n in dict.fromkeys(actuals or ()):
            a = self.actual(n)
            outcome["actual", n] = model.CHANGED if a in journal.taken else model.REFUSED
            if a in journal.taken:
                journal.taken.remove(a)
                self.let_go([a])
        return outcome

    def delete_journals(self, numbers):
        outcome = {}
        for n in dict.fromkeys(numbers):
            journal = self.journals.get(n)
            outcome[n] = model.CHANGED if journal and journal.status == "draft" else model.REFUSED
            if outcome[n] == model.CHANGED:
                for entry in journal.work:
                    self.let_go(filter(is_in_process, self.actuals_of(entry)))
                self.let_go(journal.taken)
                del self.journals[n]
        return outcome

    # ---------------------------------------------------------------------------------------- what the views say

    def typed_amount(self, l):
        return rounded(l.quantity * l.price, self.scale_of(l)) if l.amount is None else l.amount

    def summary(self, journal):
        """Number of lines, costs, unbilled and billed sales, tax."""
        rows = [(l.type, self.typed_amount(l), l.tax) for l in journal.lines]
        rows += [(a.type, -a.amount, -a.tax) for a in journal.taken]
        amounts = [sum((amount for kind, amount, _ in rows if kind == wanted), model.ZERO) for wanted in ("cost", *SALES)]
        return [len(rows) + len(journal.work), *amounts, sum((tax for _, _, tax in rows), model.ZERO)]
