"""Sales that fit their not-to-exceed limits only partly, on contracts with partial fit (README, "Not-to-exceed limits")."""
from decimal import Decimal

from discount import base_of, made_of, net, rest_after
from rules import rounded

ZERO = Decimal(0)


def rounded_down(number, step):
    return number // step * step


def part_of(sale, quantity, scale):
    """A smaller quantity of the sale at its price: with its share of discount and fee, and of the tax by amount."""
    base = rounded(quantity * sale.price, scale)
    facts = made_of(sale, base, sale.billing_type, scale)
    amount = base + net(facts)
    return dict(quantity=quantity, amount=amount, tax=rounded(sale.tax * amount / sale.amount, scale), **facts)


def remainder(sale, part):
    return dict(quantity=sale.quantity - part["quantity"], amount=sale.amount - part["amount"],
                tax=sale.tax - part["tax"], **rest_after(sale, part))


def fitting_part(sale, room, quantity_scale, scale):
    """The part of a sale that fits into the room; None where it cannot be divided. The base that fits is the room's share
    of the base; discount and fee are rounded by themselves, so it may be a few cents less."""
    if room <= 0 or sale.quantity <= 0 or not sale.price:
        return None
    step, cent = Decimal(1).scaleb(-quantity_scale), Decimal(1).scaleb(-scale)
    most = rounded_down(sale.quantity, step)
    most -= step if most == sale.quantity else 0
    base = rounded(base_of(sale) * room / sale.amount, scale) if sale.rates else rounded_down(room, cent)
    while base > 0:
        quantity = min(rounded_down(base / sale.price, step), most)
        part = part_of(sale, quantity, scale)
        if quantity <= 0 or not part["amount"]:
            return None
        if part["amount"] <= room:
            return part
        base -= cent
    return None


class PartialFit:
    """A part of World."""

    def room(self, sale):
        """What the tightest limit leaves, and its level: the first of several."""
        scopes = self.scopes(sale.contract, sale.line, sale.customer)
        left = [(limit - self.used(sale.contract, line, customer, sale), level) for level, limit, line, customer in scopes]
        return min(left, key=lambda one: one[0])

    def fit(self, sale, before=None):
        """Evaluates a sale and returns what stands of it: itself, or the part that fits and the rest. One that is in the
        ledger already is taken back and its parts name it; `before` is what it was before it was evaluated."""
        before = before or (sale.nte, sale.level)
        self.evaluate(sale)
        if sale.nte != "failed" or not sale.contract.partial_fit:
            return [sale]
        room, sale.level = self.room(sale)
        part = fitting_part(sale, room, self.quantity_scale, sale.contract.scale)
        if not part:
            return [sale]
        rest, level = remainder(sale, part), sale.level
        if sale.id is None:
            second = self.like(sale, nte="failed", level=level, **rest)
            sale.__dict__.update(part, nte="committed", level=None)
            return [sale, second]
        sale.nte, sale.level = before
        status = sale.status
        self.take_back(sale)
        return [self.like(sale, nte="committed", level=None, status=status, **PART_IN_LEDGER, part_of=sale, **part),
                self.like(sale, nte="failed", level=level, status="not_ready_to_invoice", **PART_IN_LEDGER, part_of=sale,
                          **rest)]

    def like(self, sale, **values):
        """A sale that says what another one says, but for these values."""
        facts = {k: v for k, v in sale.__dict__.items() if k not in ("id", "contract")}
        return self.write(sale.contract, **{**facts, **values})

    def evaluated_first(self, number, ready):
        """A sale to be marked: one that was never evaluated is evaluated now, and gives way to its parts."""
        sale = self.actual(number)
        if not ready or not sale or not self.is_limited(sale) or sale.nte != "not_evaluated":
            return [number]
        parts = self.fit(sale)
        return parts if len(parts) > 1 else [number]


# Parts were not written by the invoice that wrote the whole, and nothing has superseded them.
PART_IN_LEDGER = dict(invoice=None, adjustment="adjustable")
