"""Talks to one psql through pipes, reads the state of the world as JSON, and compares it with the model's.

New rows get their ids here: a row of the database that has the same facts as a new row of the model is its twin.
"""
import json
import subprocess
from decimal import Decimal

from discount import base_of, columns, source_of

END = "~~end of answer~~"

# One array of facts per row, its id first. The lists of facts() below have the same order.
STATE = {
    "invoice": """SELECT i.invoice_id, i.contract_id, i.customer_id, i.invoice_date, i.project_invoice_status, i.invoice_status,
        i.has_corrections, i.series, i.number, i.detail_amount, i.total_tax, i.bulk_confirmation_status FROM billing.invoice i""",
    "invoice line": """SELECT 0, l.contract_id, l.invoice_id, l.contract_line_id, l.customer_id, l.amount, l.tax, l.invoiced_to_date
        FROM billing.invoice_line l""",
    "milestone": """SELECT m.milestone_id, m.contract_id, m.contract_line_id, m.name, m.milestone_date, m.amount, m.tax, n.next_amount
        FROM billing.milestone m LEFT JOIN billing.milestone_progress n ON n.milestone_id = m.milestone_id""",
    "milestone share": """SELECT s.milestone_split_id, s.milestone_id, s.customer_id, s.amount, s.tax, s.milestone_status,
        s.has_billing_history, l.invoice_id, s.cut_from, s.credited_sale_id
        FROM billing.milestone_split s
        LEFT JOIN billing.invoice_line l ON l.invoice_line_id = s.invoice_line_id AND l.contract_id = s.contract_id""",
    "milestone header": """SELECT 0, h.milestone_id, h.header_status
        FROM (SELECT DISTINCT milestone_id, header_status FROM billing.fixed_price_milestones) h""",
    "progress": """SELECT 0, p.milestone_id, p.header_status, p.next_percent, p.next_amount, p.next_status, p.invoiced_percent,
        p.invoiced_amount, p.remaining_percent, p.remaining_amount, p.uncut_amount FROM billing.progress_milestones p""",
    "retainer": """SELECT r.retainer_id, r.contract_id, r.customer_id, r.invoice_date, r.amount, r.used_amount, r.retainer_status,
        r.refund_status, r.invoice_id, r.refund_invoice_id FROM billing.retainer r""",
    "advance": """SELECT 0, a.invoice_id, a.retainer_id, a.amount, a.limit_amount, a.used_before FROM billing.invoice_advance a""",
    "balance": """SELECT 0, r.retainer_id, r.open_actual_id FROM billing.retainer r""",
    "detail": """SELECT d.detail_id, l.invoice_id, l.contract_line_id, d.detail_kind, d.transaction_class, d.billing_type,
        d.quantity, d.price, d.amount, d.tax, d.transaction_date, d.actual_id
        FROM billing.invoice_detail d
        JOIN billing.invoice_line l ON l.invoice_line_id = d.invoice_line_id AND l.contract_id = d.contract_id
       WHERE d.detail_kind NOT IN ('actual', 'milestone', 'product')""",
    "edited detail": """SELECT d.detail_id, d.invoice_id, d.detail_kind, d.source_id, d.billing_type, d.quantity, d.price, d.amount, d.tax,
        d.discount_percent, d.fee_percent, d.discount_amount, d.fee_amount, d.source_discount_amount, d.source_fee_amount
        FROM billing.draft_detail d WHERE d.detail_kind IN ('actual', 'milestone', 'product', 'correction')""",
    "actual": """SELECT a.actual_id, a.contract_id, a.contract_line_id, a.customer_id, a.entry_id, a.milestone_split_id,
        a.retainer_id, a.source_id, a.reverses_id, a.invoice_id, l.invoice_id, a.transaction_type, a.transaction_class,
        a.billing_type, a.billing_status, a.adjustment_status, a.nte_status, a.nte_failed_level, a.transaction_date,
        a.is_open, a.quantity, a.price, a.amount, a.tax, a.part_of_id, a.discount_percent, a.fee_percent, a.discount_amount,
        a.fee_amount, a.journal_line_id
        FROM billing.actual a
        LEFT JOIN billing.invoice_line l ON l.invoice_line_id = a.invoice_line_id AND l.contract_id = a.contract_id""",
    "entry": """SELECT e.entry_id, e.project_id, e.task_id, e.transaction_class, e.entry_status, e.billing_type, e.entry_date,
        e.quantity, e.billable_quantity, e.cost_price, e.sales_price, e.tax, e.approved_billable_quantity,
        e.approved_billing_type, e.category_id, coalesce(e.role_id, p.role_id), e.approved_at_list_price
        FROM billing.entry e LEFT JOIN billing.resource p ON p.resource_id = e.resource_id""",
    "journal": "SELECT j.journal_id, j.contract_id, j.journal_type, j.journal_status FROM billing.journal j",
    "journal line": """SELECT l.journal_line_id, l.contract_id, l.journal_id, l.contract_line_id, l.customer_id, l.transaction_type,
        l.transaction_class, l.billing_type, l.amount_method, l.transaction_date, l.document_date, l.quantity, l.price, l.amount,
        l.tax, l.currency, l.actual_id FROM billing.journal_line l""",
    "journal correction": """SELECT 0, d.contract_id, d.journal_id, d.entry_id, d.is_claim, d.entry_date, d.task_id, d.resource_id,
        d.role_id, d.category_id, d.product_id, d.billing_type, d.quantity, d.billable_quantity, d.cost_price, d.sales_price, d.tax
        FROM billing.journal_correction d""",
    "journal cancellation": "SELECT 0, d.contract_id, d.journal_id, d.actual_id, d.is_claim FROM billing.journal_cancellation d",
    "contract": """SELECT c.contract_id, c.contract_status, c.nte_limit, c.nte_partial_fit
        FROM billing.contract c WHERE c.kind = 'customer'""",
    "product line": """SELECT p.contract_line_id, p.quantity, p.unit_price, p.tax, p.product_status, l.invoice_id
        FROM billing.contract_line p
        LEFT JOIN billing.invoice_line l ON l.invoice_line_id = p.invoice_line_id AND l.contract_id = p.contract_id
       WHERE p.billing_method = 'product'""",
    "line customer": """SELECT 0, u.contract_line_id, u.customer_id, u.billing_split_percent, u.nte_limit, u.committed_amount,
        u.billed_amount FROM billing.contract_line_customer u""",
    "base": """SELECT 0, b.actual_id, b.base_amount FROM billing.discounts_and_fees b""",
    "schedule": """SELECT s.schedule_id, s.contract_line_id, s.run_date, s.cutoff_date, s.run_status FROM billing.invoice_schedule s""",
}


