#!/usr/bin/env python3
"""What billing the SiP work log must come to, computed from the two CSV files and rules.json alone.

Usage: reconcile.py RULES TASK_INFO DATES
Prints one fact per line, "name|values", under the names that facts.sql uses for what the database says.
Knows nothing of the extension but the rules of billing: shares round half away from zero and one customer takes what
is left over; limits are claimed first come, first served; an edited quantity leaves the rest as non-chargeable.
"""

import csv
import itertools
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, getcontext

getcontext().prec = 60

ZERO = Decimal(0)
MONEY_DECIMALS = {"GBP": 2, "NOK": 2, "JPY": 0, "KWD": 3}
CHARGEABLE, NON_CHARGEABLE, COMPLIMENTARY = "chargeable", "non_chargeable", "complimentary"
PRODUCTS = "products"  # in place of the name of a line
# Where a limit can be set, in the order of checking, and how a refusal calls it.
LEVELS = {
    "contract_line_customer": "customer on the contract line",
    "contract_line": "contract line",
    "contract_customer": "customer on the contract",
    "contract": "contract",
}


def rounded(value, decimals):
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def plain(value):
    """123.4500 -> 123.45, 0E+2 -> 0"""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) if value else "0"


# ----------------------------------------------------------------------------------------------------- the rules


@dataclass
class Party:
    name: str
    percents: list  # one per round
    is_rounding: bool
    limit: Decimal  # None: none


@dataclass
class Line:
    name: str
    contract: "Contract"
    rules: dict
    limit: Decimal

    @property
    def is_time_and_material(self):
        return self.rules["method"] == "time_and_material"

    def customer_limit(self, customer):
        return decimal_or_none(self.rules.get("customer_limits", {}).get(customer))


class Contract:
    def __init__(self, rules, company, rounds):
        self.rules = rules
        self.name = rules["name"]
        self.currency = rules["currency"]
        self.decimals = MONEY_DECIMALS[self.currency]
        self.quantity_decimals = company["quantity_scale"]
        self.cost_decimals = MONEY_DECIMALS[company["currency"]]
        self.series = company["series"]
        self.limit = decimal_or_none(rules.get("nte_limit"))
        self.primary = rules["customers"][0]["name"]
        self.parties = [
            Party(
                c["name"],
                [Decimal(p) for p in c.get("percents", [c.get("percent")] * rounds)],
                c.get("is_rounding", False),
                decimal_or_none(c.get("nte_limit")),
            )
            for c in rules["customers"]
        ]
        # Customers are known by number, in alphabetical order; that is the order their shares are made in.
        self.parties.sort(key=lambda party: party.name)
        self.lines = [Line(r["name"], self, r, decimal_or_none(r.get("nte_limit"))) for r in rules["lines"]]
        # What limits count, by line and customer.
        self.committed = defaultdict(lambda: ZERO)
        self.billed = defaultdict(lambda: ZERO)

    def has_limit(self):
        return (
            self.limit is not None
            or any(p.limit is not None for p in self.parties)
            or any(line.limit is not None or line.rules.get("customer_limits") for line in self.lines)
        )

    # --- limits

    def used(self, line=None, customer=None):
        return sum(
            amount
            for totals in (self.committed, self.billed)
            for (l, c), amount in totals.items()
            if (line is None or l == line) and (customer is None or c == customer)
        )

    def first_limit_broken(self, line, customer, amount):
        """None: it fits; "": there is no limit; otherwise the level."""
        party = next(p for p in self.parties if p.name == customer)
        levels = [
            ("contract_customer", party.limit, None, customer),
            ("contract", self.limit, None, None),
        ]
        if line is not None:
            levels = [
                ("contract_line_customer", line.customer_limit(customer), line.name, customer),
                ("contract_line", line.limit, line.name, None),
            ] + levels
        if all(limit is None for _, limit, _, _ in levels):
            return ""
        for level, limit, line_name, customer_name in levels:
            if limit is not None and amount > 0 and self.used(line_name, customer_name) + amount > limit:
                return level
        return None


def decimal_or_none(text):
    return None if text is None else Decimal(text)


# ----------------------------------------------------------------------------------------------------- splitting


