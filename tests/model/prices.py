"""Price lists (README "Prices", domain.md 4.5): what a unit of work costs and sells for, and work priced anew.

`Prices` is a base of World. The rest makes price lists, and work that needs them, at random for a new world.
"""
from datetime import date, timedelta
from decimal import Decimal

from rules import rounded

ZERO = Decimal(0)
PRICE_SCALE = 4     # decimals of a price that was computed
OPEN = ("not_ready_to_invoice", "ready_to_invoice", "customer_invoice_created")
FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)
HOURS = {"hour": Decimal(1), "day": Decimal(8), "minute": Decimal("0.016667")}
RESOURCE_ROLES = {1: 1, 2: 2, 3: 1, 4: None}
PRODUCT_UNITS = {1: "each", 2: "metre"}
RATED_UNITS = {"time": ["hour", "hour", "day", "minute"], "expense": ["each", "km"], "material": ["each", "metre"]}
PEOPLE = [(None, None), (1, None), (2, None), (None, 1), (None, 3), (1, 1), (2, 4)]      # role, resource


class Row:
    """Attributes and identity, as model.Thing, which this module must not import."""

    def __init__(self, **values):
        self.__dict__.update(values)


class Rate(Row):
    @property
    def key(self):
        """There is one rate of a list for it. A rate of time covers every unit of time."""
        what = {"time": (self.role, self.resource), "expense": (self.category, self.unit), "material": (self.product, self.unit)}
        return self.cls, *what[self.cls]


class Listed:
    """What a list says: a price, the list and rate it comes from; `problem`: there can be no price."""

    def __init__(self, price=ZERO, price_list=None, rate=None, problem=False):
        self.price, self.list, self.rate, self.problem = price, price_list, rate, problem


class Priced:
    """Cost and sales price of an entry, each with what a list says if that counts; `overruled`: a typed price does not."""

    def __init__(self, cost, sales, cost_listed, sales_listed, overruled):
        self.cost, self.sales, self.cost_listed, self.sales_listed = cost, sales, cost_listed, sales_listed
        self.overruled = overruled

    @property
    def problem(self):
        return any(listed and listed.problem for listed in (self.cost_listed, self.sales_listed))