def read_state_sql():
    """jsonb_build_array() needs the columns one by one."""
    parts = []
    for name, sql in STATE.items():
        columns, rest = sql[len("SELECT "):].split("FROM", 1)
        parts.append(f"'{name}', (SELECT coalesce(jsonb_agg(jsonb_build_array({columns})), '[]') FROM {rest})")
    return "SELECT jsonb_build_object(" + ",\n".join(parts) + ");"


def ident(thing):
    return thing and thing.id


def day(date):
    return date and date.isoformat()


class Unresolved(Exception):
    """A row names another new one whose id is not known yet."""


def ref(thing):
    if thing is None:
        return None
    if thing.id is None:
        raise Unresolved
    return thing.id


def rows_of_model(world):
    """Name -> (thing or None, function that gives its facts), as STATE reads them."""
    def is_open(a):
        return (a.type == "unbilled_sales" and a.reverses is None and not a.retainer and a.customer is not None
                and a.status in ("not_ready_to_invoice", "ready_to_invoice", "customer_invoice_created"))

    def actual(a):
        return [a.contract.id, ident(a.line), a.customer, ident(a.entry), ident(a.split), ident(a.retainer), ref(a.source),
                ref(a.reverses), ref(a.invoice), ref(a.claim), a.type, a.cls, a.billing_type, a.status, a.adjustment, a.nte,
                a.level, day(a.date), is_open(a), a.quantity, a.price, a.amount, a.tax, ref(a.part_of), *columns(a),
                ident(a.journal_line)]

    def invoice(i):
        return [i.contract.id, i.customer, day(i.date), i.status, i.payment, i.corrects, i.series, i.number,
                i.detail_amount, i.total_tax, i.bulk]

    def detail(d):
        return [ref(d.invoice), d.line.id, d.kind, d.cls, d.billing_type, d.quantity, d.price, d.amount, d.tax, day(d.date),
                ref(d.billed)]

    def retainer(r):
        return [r.contract.id, r.customer, day(r.date), r.amount, r.used, r.status, r.refund, ref(r.invoice),
                ref(r.refund_invoice)]

    def entry(e):
        return [e.project.id, e.task, e.cls, e.status, e.billing_type, day(e.date), e.quantity, e.billable, e.cost_price,
                e.sales_price, e.tax, e.approved_quantity, e.approved_type, e.category, e.role, e.at_list_price]

    def journal_line(l):
        return [l.journal.contract.id, l.journal.id, ident(l.line), l.customer, l.type, l.cls, l.billing_type, l.method, day(l.date),
                l.actual and day(l.date), l.quantity, l.price, l.amount, l.tax, l.currency, ref(l.actual)]

    invoices = world.everything("invoices")
    yield "invoice", [(i, invoice) for i in invoices]
    yield "milestone", [(m, lambda m: [m.line.contract.id, m.line.id, m.name, day(m.date), m.amount, m.tax, m.next])
                        for m in world.everything("milestones")]
    yield "milestone share", [(s, lambda s: [ref(s.milestone), s.customer, s.amount, s.tax, s.status, s.history, ref(s.claim),
                                             ref(s.cut_from), ref(s.credited)])
                              for s in world.splits()]
    yield "retainer", [(r, retainer) for r in world.everything("retainers")]
    yield "actual", [(a, actual) for a in world.everything("actuals")]
    yield "detail", [(d, detail) for i in invoices for d in i.details]
    yield "schedule", [(s, lambda s: [s.line.id, day(s.run_date), day(s.cutoff), s.status]) for s in world.schedules]
    yield "entry", [(e, entry) for e in world.entries.values()]
    journals = world.journals.values()
    yield "journal", [(j, lambda j: [j.contract.id, j.kind, j.status]) for j in journals]
    yield "journal line", [(l, journal_line) for j in journals for l in j.lines]
    yield "contract", [(c, lambda c: [c.status, c.nte_limit, c.partial_fit]) for c in world.contracts.values()]
    yield "product line", [(l, lambda l: [l.quantity, l.price, l.tax, l.status, ref(l.claim)])
                           for l in world.lines() if l.method == "product"]