def split(quantity, price, tax, contract, round_number, money_decimals):
    """[(customer, quantity, amount, tax)]; the parts add up to the whole."""
    total = rounded(quantity * price, money_decimals)
    parts = {}
    for party in contract.parties:
        percent = party.percents[round_number]
        if not party.is_rounding and percent:
            part = rounded(quantity * percent / 100, contract.quantity_decimals)
            amount, part_tax = rounded(part * price, money_decimals), rounded(tax * percent / 100, money_decimals)
            parts[party.name] = (part, amount, part_tax)
    rounding = next(p.name for p in contract.parties if p.is_rounding)
    taken = [sum((p[i] for p in parts.values()), ZERO) for i in range(3)]
    parts[rounding] = (quantity - taken[0], total - taken[1], tax - taken[2])
    return [(p.name, *parts[p.name]) for p in contract.parties if p.name in parts]


def split_amount(amount, tax, contract, round_number):
    parts = {}
    for party in contract.parties:
        percent = party.percents[round_number]
        if not party.is_rounding and percent:
            parts[party.name] = tuple(rounded(x * percent / 100, contract.decimals) for x in (amount, tax))
    rounding = next(p.name for p in contract.parties if p.is_rounding)
    parts[rounding] = tuple(whole - sum((p[i] for p in parts.values()), ZERO) for i, whole in enumerate((amount, tax)))
    return [(p.name, *parts[p.name]) for p in contract.parties if p.name in parts]


# ----------------------------------------------------------------------------------------------------- the work log


@dataclass
class Work:
    task: int
    developer: int
    project: str
    breakdown: str
    category: str
    hours: Decimal
    completed: date


def read_work(task_file, date_file):
    days = {}
    with open(date_file, encoding="cp1252", newline="") as file:
        for row in csv.DictReader(file):
            if row["CompletedOn"]:
                day = datetime.strptime(row["CompletedOn"], "%d-%b-%y").date()
                if days.setdefault(int(row["TaskNumber"]), day) != day:
                    sys.exit(f"task {row['TaskNumber']} was completed on two days")
    work = []
    with open(task_file, encoding="cp1252", newline="") as file:
        for row in csv.DictReader(file):
            task = int(row["TaskNumber"])
            if task in days:
                work.append(
                    Work(
                        task,
                        int(row["DeveloperID"]),
                        row["ProjectCode"],
                        row["ProjectBreakdownCode"],
                        row["Category"],
                        Decimal(row["DeveloperHoursActual"]),
                        days[task],
                    )
                )
    return sorted(work, key=lambda w: (w.completed, w.task, w.developer))


@dataclass
class Sale:
    """An unbilled sale: one customer's part of one piece of work."""

    work: Work
    line: Line
    customer: str
    billing_type: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    tax: Decimal
    failed: str = ""  # level of the limit
    committed: bool = False
    ready: bool = False
    position: int = 0  # in the backlog


class Milestone:
    def __init__(self, line, day, amount, tax):
        self.line = line
        self.date = day
        self.shares = split_amount(amount, tax, line.contract, 0)
        self.open = [customer for customer, _, _ in self.shares]  # not billed yet


@dataclass
class Draft:
    """An invoice to one customer of a contract; its sums are of what is chargeable."""

    contract: Contract
    amount: Decimal = ZERO
    tax: Decimal = ZERO
    added: Decimal = ZERO  # by edits

    def add(self, amount, tax):
        self.amount += amount
        self.tax += tax


def chargeable(sale):
    return sale.amount if sale.billing_type == CHARGEABLE else ZERO


# ----------------------------------------------------------------------------------------------------- billing