class Prices:
    def __init__(self):
        super().__init__()
        self.price_lists, self.company_lists = {}, {"cost": [], "sales": []}
        self.company_currency, self.overruled = "EUR", False

    # ---------------------------------------------------------------------------------------- what lists say

    @staticmethod
    def list_on(validities, day):
        return next((v.list for v in validities if v.start <= day < v.end), None)

    def sales_list(self, contract, day):
        """A contract with lists of its own uses these alone, also on days without one."""
        return self.list_on(contract.price_lists or self.company_lists["sales"], day)

    @staticmethod
    def unit_of(work):
        if work.unit:
            return work.unit
        if work.cls == "material":
            return PRODUCT_UNITS.get(work.product, "each")
        return "hour" if work.cls == "time" else "each"

    def rate_for(self, price_list, work):
        """Time: role and resource, resource, role, neither. Expense and material: in their unit alone."""
        keys = {"time": [("time", role, resource) for role, resource in (
                    (work.role, work.resource), (None, work.resource), (work.role, None), (None, None))],
                "expense": [("expense", work.category, self.unit_of(work))],
                "material": [("material", work.product, self.unit_of(work))], "fee": []}
        rates = {rate.key: rate for rate in price_list.rates}
        return next((rates[key] for key in keys[work.cls] if key in rates), None)

    def listed(self, price_list, currency, work, cost=None):
        """cost: of one unit in the currency of the list, for mark-ups."""
        if not price_list:
            return Listed()
        if price_list.currency != currency:
            return Listed(price_list=price_list, problem=True)
        rate = self.rate_for(price_list, work)
        if not rate:
            return Listed(price_list=price_list)
        if rate.price is None:
            if cost is None:
                return Listed(ZERO, price_list, rate, True)
            return Listed(rounded(cost * (100 + rate.markup) / 100, PRICE_SCALE), price_list, rate)
        wanted, given = self.unit_of(work), rate.unit
        if wanted == given:
            return Listed(rate.price, price_list, rate)
        if wanted not in HOURS or given not in HOURS:
            return Listed(ZERO, price_list, rate, True)
        return Listed(rounded(rate.price * HOURS[wanted] / HOURS[given], PRICE_SCALE), price_list, rate)

    def list_cost(self, work):
        return self.listed(self.list_on(self.company_lists["cost"], work.date), self.company_currency, work)

    def list_sales(self, contract, work, cost):
        """Without a cost in the currency of the contract there are no mark-ups."""
        return self.listed(self.sales_list(contract, work.date), contract.currency, work,
                           cost if contract.currency == self.company_currency else None)

    def price_for(self, contract, work, cost=None):
        """What the lists say of work that is no entry: cost, sales. A mark-up on a cost that cannot be is no price."""
        listed = self.list_cost(work) if cost is None else Listed(cost)
        return listed, self.list_sales(contract, work, None if listed.problem else listed.price)

    def detail_price(self, invoice, work):
        """Of a detail somebody adds to a draft without a price."""
        _, sales = self.price_for(invoice.contract, work)
        return None if sales.problem else sales.price

    def prices_of(self, entry, line, agreed=None, overrules=False, agreed_cost=None):
        """Typed prices win, also 0, unless rerate() was told that lists do; then they count where no list has a rate.
        agreed: a price of a credited invoice or of a journal, which counts as typed; so does a journal's cost."""
        def counts(typed, listed, is_overruled):
            return typed is None or (is_overruled and (listed.rate is not None or listed.problem))

        lists_win, overruled = entry.at_list_price or overrules, False
        cost, cost_listed = entry.cost_price if agreed_cost is None else agreed_cost, self.list_cost(entry)
        if not counts(cost, cost_listed, lists_win if agreed_cost is None else overrules):
            cost_listed = None
        else:
            overruled = cost is not None
            cost = cost_listed.price
        sales, sales_listed = entry.sales_price if agreed is None else agreed, None
        if line and line.method == "time_and_material":
            sales_listed = self.list_sales(line.contract, entry, cost)
            if not counts(sales, sales_listed, lists_win if agreed is None else overrules):
                sales_listed = None
            else:
                overruled |= sales is not None
                sales = sales_listed.price
        return Priced(cost, sales, cost_listed, sales_listed, overruled)

    # ---------------------------------------------------------------------------------------- priced anew

    def contracts_of_lists(self, numbers):
        """Those that use a list: their own, or their company's."""
        company = {context for context, validities in self.company_lists.items()
                   if any(v.list.id in numbers for v in validities)}
        return [c for c in self.contracts.values()
                if any(v.list.id in numbers for v in c.price_lists) or "cost" in company
                or ("sales" in company and not c.price_lists)]

    def work_to_price(self, contracts, lists, start):
        """Approved work of the contracts, of that day or later."""
        chosen = [self.contracts[n] for n in contracts if n in self.contracts] + self.contracts_of_lists(lists)
        return [e for e in sorted(self.entries.values(), key=lambda e: e.id)
                if e.status in ("approved", "recall_requested") and e.date >= (start or FIRST_DAY)
                and any(self.is_of_approval(a) and a.contract in chosen for a in self.actuals_of(e))]

    @staticmethod
    def is_of_approval(a):
        """What an approval wrote and nobody has taken back; a sale that was on an invoice stays what it was."""
        return (a.invoice is None and a.reverses is None
                and (a.adjustment != "adjusted" or (a.type == "unbilled_sales" and a.claim is not None)))

    @staticmethod
    def agreed_on_invoice(sales):
        """Whether an invoice, first or corrective, billed one of them at another price than it had before. Follows what
        replaced what, back to where the sale got a price from the entry or the lists."""
        for a in sales:
            while a.source:
                if a.price != a.source.price:
                    if a.invoice is not None:
                        return True
                    break
                a = a.source
        return False

    def rerate(self, contracts=(), lists=(), start=None, typed=False):
        """Rows as rerate() returns them; of what is written the new ids are unknown."""
        work = self.work_to_price(contracts, lists, start)
        rows = [(entry.id, "refused", *[None] * 13) for entry in work if self.is_refused(entry, typed)]
        before = {entry: {a: a.nte for a in self.actuals_of(entry)} for entry in work}
        self.evaluate_again(work, typed)
        for entry, known in before.items():
            rows += self.changes(entry, [a for a in self.actuals_of(entry) if a not in known])
            rows += [self.change_row(entry, a, a) for a, nte in known.items() if a.nte != nte and a.adjustment != "adjusted"]
        return rows

    def live_sales(self, entry):
        """Sales in the backlog or on a draft, and billed ones that are not credited."""
        return [a for a in self.actuals_of(entry) if a.type != "cost" and a.reverses is None
                and a.adjustment in ("adjustable", "in_process") and (a.type == "billed_sales" or a.status in OPEN)]

    def as_written(self, entry):
        """What approval or another evaluation wrote of what counts, before invoices made something else of it."""
        def root(a):
            while a.invoice is not None and a.source:
                a = a.source
            return a
        costs = [a for a in self.actuals_of(entry) if a.type == "cost" and a.reverses is None
                 and a.adjustment in ("adjustable", "in_process")]
        return costs + list(dict.fromkeys(root(a) for a in self.live_sales(entry)))

    def is_refused(self, entry, typed):
        """What is on an invoice, cannot be priced, or is of a closed contract, and would be another today. What was billed
        in full has only its prices compared."""
        actuals = self.actuals_of(entry)
        standing = sorted((a for a in actuals if self.is_standing(a)), key=lambda a: a.id)
        if not self.is_held(entry):
            judged = self.judge_again(entry, standing, typed)
            return (not judged or (not self.is_as_judged(standing, *judged)
                                   and (any(a.contract.status == "closed" for a in standing)
                                        or not self.agreed_at_one_price(standing))))
        judged = self.judge(entry, entry.approved_quantity, entry.approved_type, overrules=typed)
        approved = self.as_written(entry)
        waits = any(a.type == "unbilled_sales" for a in standing)
        if waits or not any(a.type == "billed_sales" and a.adjustment == "adjustable" for a in actuals if a.reverses is None):
            return not judged or not self.same_terms(approved, judged[0], judged[2])
        return bool(judged) and any(a.type == row["type"] and a.price != row["price"] for a in approved for row in judged[2])

    def changes(self, entry, new):
        """Reversals, and what is written after them; matched by type, billing type and customer."""
        taken, rows = [], []
        for a in sorted(new, key=lambda a: a.serial):
            if a.reverses:
                taken.append(a.reverses)
                continue
            was = next((t for t in taken if (t.type, t.billing_type, t.customer) == (a.type, a.billing_type, a.customer)), None)
            if was:
                taken.remove(was)
            rows.append(self.change_row(entry, was, a))
        return rows + [self.change_row(entry, was, None) for was in taken]

    @staticmethod
    def change_row(entry, was, becomes):
        a = becomes or was
        old = (was.price, was.amount) if was else (None, None)
        new = (becomes.price, becomes.amount) if becomes else (None, None)
        return (entry.id, "changed", a.contract.id, a.line and a.line.id, a.customer, a.type, a.billing_type,
                becomes and becomes.nte, was and was.id, a.quantity, old[0], new[0], old[1], new[1],
                (new[1] or ZERO) - (old[1] or ZERO))