def anonymous_rows_of_model(world):
    """Rows without an id of their own, told apart by their keys."""
    invoices = world.everything("invoices")
    yield "invoice line", [[i.contract.id, i.id, l.id, i.customer, *numbers] for i in invoices for l, numbers in i.lines.items()]
    yield "milestone header", [[m.id, world.header_status(m)] for m in world.everything("milestones")]
    yield "progress", [[m.id, *world.progress_of(m)] for m in world.everything("milestones") if m.line.progress]
    yield "advance", [[i.id, r.id, *numbers] for i in invoices for r, numbers in i.advances.items()]
    yield "balance", [[r.id, ident(r.balance)] for r in world.everything("retainers")]
    yield "base", [[a.id, base_of(a)] for a in world.everything("actuals") if a.rates]
    yield "edited detail", [[i.id, row.kind, (source_of(row) or row.source).id, *row.values, *world.detail_columns(row)]
                            for i in invoices if i.is_open for row in world.rows(i)
                            if row.kind in ("actual", "milestone", "product", "correction")]
    yield "line customer", [[l.id, p.customer, p.percent, p.nte_limit, *committed_and_billed(l, p.customer)]
                            for l in world.lines() for p in l.payers.values()]
    yield "journal correction", [[j.contract.id, j.id, e.id, j.status == "draft", *new_values(w.values)]
                                 for j in world.journals.values() for e, w in j.work.items()]
    yield "journal cancellation", [[j.contract.id, j.id, a.id, j.status == "draft"]
                                   for j in world.journals.values() for a in j.taken]


def new_values(values):
    names = "date task resource role_given category product billing_type quantity billable cost_price sales_price tax".split()
    return [day(values.get("date"))] + [values.get(name) for name in names[1:]]


def committed_and_billed(line, customer):
    committed = billed = Decimal(0)
    for a in line.contract.actuals:
        if a.line is line and a.customer == customer and a.billing_type == "chargeable":
            if a.type == "billed_sales":
                billed += a.amount
            elif (a.type == "unbilled_sales" and a.reverses is None and a.nte == "committed"
                  and a.status in ("not_ready_to_invoice", "ready_to_invoice", "customer_invoice_created")):
                committed += a.amount
    return committed, billed