class Billing:
    def __init__(self, rules, work):
        self.rules = rules
        self.work = work
        self.companies = {c["name"]: c for c in rules["companies"]}
        rounds = len(rules["rounds"])
        self.contracts = [Contract(c, self.companies[c["company"]], rounds) for c in rules["contracts"]]
        self.company_of = {}
        self.backlog = []  # sales, oldest first
        self.positions = itertools.count()
        self.milestones = [
            Milestone(line, date.fromisoformat(m["date"]), Decimal(m["amount"]), Decimal(m["tax"]))
            for contract in self.contracts
            for line in contract.lines
            for m in line.rules.get("milestones", [])
        ]
        self.sums = defaultdict(lambda: [ZERO, ZERO, ZERO])
        self.invoices = defaultdict(lambda: [0, ZERO, ZERO])
        self.numbers = Counter()
        self.outcomes = Counter()
        for contract in self.contracts:
            for line in contract.lines:
                if "project" in line.rules:
                    self.company_of[line.rules["project"]] = self.companies[contract.rules["company"]]

    def hits(self, work, choice):
        modulus, rest = self.rules["choices"][choice]
        return work.task % modulus == rest

    def add(self, name, quantity, amount, tax):
        for i, value in enumerate((quantity, amount, tax)):
            self.sums[name][i] += value

    def run(self):
        start = date.min
        for number, until in enumerate(self.rules["rounds"]):
            until = date.fromisoformat(until)
            self.round = number
            self.verbs = Counter()
            if number == 2:
                self.raise_limits()
            due = [w for w in self.work if start < w.completed <= until]
            for work in due:
                self.approve(work)
            self.verbs["submit changed"] = self.verbs["approve changed"] = len(due)
            self.bill(until)
            for verb, count in self.verbs.items():
                if count:
                    self.outcomes[f"round {number + 1}: {verb}"] = count
            start = until

    def raise_limits(self):
        for contract in self.contracts:
            for line in contract.lines:
                if "raised_limit" in line.rules:
                    line.limit = Decimal(line.rules["raised_limit"])
                    for sale in self.backlog:
                        if sale.line is line and sale.failed:
                            self.claim(sale)
                            self.verbs["reevaluate_nte " + ("failed" if sale.failed else "committed")] += 1

    # --- approval

    def paying_line(self, work):
        for contract in self.contracts:
            for line in contract.lines:
                covered = line.rules.get("tasks", [work.breakdown])
                if line.rules.get("project") == work.project and work.breakdown in covered:
                    return line
        return None

    def approve(self, work):
        cost_price = Decimal(self.rules["cost"]["base"]) + work.developer * Decimal(self.rules["cost"]["per_developer"])
        company = self.company_of.get(work.project, self.rules["companies"][0])
        cost = rounded(work.hours * cost_price, MONEY_DECIMALS[company["currency"]])
        self.add("all work: cost", work.hours, ZERO, ZERO)
        self.add(f"project {work.project}: cost", work.hours, cost, ZERO)
        line = self.paying_line(work)
        if line is None:
            self.add(f"project {work.project}: nobody pays", work.hours, cost, ZERO)
            return
        contract = line.contract
        shares = split(work.hours, cost_price, ZERO, contract, self.round, contract.cost_decimals)
        for customer, quantity, amount, _ in shares:
            self.add(f"{contract.name}, {customer}: cost", quantity, amount, ZERO)
        if line.is_time_and_material:
            self.sell(work, line)

    def billing_type(self, work, line):
        if self.hits(work, "approve_complimentary"):
            return COMPLIMENTARY
        if self.hits(work, "entry_non_chargeable"):
            return NON_CHARGEABLE
        chargeable = work.category in line.rules.get("chargeable_roles", []) or self.rules["roles"][work.category]
        return CHARGEABLE if chargeable else NON_CHARGEABLE

    def billable(self, work):
        if self.hits(work, "approve_nothing_billable"):
            return ZERO
        if self.hits(work, "approve_half_an_hour_more"):
            return work.hours + Decimal("0.5")
        if self.hits(work, "entry_three_quarters"):
            return rounded(work.hours * Decimal("0.75"), 2)
        return work.hours

    def sell(self, work, line):
        contract = line.contract
        price = Decimal(self.rules["prices"][contract.currency][work.category])
        tax = rounded(work.hours * price * Decimal(contract.rules["tax_percent"]) / 100, contract.decimals)
        billing_type = self.billing_type(work, line)
        billable = self.billable(work) if billing_type == CHARGEABLE else work.hours
        if billable:
            self.sell_part(work, line, billing_type, billable, price, tax if billing_type == CHARGEABLE else ZERO)
        if billable < work.hours:
            self.sell_part(work, line, NON_CHARGEABLE, work.hours - billable, price, ZERO)

    def sell_part(self, work, line, billing_type, quantity, price, tax):
        contract = line.contract
        for customer, *values in split(quantity, price, tax, contract, self.round, contract.decimals):
            sale = Sale(work, line, customer, billing_type, values[0], price, values[1], values[2])
            sale.position = next(self.positions)
            self.add(f"{contract.name}, {customer}: {billing_type} work approved", *values)
            if billing_type == CHARGEABLE:
                self.claim(sale)
            self.backlog.append(sale)

    def claim(self, sale):
        contract = sale.line.contract
        broken = contract.first_limit_broken(sale.line, sale.customer, sale.amount)
        sale.failed = broken or ""
        sale.committed = broken is None
        if sale.committed:
            contract.committed[sale.line.name, sale.customer] += sale.amount

    # --- invoices

    def bill(self, until):
        self.drafts = {}  # (contract, customer): Draft
        self.mark_ready()
        self.draft_milestones(until)
        self.draft_products()
        taken = self.draft_sales()
        self.count_drafts()
        for sale in taken:
            page = self.draft(sale.line.contract, sale.customer)
            after = self.edited(sale)
            if self.hits_draft(sale, "take_off_draft"):
                self.verbs["edit: take_off_draft changed"] += 1
                self.backlog.append(sale)
            else:
                self.confirm(sale, after, page)
        self.confirm_drafts()
        self.backlog.sort(key=lambda sale: sale.position)

    def draft(self, contract, customer):
        return self.drafts.setdefault((contract.name, customer), Draft(contract))

    def refuse_mark(self, level):
        self.verbs[f"mark_ready_to_invoice refused (exceeds the not-to-exceed limit of the {LEVELS[level]})"] += 1

    def mark_ready(self):
        for sale in self.backlog:
            if sale.failed:
                self.refuse_mark(sale.failed)
            elif not sale.ready:
                sale.ready = True
                self.verbs["mark_ready_to_invoice changed"] += 1

    def draft_sales(self):
        """Takes what is ready out of the backlog, apart from what is held back."""
        taken, left = [], []
        for sale in self.backlog:
            if sale.ready and self.hits(sale.work, "hold_back"):
                sale.ready = False
                self.verbs["mark_not_ready_to_invoice changed"] += 1
            if sale.ready:
                self.draft(sale.line.contract, sale.customer)
            (taken if sale.ready else left).append(sale)
        self.backlog = left
        return taken

    def draft_products(self):
        for contract in self.contracts:
            for line in contract.lines:
                if line.rules["method"] == "product" and line.rules["round"] == self.round + 1:
                    self.verbs["mark_ready_to_invoice changed"] += 1
                    quantity, price = Decimal(line.rules["quantity"]), Decimal(line.rules["unit_price"])
                    amount, tax = rounded(quantity * price, contract.decimals), Decimal(line.rules["tax"])
                    self.add(f"{contract.name}, {contract.primary}: products", quantity, amount, tax)
                    self.draft(contract, contract.primary).add(amount, tax)
                    # Counts against the limits of customer and contract; a product line has none of its own.
                    contract.billed[PRODUCTS, contract.primary] += amount

    def draft_milestones(self, until):
        """Ready milestones go onto drafts; one that breaks a limit stays."""
        reserved = defaultdict(lambda: ZERO)
        for milestone in self.milestones:
            if milestone.date > until or not milestone.open:
                continue
            contract = milestone.line.contract
            for customer, amount, tax in milestone.shares:
                if customer not in milestone.open:
                    continue
                broken = contract.first_limit_broken(None, customer, amount + reserved[contract.name, customer])
                if broken:
                    self.refuse_mark(broken)
                    continue
                self.verbs["mark_ready_to_invoice changed"] += 1
                milestone.open.remove(customer)
                reserved[contract.name, customer] += amount
                contract.billed[milestone.line.name, customer] += amount
                self.add(f"{contract.name}, {customer}: milestones", Decimal(1), amount, tax)
                self.draft(contract, customer).add(amount, tax)

    def count_drafts(self):
        self.verbs["create_invoices unchanged (created by an earlier call with this run key)"] = len(self.drafts)
        again = sum(1 for page in self.drafts.values() if page.contract.rules.get("recreate_drafts"))
        self.verbs["delete_invoices changed"] = self.verbs["create_invoices again changed"] = again
        for page in self.drafts.values():
            if "manual_fee" in page.contract.rules:
                self.verbs["edit: manual_fee changed"] += 1
            if "reviewed" in page.contract.rules:
                self.verbs["review_invoices changed"] += 1

    def hits_draft(self, sale, choice):
        return sale.billing_type == CHARGEABLE and sale.quantity > 0 and self.hits(sale.work, choice)

    def edited(self, sale):
        """The sale as it stands on the draft after all edits."""
        decimals = sale.line.contract.decimals

        def change(choice, **fields):
            nonlocal after
            if self.hits_draft(sale, choice):
                self.verbs[f"edit: {choice} changed"] += 1
                after = replace(after, **fields)
                if "quantity" in fields or "price" in fields:
                    same = (after.quantity, after.price) == (sale.quantity, sale.price)
                    after.amount = sale.amount if same else rounded(after.quantity * after.price, decimals)
                if not after.quantity and "tax" not in fields:
                    after.tax = ZERO

        after = replace(sale)
        change("edit_quarter_of_an_hour", quantity=Decimal("0.25"))
        change("edit_price", price=Decimal(self.rules["edited_price"]))
        change("edit_complimentary", billing_type=COMPLIMENTARY)
        if not sale.line.contract.has_limit():
            change("edit_three_hours", quantity=Decimal(3))
        change("edit_nothing_billable", quantity=ZERO)
        change("edit_without_tax", tax=ZERO)
        change("edit_text")
        return after

    def confirm(self, sale, after, page):
        """What was edited on the draft is billed; what it leaves of the quantity is billed, too, but costs nothing."""
        contract = sale.line.contract
        key = f"{contract.name}, {sale.customer}"
        page.added += chargeable(after) - chargeable(sale)
        if after.quantity or after == sale:
            self.add(f"{key}: {after.billing_type} work billed", after.quantity, after.amount, after.tax)
        if after.quantity < sale.quantity:
            rest = sale.quantity - after.quantity
            self.add(f"{key}: {NON_CHARGEABLE} work billed", rest, rounded(rest * sale.price, contract.decimals), ZERO)
        if sale.committed:
            contract.committed[sale.line.name, sale.customer] -= sale.amount
        if after.billing_type == CHARGEABLE:
            contract.billed[sale.line.name, sale.customer] += after.amount
            page.add(after.amount, after.tax)

    def confirm_drafts(self):
        # On the first draft of a contract with a limit stands a detail too many; without it, it goes through, too.
        refused = sorted(key for key, page in self.drafts.items() if "manual_too_much" in page.contract.rules)[:1]
        for key in refused:
            self.verbs[
                f"confirm_invoices refused (edits and manual details add {plain(self.drafts[key].added + 1000000)}, "
                "more than the not-to-exceed limit of the contract leaves)"
            ] = 1
        self.verbs["confirm_invoices changed"] = len(self.drafts) - len(refused)
        self.verbs["confirm_invoices again changed"] = self.verbs["remove_invoice_details changed"] = len(refused)
        for (name, customer), page in self.drafts.items():
            contract = page.contract
            if "manual_fee" in contract.rules:
                fee, tax = Decimal(contract.rules["manual_fee"]), Decimal("10.01")
                self.add(f"{name}, {customer}: fees by hand", Decimal(1), fee, tax)
                contract.billed[contract.lines[0].name, customer] += fee
                page.add(fee, tax)
            total = self.invoices[name, customer]
            for i, value in enumerate((1, page.amount, page.tax)):
                total[i] += value
            self.numbers[contract.series] += 1

    # --- the result

    def facts(self):
        facts = dict(self.outcomes)
        for name, (quantity, amount, tax) in self.sums.items():
            facts[name] = f"hours {plain(quantity)}, amount {plain(amount)}, tax {plain(tax)}"
        facts["all work: cost"] = f"entries {len(self.work)}, hours {plain(sum(w.hours for w in self.work))}"
        left = defaultdict(list)
        for sale in self.backlog:
            state = "ready_to_invoice" if sale.ready else "not_ready_to_invoice"
            if sale.failed:
                state = f"failed by {sale.failed} limit"
            left[f"{sale.line.contract.name}, {sale.customer}: {state}"].append(sale)
        for name, sales in left.items():
            sums = [plain(sum((getattr(s, f) for s in sales), ZERO)) for f in ("quantity", "amount", "tax")]
            facts[name] = "rows %d, hours %s, amount %s, tax %s" % (len(sales), *sums)
        waiting = defaultdict(list)
        for milestone in self.milestones:
            for customer, amount, tax in milestone.shares:
                if customer in milestone.open:
                    waiting[f"{milestone.line.contract.name}, {customer}: milestones not billed"].append((amount, tax))
        for name, shares in waiting.items():
            sums = [plain(sum((s[i] for s in shares), ZERO)) for i in range(2)]
            facts[name] = "shares %d, amount %s, tax %s" % (len(shares), *sums)
        for (name, customer), (count, amount, tax) in self.invoices.items():
            facts[f"{name}, {customer}: invoices"] = (
                f"invoices {count}, amount {plain(amount)}, tax {plain(tax)}, total {plain(amount + tax)}"
            )
        for contract in self.contracts:
            for line in contract.lines:
                for party in contract.parties:
                    committed = contract.committed[line.name, party.name]
                    billed = contract.billed[line.name, party.name]
                    if committed or billed:
                        facts[f"{contract.name}, {line.name}, {party.name}: limits"] = (
                            f"committed {plain(committed)}, billed {plain(billed)}"
                        )
        for series, count in self.numbers.items():
            facts[f"series {series}: numbers"] = f"from 1 to {count} without a gap"
        return facts


def main():
    rules_file, task_file, date_file = sys.argv[1:]
    with open(rules_file, encoding="utf-8") as file:
        rules = json.load(file)
    billing = Billing(rules, read_work(task_file, date_file))
    billing.run()
    for name, values in sorted(billing.facts().items()):
        print(f"{name}|{values}")


if __name__ == "__main__":
    main()
