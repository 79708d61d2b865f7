#!/usr/bin/env python3
"""What ten and a half years of monthly runs must come to at each year end, computed from the two CSV files, the rules of
the first story (who buys what at which price) and terms.json (when it is invoiced, what is paid in advance, what is
corrected), without the database.

Usage: reconcile.py RULES TERMS TASK_INFO DATES
Prints one fact per line, "year, subject|fact", as facts.sql does for the database.
"""

import json
import sys
from calendar import monthrange
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from work import CHARGEABLE, PRODUCTS, ZERO, Ledger, Sale, plain, read_work, rounded, split_amount

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ORDINALS = ["first", "second", "third", "fourth"]


def facts_text(*values):
    return "hours %s, amount %s, tax %s" % tuple(plain(v) for v in values)


def money_text(*values):
    return "amount %s, tax %s, total %s" % tuple(plain(v) for v in (*values, sum(values, ZERO)))


# ----------------------------------------------------------------------------------------------------- the calendar


def last_day(year, month):
    return date(year, month, monthrange(year, month)[1])


def months(first, last):
    year, month = map(int, first.split("-"))
    while f"{year}-{month:02}" <= last:
        yield f"{year}-{month:02}", last_day(year, month)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def day_in_month(year, month, name):
    last = last_day(year, month)
    if name == "last day":
        return last
    if name.isdigit():
        return date(year, month, min(int(name), last.day))
    which, weekday = name.split()
    days = [d for d in (date(year, month, n + 1) for n in range(last.day)) if WEEKDAYS[d.weekday()] == weekday]
    return days[-1] if which == "last" else days[ORDINALS.index(which)]


def frequency_dates(frequency, start, until):
    if frequency["period"] == "monthly":
        found = {
            day_in_month(last.year, last.month, name)
            for _, last in months(f"{start:%Y-%m}", f"{until:%Y-%m}")
            for name in frequency["run_days"]
        }
        return sorted(d for d in found if start <= d <= until)
    weekday = WEEKDAYS.index(frequency["run_days"][0])
    day = start + timedelta((weekday - start.weekday()) % 7)
    step = timedelta(7 if frequency["period"] == "weekly" else 14)
    found = []
    while day <= until:
        found.append(day)
        day += step
    return found


# ----------------------------------------------------------------------------------------------------- items


@dataclass
class Share:
    """One customer's part of a milestone, or a product line: it is billed and credited as a whole."""

    kind: str  # "milestones" or "products"
    line: object
    customer: str
    quantity: Decimal
    amount: Decimal
    tax: Decimal
    date: date  # None: a product
    status: str = "waiting"  # ready, billed

    @property
    def counted_as(self):
        return PRODUCTS if self.kind == "products" else self.line.name


@dataclass
class Retainer:
    contract: object
    customer: str
    date: date
    amount: Decimal
    is_billed: bool = False
    used: Decimal = ZERO

    @property
    def available(self):
        return self.amount - self.used if self.is_billed else ZERO


@dataclass
class Billed:
    """A billed sale of work."""

    sale: Sale
    quantity: Decimal
    price: Decimal
    amount: Decimal
    tax: Decimal

    @property
    def is_chargeable(self):
        return self.sale.billing_type == CHARGEABLE


@dataclass
class Invoice:
    contract: object
    customer: str
    work: list = field(default_factory=list)  # Billed
    shares: list = field(default_factory=list)
    retainers: list = field(default_factory=list)
    advances: Decimal = ZERO

    def chargeable(self):
        items = [b for b in self.work if b.is_chargeable] + self.shares
        return sum((i.amount for i in items), ZERO), sum((i.tax for i in items), ZERO)


# ----------------------------------------------------------------------------------------------------- the years