class Database:
    def __init__(self):
        self.psql = subprocess.Popen(
            ["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)
        self.read_state = read_state_sql()
        self.run("SET client_min_messages = error; SET jit = off")

    def send(self, sql):
        self.psql.stdin.write(f"{sql.rstrip().rstrip(';')};\n\\echo\n\\echo {END} :SQLSTATE\n\\echo :LAST_ERROR_MESSAGE\n"
                              f"\\echo {END}\n")
        self.psql.stdin.flush()

    def answer(self):
        """(lines, SQLSTATE, message)"""
        lines = []
        for text in self.psql.stdout:
            if text.startswith(END):
                break
            if text.strip():
                lines.append(text.rstrip("\n"))
        else:
            raise SystemExit("psql ended")
        message = []
        for more in self.psql.stdout:
            if more.startswith(END):
                break
            message.append(more.rstrip("\n"))
        return lines, text.split()[-1], " ".join(message)

    def run(self, sql):
        """For setting up: must succeed."""
        self.send(sql)
        lines, state, message = self.answer()
        if state != "00000":
            raise SystemExit(f"{state} {message}\n{sql}")
        return lines

    def step(self, sql, verify):
        """Runs a call, then reads the state, in one go: (result, SQLSTATE, message, state, findings)."""
        self.send(sql)
        self.send(self.read_state)
        if verify:
            self.send("SELECT jsonb_agg(v) FROM billing.verify() v")
        lines, sqlstate, message = self.answer()
        result = [load(line) for line in lines]
        state, _, problem = self.answer()
        findings = self.answer()[0] if verify else []
        if not state:
            raise SystemExit(f"the state cannot be read: {problem}")
        return result, sqlstate, message, load(state[0]), findings


def load(text):
    return json.loads(text, parse_float=Decimal)


def key(facts):
    """Comparable in any order: numbers as such, 1.50 like 1.5."""
    return tuple(str(f.normalize() + 0) if isinstance(f, Decimal) else str(f) if isinstance(f, int) and not isinstance(f, bool)
                 else str(Decimal(f)) if isinstance(f, float) else str(f) for f in facts)


def compare(world, state):
    """Gives ids to new rows of the model; returns what differs as text."""
    differences = []
    world.detail_ids = {(kind, source): number for number, _, kind, source, *_ in state["edited detail"]}
    for name, things in rows_of_model(world):
        found = {row[0]: key(row[1:]) for row in state[name]}
        adopt(things, found)
        for thing, facts in things:
            expected = None
            try:
                expected = key(facts(thing))
            except Unresolved:
                differences.append(f"{name} {thing.id} names a row that is not there")
                continue
            if thing.id is None:
                differences.append(f"{name}: expected, not there: {expected}")
            elif found.pop(thing.id, None) != expected:
                got = next((key(row[1:]) for row in state[name] if row[0] == thing.id), None)
                differences.append(difference(f"{name} {thing.id}", expected, got))
        differences += [f"{name} {number}: there, not expected: {facts}" for number, facts in found.items()]
    for name, rows in anonymous_rows_of_model(world):
        expected, found = sorted(map(key, rows)), sorted(key(row[1:]) for row in state[name])
        if expected != found:
            differences += [f"{name}: expected, not there: {row}" for row in expected if row not in found]
            differences += [f"{name}: there, not expected: {row}" for row in found if row not in expected]
    return differences


def difference(name, expected, got):
    if got is None:
        return f"{name}: not there any more: {expected}"
    return f"{name}: " + ", ".join(f"expected {e}, found {g}" for e, g in zip(expected, got) if e != g) + f"  in {got}"


def adopt(things, found):
    """New things take the ids of rows with their facts, the lowest first; again while that lets others be told."""
    known = {thing.id for thing, _ in things}
    free = {}
    for number in sorted(number for number in found if number not in known):
        free.setdefault(found[number], []).append(number)
    pending = [(thing, facts) for thing, facts in things if thing.id is None]
    progress = True
    while pending and progress:
        progress, left = False, []
        for thing, facts in pending:
            try:
                numbers = free.get(key(facts(thing)))
            except Unresolved:
                numbers = None
            if numbers:
                thing.id, progress = numbers.pop(0), True
            else:
                left.append((thing, facts))
        pending = left