# ------------------------------------------------------------------------------------------------ a world with lists

class PriceBuilder:
    """Price lists of the company and of some contracts."""

    def __init__(self, builder, first_day):
        self.rng, self.world, self.builder, self.first_day = builder.rng, builder.world, builder, first_day

    def build(self):
        self.reference_data()
        self.assign(self.world.company_lists["cost"], "company", "cost", self.world.company_currency)
        if self.rng.random() < 0.4:
            self.assign(self.world.company_lists["sales"], "company", "sales", self.world.company_currency)
        for contract in self.world.contracts.values():
            if self.rng.random() < (0.5 if contract.currency == self.world.company_currency else 0.75):
                self.assign(contract.price_lists, contract, "sales", contract.currency)

    def reference_data(self):
        put = self.builder.put
        for unit, hours in HOURS.items():
            if unit != "hour":
                put("time_unit", unit=unit, hours=hours)
        for number, unit in PRODUCT_UNITS.items():
            put("product", product_id=number, name=f"Product {number}", unit=unit)
        for number, role in RESOURCE_ROLES.items():
            if number > 2:
                put("resource", resource_id=number, name=f"Resource {number}", role_id=role)

    def assign(self, validities, owner, context, currency):
        """One list for ever, or two with a day between them on which one ends, or without a list for some days."""
        middle = self.first_day + timedelta(days=self.rng.randrange(5, 35))
        spans = [(FIRST_DAY, LAST_DAY)]
        if self.rng.random() < 0.5:
            spans = [(FIRST_DAY, middle), (middle + timedelta(days=self.rng.choice([0, 0, 5])), LAST_DAY)]
        for start, end in spans:
            validity = Row(list=self.price_list(context, currency), start=start, end=end)
            validities.append(validity)
            self.builder.database.run(insert_validity(owner, context, validity))

    def price_list(self, context, currency):
        price_list = new_list(self.world, context, currency)
        self.builder.put("price_list", price_list_id=price_list.id, context=context, currency=currency, name=price_list.name)
        for number in range(self.rng.randrange(4, 16)):
            rate = random_rate(self.rng, self.world, price_list, is_first=number == 0)
            if rate.key not in {known.key for known in price_list.rates}:
                price_list.rates.append(rate)
                self.builder.put("price_rate", **rate_columns(price_list, rate))
        return price_list


