"""The world a play begins with: chosen at random, made in the database and in the model."""
from datetime import date
from decimal import Decimal

from model import NOT_READY, WORK, Contract, Thing, World
from prices import PriceBuilder
from rules import FREQUENCIES, SCALES

DAY = date(2026, 3, 2)
PERCENTS = {1: ["100"], 2: ["60 40", "66.67 33.33", "87.5 12.5", "0 100", "100 0"],
            3: ["33.34 33.33 33.33", "50 25 25", "10.1 20.2 69.7", "0 12.34 87.66", "0 50 50"]}


def percents(rng, count):
    return [Decimal(p) for p in rng.choice(PERCENTS[count]).split()]


def discount_and_fee(rng):
    """Percentages of a line: often one of them, now and then everything, or more than the work."""
    return (Decimal(rng.choice(["0", "10", "2.75", "33.3333", "10", "50", "100"])),
            Decimal(rng.choice(["0", "0", "5", "7.125", "3.3333", "150"])))


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "ARRAY[" + ", ".join(map(literal, value)) + "]"
    return "'" + str(value).replace("'", "''") + "'"


def insert(table, **columns):
    return (f"INSERT INTO billing.{table} ({', '.join(columns)}) VALUES ({', '.join(map(literal, columns.values()))})")


class Builder:
    def __init__(self, rng, database):
        self.rng, self.database, self.world = rng, database, World()
        self.lines = 0

    def put(self, table, **columns):
        self.database.run(insert(table, **columns))

    def build(self):
        self.reference_data()
        self.contract(2, "USD", 3, "active", limits=True)
        self.contract(3, "JPY", 2, "active", limits=self.rng.random() < 0.5)
        self.contract(4, "USD", 2, "draft", limits=self.rng.random() < 0.5, series="OFFER")
        self.contract(5, "KWD", 1, "draft", limits=False)
        PriceBuilder(self, DAY).build()
        return self.world

    def reference_data(self):
        world = self.world
        world.company_currency = currency = self.rng.choice(["EUR", "USD", "USD", "KWD"])
        world.company_scale = SCALES[currency]
        self.put("company", company_id=1, name="Contoso", currency=currency)
        world.internal = Contract(kind="internal", status="draft", currency=currency, nte_limit=None, customers={},
                                  customer=None, series="INV", partial_fit=False)
        world.internal.id = 1
        for number in range(1, 5):
            self.put("customer", customer_id=number, name=f"Customer {number}")
        world.roles, world.categories = {1: True, 2: False}, {1: True, 2: False}
        for number, chargeable in world.roles.items():
            self.put("role", role_id=number, name=f"Role {number}", is_chargeable=chargeable)
            self.put("resource", resource_id=number, name=f"Resource {number}", role_id=number)
            self.put("category", category_id=number, name=f"Category {number}", is_chargeable=chargeable)
        for number, (name, (period, days)) in enumerate(FREQUENCIES.items(), 1):
            self.put("invoice_frequency", frequency_id=number, name=name, period=period, run_days=days)
        self.project(90)
        self.project(91, is_open=False)

    def project(self, number, is_open=True):
        project = Thing(is_open=is_open, tasks=[])
        project.id = number
        self.world.projects[number] = project
        self.put("project", project_id=number, company_id=1, name=f"Project {number}", is_open=is_open)
        return project

    def contract(self, number, currency, customers, status, limits, series=None):
        rng = self.rng
        contract = Contract(kind="customer", status=status, currency=currency, customer=1, series=series or "INV",
                            nte_limit=self.limit(limits, 20000), keep_rest=rng.random() < 0.5, partial_fit=rng.random() < 0.6,
                            customers={c: None for c in range(1, customers + 1)})
        contract.id = number
        self.world.contracts[number] = contract
        self.put("contract", contract_id=number, company_id=1, customer_id=1, name=f"Contract {number}", currency=currency,
                 contract_status=status, nte_limit=contract.nte_limit, keep_rest=contract.keep_rest,
                 nte_partial_fit=contract.partial_fit, invoice_series=series)
        for customer in range(2, customers + 1):
            self.put("contract_customer", contract_id=number, customer_id=customer)
        for customer in contract.customers:
            contract.customers[customer] = self.limit(limits, 12000)
            self.database.run(f"UPDATE billing.contract_customer SET nte_limit = {literal(contract.customers[customer])}"
                              f" WHERE contract_id = {number} AND customer_id = {customer}")
        self.line(contract, "time_and_material", limits)
        self.line(contract, "fixed_price", limits)
        if number != 5:
            self.line(contract, "time_and_material", limits, selected=number == 2)
            self.product(contract)
        if rng.random() < 0.5:
            self.product(contract)

    def limit(self, limits, size):
        return Decimal(self.rng.randrange(1, size)) if limits and self.rng.random() < 0.6 else None

    def line(self, contract, method, limits, selected=False):
        self.lines += 1
        number, rng, fixed = self.lines, self.rng, method == "fixed_price"
        project = self.project(number)
        include = {cls: rng.random() < 0.9 for cls in WORK}
        discount, fee = discount_and_fee(rng) if not fixed and rng.random() < 0.6 else (0, 0)
        contracted = Decimal(rng.randrange(1000, 9000)) if fixed and rng.random() < 0.7 else None
        progress = fixed and rng.random() < 0.6
        line = Thing(contract=contract, method=method, project=project, selected=selected, include=include, tasks={}, roles={},
                     categories={}, contracted=contracted, progress=progress, discount=discount, fee=fee, payers={},
                     nte_limit=None if fixed else self.limit(limits, 15000))
        line.id = number
        self.put("contract_line", contract_id=contract.id, contract_line_id=number, name=f"Line {number}",
                 billing_method=method, project_id=number, contracted_amount=contracted, nte_limit=line.nte_limit,
                 discount_percent=discount, fee_percent=fee,
                 included_tasks="selected_project_tasks" if selected else "all_project_tasks",
                 invoice_schedule_type="progress_based" if progress else "completed_milestones",
                 **{f"include_{cls}": include[cls] for cls in WORK})
        for task in range(number * 10, number * 10 + 3):
            project.tasks.append(task)
            self.put("task", task_id=task, project_id=number, name=f"Task {task}")
        if selected:
            for task, chargeable in zip(project.tasks[:2], (True, False)):
                line.tasks[task] = chargeable
                self.put("contract_line_task", contract_id=contract.id, contract_line_id=number, task_id=task,
                         billing_type="chargeable" if chargeable else "non_chargeable")
        self.payers(line, limits and not fixed)
        contract.lines.append(line)

    def payers(self, line, limits):
        customers = list(line.contract.customers)
        rounding = self.rng.choice(customers)
        for customer, percent in zip(customers, percents(self.rng, len(customers))):
            payer = Thing(customer=customer, percent=percent, rounding=customer == rounding,
                          nte_limit=self.limit(limits, 9000))
            line.payers[customer] = payer
        where = f"WHERE contract_line_id = {line.id}"
        self.database.run(f"UPDATE billing.contract_line_customer SET is_rounding = false {where}")
        for p in line.payers.values():
            self.database.run(f"UPDATE billing.contract_line_customer SET billing_split_percent = {p.percent},"
                              f" nte_limit = {literal(p.nte_limit)}, is_rounding = {literal(p.rounding)}"
                              f" {where} AND customer_id = {p.customer}")

    def product(self, contract):
        self.lines += 1
        line = Thing(contract=contract, method="product", project=None, quantity=Decimal(self.rng.randrange(1, 9)),
                     price=Decimal(self.rng.randrange(1, 90000)) / 100, tax=Decimal(self.rng.randrange(0, 90)),
                     status=NOT_READY, claim=None, nte_limit=None, payers={})
        line.id = self.lines
        self.put("contract_line", contract_id=contract.id, contract_line_id=line.id, name=f"Product {line.id}",
                 billing_method="product", quantity=line.quantity, unit_price=line.price, tax=line.tax)
        contract.lines.append(line)
