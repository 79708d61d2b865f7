"""What the stories of the SiP work log have in common: the files, the contracts, and how work becomes unbilled sales.

Knows nothing of the extension but the rules of billing: shares round half away from zero and one customer takes what
is left over; limits are claimed first come, first served.
"""

import csv
import itertools
import sys
from collections import defaultdict
from dataclasses import dataclass
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


# ----------------------------------------------------------------------------------------------------- approval


class Ledger:
    """Contracts, the backlog of unbilled sales, and sums by the name of a fact."""

    def __init__(self, rules, work):
        self.rules = rules
        self.work = work
        self.round = 0
        self.companies = {c["name"]: c for c in rules["companies"]}
        rounds = len(rules["rounds"])
        self.contracts = [Contract(c, self.companies[c["company"]], rounds) for c in rules["contracts"]]
        self.company_of = {
            line.rules["project"]: self.companies[contract.rules["company"]]
            for contract in self.contracts
            for line in contract.lines
            if "project" in line.rules
        }
        self.backlog = []  # sales, oldest first
        self.positions = itertools.count()
        self.sums = defaultdict(lambda: [ZERO, ZERO, ZERO])

    def milestones_of_rules(self):
        """[(line, date, amount, tax)]"""
        return [
            (line, date.fromisoformat(m["date"]), Decimal(m["amount"]), Decimal(m["tax"]))
            for contract in self.contracts
            for line in contract.lines
            for m in line.rules.get("milestones", [])
        ]

    def hits(self, work, choice):
        modulus, rest = self.rules["choices"][choice]
        return work.task % modulus == rest

    def add(self, name, quantity, amount, tax):
        for i, value in enumerate((quantity, amount, tax)):
            self.sums[name][i] += value

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