def new_list(world, context, currency):
    number = len(world.price_lists) + 1
    world.price_lists[number] = Row(id=number, context=context, currency=currency, name=f"List {number}", rates=[])
    return world.price_lists[number]


def random_rate(rng, world, price_list, is_first=False):
    """The first one of a list is for everybody's time."""
    cls = "time" if is_first else rng.choice(["time", "time", "time", "expense", "material"])
    role, resource = rng.choice(PEOPLE) if cls == "time" and not is_first else (None, None)
    unit = rng.choice(RATED_UNITS[cls])
    world.last_rate = getattr(world, "last_rate", 0) + 1
    rate = Rate(id=world.last_rate, cls=cls, role=role, resource=resource,
                category=rng.choice([1, 2]) if cls == "expense" else None,
                product=rng.choice([1, 2]) if cls == "material" else None, unit=unit, price=None, markup=None)
    # A mark-up needs a cost in the same currency; without it the work cannot be approved.
    likely = 0.3 if price_list.context == "sales" and price_list.currency == world.company_currency else 0.03
    if rng.random() < likely:
        rate.markup = rng.choice([ZERO, Decimal(10), Decimal("-12.5"), Decimal("33.3333"), Decimal(-100)])
    else:
        rate.price = random_price(rng, unit)
    return rate


def random_price(rng, unit):
    per_hour = Decimal(rng.randrange(0, 2500000)) / 10000 if rng.random() < 0.5 else Decimal(rng.randrange(1, 25) * 10)
    return rounded(per_hour * HOURS.get(unit, Decimal(1)), PRICE_SCALE)


def rate_columns(price_list, rate):
    return dict(price_list_id=price_list.id, price_rate_id=rate.id, transaction_class=rate.cls, role_id=rate.role,
                resource_id=rate.resource, category_id=rate.category, product_id=rate.product, unit=rate.unit, price=rate.price,
                markup_percent=rate.markup)


def span(start, end):
    """A range of days; the first and the last there are stand for none."""
    return f"'[{'' if start == FIRST_DAY else start},{'' if end == LAST_DAY else end})'::daterange"


def insert_validity(owner, context, validity):
    """owner: a contract, or 'company'"""
    if owner == "company":
        return (f"INSERT INTO billing.company_price_list (company_id, price_list_id, context, valid)"
                f" VALUES (1, {validity.list.id}, '{context}', {span(validity.start, validity.end)})")
    return (f"INSERT INTO billing.contract_price_list (contract_id, price_list_id, valid)"
            f" VALUES ({owner.id}, {validity.list.id}, {span(validity.start, validity.end)})")


def describe(c, entry):
    """Who worked, in which unit, and which prices are left to the lists."""
    entry.resource, entry.role_given, entry.product, entry.unit, entry.at_list_price = entry.role, None, None, None, None
    if c.likely(0.25):
        entry.resource = c.rng.choice(list(RESOURCE_ROLES))
    if c.likely(0.15):
        entry.role_given = c.rng.choice([1, 2])
    entry.role = entry.role_given or RESOURCE_ROLES[entry.resource]
    if entry.cls == "material" and c.likely(0.9):
        entry.product = c.rng.choice([1, 2])
    if c.likely(0.25):
        entry.unit = c.rng.choice([*RATED_UNITS.get(entry.cls, ["each"]), *(["week"] if c.likely(0.05) else [])])
    if c.likely(0.6):
        entry.cost_price = None if c.likely(0.7) else entry.cost_price
        entry.sales_price = None if c.likely(0.85) else entry.sales_price
    elif c.likely(0.15):
        entry.cost_price, entry.sales_price = ZERO, ZERO