class Years(Ledger):
    def __init__(self, rules, terms, work):
        super().__init__(rules, work)
        self.terms = terms
        self.by_name = {contract.name: contract for contract in self.contracts}
        for contract in self.contracts:
            contract.reserved = defaultdict(lambda: ZERO)
            contract.used = lambda line=None, customer=None, contract=contract: self.used(contract, line, customer)
        self.shares = [
            Share("milestones", line, customer, Decimal(1), amount, tax, day)
            for line, day, total, total_tax in self.milestones_of_rules()
            for customer, amount, tax in split_amount(total, total_tax, line.contract, 0)
        ]
        self.due_dates = self.plan_runs()
        self.retainers = [r for plan in terms["retainers"] for r in self.plan_retainers(plan)]
        self.retainers.sort(key=lambda r: r.date)
        self.billed = defaultdict(lambda: [ZERO, ZERO, ZERO])
        self.invoiced = defaultdict(lambda: [0, ZERO, ZERO])
        self.numbers = Counter()
        self.runs = self.drafts = self.invoice_count = 0
        self.decisions = Counter()
        self.facts = []

    def used(self, contract, line, customer):
        """What counts against limits: committed work, billed items, and milestones that are ready."""
        return sum(
            amount
            for totals in (contract.committed, contract.billed, contract.reserved)
            for (l, c), amount in totals.items()
            if (line is None or l == line) and (customer is None or c == customer)
        )

    def line(self, contract_name, line_name):
        return next(line for line in self.by_name[contract_name].lines if line.name == line_name)

    def plan_runs(self):
        """Line -> run dates with their cut-offs, in the order of time."""
        first, *_, last = (day for _, day in months(*self.terms["months"]))
        plan = {}
        for schedule in self.terms["schedules"]:
            frequency = self.terms["frequencies"][schedule["frequency"]]
            lead = timedelta(schedule["lead_days"])
            dates = frequency_dates(frequency, first.replace(day=1), last)
            plan[schedule["contract"], schedule["line"]] = [(d, d - lead) for d in dates]
        return plan

    def plan_retainers(self, plan):
        contract = self.by_name[plan["contract"]]
        frequency = self.terms["frequencies"][plan["frequency"]]
        dates = frequency_dates(frequency, date.fromisoformat(plan["from"]), date.fromisoformat(plan["until"]))
        total = Decimal(plan["total"])
        part = rounded(total / len(dates), contract.decimals)
        for number, day in enumerate(dates, 1):
            amount = part if number < len(dates) else total - part * (len(dates) - 1)
            yield Retainer(contract, plan["customer"], day, amount)

    def run(self):
        start = date.min
        for month, until in months(*self.terms["months"]):
            self.month = month
            self.renegotiate()
            for work in (w for w in self.work if start < w.completed <= until):
                self.approve(work)
            self.mark_ready(until)
            invoices = self.run_invoicing(until)
            if until.month % 3 == 0:
                invoices += self.bill_by_hand()
            for invoice in invoices:
                self.confirm(invoice)
            self.correct(invoices)
            if until.month == 12:
                self.note_facts(str(until.year))
            start = until

    # --- new terms

    def renegotiate(self):
        for change in self.terms["renegotiations"]:
            if change["month"] != self.month:
                continue
            contract = self.by_name[change["contract"]]
            line, customer = change.get("line"), change.get("customer")
            limited = contract
            if line:
                limited = self.line(contract.name, line)
            elif customer:
                limited = next(party for party in contract.parties if party.name == customer)
            limited.limit = Decimal(change["nte_limit"])
            for sale in self.in_order():
                if (
                    sale.failed
                    and sale.line.contract is contract
                    and line in (None, sale.line.name)
                    and customer in (None, sale.customer)
                ):
                    self.claim(sale)
                    self.decisions[f"{contract.name}: looked at again, {'failed' if sale.failed else 'committed'}"] += 1

    def in_order(self):
        return sorted(self.backlog, key=lambda s: (s.work.completed, s.work.task, s.work.developer, s.customer))

    # --- release

    def is_held_back(self, work, until):
        age = (until.year - work.completed.year) * 12 + until.month - work.completed.month
        return self.hits(work, "hold_back") and age < self.terms["held_back_months"]

    def mark_ready(self, until):
        for sale in self.backlog:
            if not sale.failed and not self.is_held_back(sale.work, until):
                sale.ready = True
        for product in self.terms["products"]:
            if product["month"] == self.month:
                line = self.line(product["contract"], product["line"])
                quantity, price = Decimal(line.rules["quantity"]), Decimal(line.rules["unit_price"])
                amount, tax = rounded(quantity * price, line.contract.decimals), Decimal(line.rules["tax"])
                share = Share("products", line, line.contract.primary, quantity, amount, tax, None, "ready")
                self.shares.append(share)
                line.contract.reserved[share.counted_as, share.customer] += amount
        for share in self.shares:
            if share.status == "waiting" and share.date <= until:
                contract = share.line.contract
                if not contract.first_limit_broken(None, share.customer, share.amount):
                    share.status = "ready"
                    contract.reserved[share.counted_as, share.customer] += share.amount

    # --- drafts

    def run_invoicing(self, until):
        """[Invoice] in the order of contracts and customers"""
        self.runs += 1
        found = []
        for contract in self.contracts:
            cutoffs = {}
            for line in contract.lines:
                dates = self.due_dates.get((contract.name, line.name), [])
                while dates and dates[0][0] <= until:
                    cutoffs[line.name] = max(dates.pop(0)[1], cutoffs.get(line.name, date.min))
            due = [
                sale
                for sale in self.backlog
                if sale.ready
                and sale.line.contract is contract
                and sale.line.name in cutoffs
                and sale.work.completed <= cutoffs[sale.line.name]
            ]
            shares = [s for s in self.shares if s.line.contract is contract and s.status == "ready"]
            retainers = [r for r in self.retainers if r.contract is contract and not r.is_billed and r.date <= until]
            found += self.draft(contract, due, shares, retainers)
        self.drafts += len(found)
        return found

    def bill_by_hand(self):
        found = []
        for name in self.terms["quarterly_by_hand"]:
            contract = self.by_name[name]
            ready = [sale for sale in self.backlog if sale.ready and sale.line.contract is contract]
            found += self.draft(contract, ready, [], [])
        return found

    def draft(self, contract, sales, shares, retainers):
        drafts = {}
        taken = set(map(id, sales))
        self.backlog = [sale for sale in self.backlog if id(sale) not in taken]

        def draft(item):
            return drafts.setdefault(item.customer, Invoice(contract, item.customer))

        for sale in sales:
            draft(sale).work.append(Billed(sale, sale.quantity, sale.price, sale.amount, sale.tax))
        for share in shares:
            draft(share).shares.append(share)
        for retainer in retainers:
            draft(retainer).retainers.append(retainer)
        return [drafts[customer] for customer in sorted(drafts)]

    # --- invoices

    def bill(self, contract, customer, kind, values, sign=1):
        for i, value in enumerate(values):
            self.billed[contract.name, customer, kind][i] += sign * value

    def confirm(self, invoice):
        contract, customer = invoice.contract, invoice.customer
        amount, tax = invoice.chargeable()
        room = amount
        for retainer in self.retainers:
            if retainer.contract is contract and retainer.customer == customer and room > 0:
                use = min(retainer.available, room)
                retainer.used += use
                room -= use
        amount -= amount - room
        for retainer in invoice.retainers:
            retainer.is_billed = True
            amount += retainer.amount
        for item in invoice.work:
            sale = item.sale
            if sale.committed:
                contract.committed[sale.line.name, customer] -= sale.amount
            self.count(item, 1)
        for share in invoice.shares:
            share.status = "billed"
            contract.reserved[share.counted_as, customer] -= share.amount
            contract.billed[share.counted_as, customer] += share.amount
            self.bill(contract, customer, share.kind, (share.quantity, share.amount, share.tax))
        self.post(invoice, "invoices", amount, tax)

    def count(self, item, sign):
        """A billed sale of work is written or credited."""
        sale = item.sale
        contract = sale.line.contract
        self.bill(contract, sale.customer, f"{sale.billing_type} work", (item.quantity, item.amount, item.tax), sign)
        if item.is_chargeable:
            contract.billed[sale.line.name, sale.customer] += sign * item.amount

    def post(self, invoice, kind, amount, tax):
        total = self.invoiced[invoice.contract.name, invoice.customer, kind]
        for i, value in enumerate((1, amount, tax)):
            total[i] += value
        self.numbers[invoice.contract.series] += 1

    # --- corrections

    def correct(self, invoices):
        plan = self.terms["corrections"]
        for invoice in invoices:
            self.invoice_count += 1
            what = next((w for w in ("reduced", "credited", "repriced") if self.invoice_count % plan["every"] == plan[w]), None)
            if what == "credited":
                self.credit(invoice)
            elif what:
                corrected = self.change(invoice, what)
                # Some corrections are corrected themselves.
                if corrected and what == "reduced" and self.invoice_count % 2 == 0:
                    self.credit(corrected)

    def change(self, invoice, what):
        plan = self.terms["corrections"]
        quantity, price = Decimal(plan["quantity"]), Decimal(plan["prices"][invoice.contract.currency])
        correction, net, net_tax = Invoice(invoice.contract, invoice.customer), ZERO, ZERO
        for item in invoice.work:
            task = item.sale.work.task
            if what == "reduced" and item.is_chargeable and task % 2 == 0 and item.quantity > quantity:
                stands = self.stands(item, quantity, item.price)
            elif what == "repriced" and item.is_chargeable and task % 3 == 0 and item.quantity > 0 and item.price > price:
                stands = self.stands(item, item.quantity, price)
            else:
                continue
            self.replace(item, stands)
            correction.work.append(stands)
            net += stands.amount - item.amount
            net_tax += stands.tax - item.tax
        if not correction.work:
            return None
        self.decisions[f"{invoice.contract.name}: {what}"] += 1
        self.post(correction, "corrections", net, net_tax)
        return correction

    def credit(self, invoice):
        """Everything but retainers and advances, which stay."""
        correction, net, net_tax = Invoice(invoice.contract, invoice.customer), ZERO, ZERO
        work = [item for item in invoice.work if item.quantity]
        for item in work:
            self.replace(item, None)
            if item.is_chargeable:
                net -= item.amount
                net_tax -= item.tax
        for share in invoice.shares:
            contract = invoice.contract
            share.status = "ready"
            contract.billed[share.counted_as, share.customer] -= share.amount
            contract.reserved[share.counted_as, share.customer] += share.amount
            self.bill(contract, share.customer, share.kind, (share.quantity, share.amount, share.tax), -1)
            net -= share.amount
            net_tax -= share.tax
        if work or invoice.shares:
            self.decisions[f"{invoice.contract.name}: credited"] += 1
            self.post(correction, "corrections", net, net_tax)

    def stands(self, item, quantity, price):
        decimals = item.sale.line.contract.decimals
        amount = rounded(quantity * price, decimals)
        tax = item.tax if amount == item.amount else rounded(item.tax * amount / item.amount, decimals) if item.amount else ZERO
        return Billed(item.sale, quantity, price, amount, tax)

    def replace(self, item, stands):
        """The billed sale is credited, what stands is billed, what it leaves of the quantity returns to the backlog."""
        self.count(item, -1)
        if stands:
            self.count(stands, 1)
        left = item.quantity - (stands.quantity if stands else ZERO)
        if left:
            sale = item.sale
            amount = item.amount - (stands.amount if stands else ZERO)
            tax = item.tax - (stands.tax if stands else ZERO)
            rest = Sale(sale.work, sale.line, sale.customer, sale.billing_type, left, item.price, amount, tax)
            if item.is_chargeable:
                self.claim(rest)
            self.backlog.append(rest)

    # --- the result

    def note(self, year, subject, text):
        self.facts.append(f"{year}, {subject}|{text}")

    def note_facts(self, year):
        for name, values in self.sums.items():
            subject, what = name.split(": ")
            if what.endswith("work approved") or what == "cost" and ", " in subject:
                contract, customer = subject.split(", ")
                self.note(year, contract, f"{customer}, {what}: {facts_text(*values)}")
            elif what == "nobody pays":
                self.note(year, "work nobody pays", f"{subject}: {facts_text(*values)}")
        for (contract, customer, kind), values in self.billed.items():
            if any(values):
                self.note(year, contract, f"{customer}, {kind} billed: {facts_text(*values)}")
        for (contract, customer, kind), (count, *values) in self.invoiced.items():
            self.note(year, contract, f"{customer}, {kind}: {count}, {money_text(*values)}")
        for retainer in self.retainers:
            self.note(
                year,
                retainer.contract.name,
                f"{retainer.customer}, retainer of {retainer.date}: {plain(retainer.amount)}, used {plain(retainer.used)}, "
                f"available {plain(retainer.available)}",
            )
        self.note_backlog(year)
        self.note_limits(year)
        for (contract, line), dates in self.due_dates.items():
            self.note(year, contract, f"{line}: {len(dates)} dates to come")
        for decision, count in self.decisions.items():
            contract, what = decision.split(": ")
            self.note(year, contract, f"{what}: {count}")
        for series, count in self.numbers.items():
            self.note(year, "invoices", f"{series}: from 1 to {count} without a gap")
        self.note(year, "runs", f"runs {self.runs}, drafts {self.drafts}")

    def note_backlog(self, year):
        left = defaultdict(list)
        for sale in self.backlog:
            state = f"failed by {sale.failed} limit" if sale.failed else "ready" if sale.ready else "not ready"
            left[sale.line.contract.name, sale.customer, state].append(sale)
        for (contract, customer, state), sales in left.items():
            sums = (sum((getattr(s, f) for s in sales), ZERO) for f in ("quantity", "amount", "tax"))
            self.note(year, contract, f"{customer}, backlog {state}: rows {len(sales)}, {facts_text(*sums)}")
        for share in self.shares:
            if share.status != "billed" and share.date:
                left = f"{share.customer}, milestone of {share.date}: {plain(share.amount)} {share.status}"
                self.note(year, share.line.contract.name, left)

    def note_limits(self, year):
        for contract in self.contracts:
            for line in contract.lines:
                for party in contract.parties:
                    sums = [totals[line.name, party.name] for totals in (contract.committed, contract.billed)]
                    if any(sums):
                        text = "%s, %s: committed %s, billed %s" % (line.name, party.name, *map(plain, sums))
                        self.note(year, contract.name, text)


def main():
    rules_file, terms_file, task_file, date_file = sys.argv[1:]
    with open(rules_file, encoding="utf-8") as file:
        rules = json.load(file)
    with open(terms_file, encoding="utf-8") as file:
        terms = json.load(file)
    years = Years(rules, terms, read_work(task_file, date_file))
    years.run()
    print("\n".join(years.facts))


if __name__ == "__main__":
    main()
