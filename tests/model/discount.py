"""Discount and fee of time-and-material lines (README, "Discount and fee"; domain.md 6.6).

A sale has `rates`, the percentages (discount, fee) of its line when it was written or None, and what they come to.
Its amount is its base, quantity times price, less the discount plus the fee.
"""
from collections import defaultdict
from decimal import ROUND_CEILING, Decimal

from rules import rounded

ZERO = Decimal(0)


def extension(rates, discount=ZERO, fee=ZERO):
    """The facts of a sale that say so."""
    return dict(rates=rates, discount=discount, fee=fee)


def net(facts):
    return facts["fee"] - facts["discount"]


def columns(sale):
    """As the table says it: nothing where the line gave neither."""
    return [*sale.rates, sale.discount, sale.fee] if sale.rates else [None] * 4


def base_of(sale):
    return sale.amount + sale.discount - sale.fee


def sign_of(number):
    return (number > 0) - (number < 0)


def portion(base, percent, left, others, scale):
    """What a part of that base takes of `left`, the discount or fee that is not given out yet, while parts of base
    `others` wait: its percentage, but not more than there is, nor so little that the others could not bear the rest.
    One unit bears at most a unit of discount, of a fee what it comes to, rounded up."""
    if not base:
        return ZERO
    sign, most = sign_of(base), max(Decimal(1), (percent / 100).to_integral_value(ROUND_CEILING))
    wanted = max(rounded(abs(base) * percent / 100, scale), sign * left - abs(others) * most)
    return sign * min(wanted, sign * left)


def plain(base, billing_type, rates, scale):
    """Rounded by itself; what is not charged has neither."""
    if not rates or billing_type != "chargeable":
        return extension(rates)
    return extension(rates, *(rounded(base * percent / 100, scale) for percent in rates))


def made_of(sale, base, billing_type, scale):
    """Of another base or billing type, with the percentages of the sale it is made of. A smaller base leaves its rest
    what belongs to it; all of it has what the sale has."""
    rest, whole = base_of(sale) - base, base_of(sale)
    if not sale.rates or "chargeable" != billing_type or sale.billing_type != "chargeable":
        return plain(base, billing_type, sale.rates, scale)
    if not rest:
        return extension(sale.rates, sale.discount, sale.fee)
    if sign_of(rest) != sign_of(whole) or sign_of(base) * sign_of(whole) < 0:
        return plain(base, billing_type, sale.rates, scale)
    return extension(sale.rates, portion(base, sale.rates[0], sale.discount, rest, scale),
                     portion(base, sale.rates[1], sale.fee, rest, scale))


def rest_after(sale, taken):
    """What a part of the sale leaves of both."""
    return extension(sale.rates, sale.discount - taken["discount"], sale.fee - taken["fee"])


def source_of(row):
    """The sale whose percentages a detail has; a detail typed by hand has none."""
    return row.source if row.kind == "actual" else row.source.billed if row.kind == "correction" else None


class Discount:
    """A part of World."""

    @staticmethod
    def rates_of(line):
        return (line.discount, line.fee) if line.discount or line.fee else None

    def extensions(self, shares, line, sale_type, billing_type, scale):
        """Of the shares of one split: each rounded by itself, the rounding customer has what they leave of the rounded
        whole. Only shares on the side of the whole can bear any of it."""
        rates = self.rates_of(line) if sale_type == "unbilled_sales" else None
        if not rates or billing_type != "chargeable":
            return [extension(rates) for _ in shares]
        whole = sum(s.amount for s in shares)
        bearing = [s for s in shares if whole and sign_of(s.amount) == sign_of(whole)]
        bearing.sort(key=lambda s: line.payers[s.customer].rounding)
        left, others = plain(whole, billing_type, rates, scale), sum(s.amount for s in bearing)
        found = {}
        for s in bearing:
            others -= s.amount
            found[s] = extension(rates, portion(s.amount, rates[0], left["discount"], others, scale),
                                 portion(s.amount, rates[1], left["fee"], others, scale))
            left = extension(rates, left["discount"] - found[s]["discount"], left["fee"] - found[s]["fee"])
        return [found.get(s, extension(rates)) for s in shares]

    @staticmethod
    def base_after(sale, quantity, price, scale):
        """Back at the quantity and price of its source, a detail has its base again (X-22)."""
        return base_of(sale) if (quantity, price) == (sale.quantity, sale.price) else rounded(quantity * price, scale)

    def extended_amount(self, sale, billing_type, quantity, price, scale):
        base = self.base_after(sale, quantity, price, scale)
        return base + net(made_of(sale, base, billing_type, scale))

    def extension_of(self, row):
        """Discount and fee of what stands on a draft."""
        sale = source_of(row)
        if not sale or not sale.rates:
            return extension(None)
        scale = row.line.contract.scale
        return made_of(sale, self.base_after(sale, row.quantity, row.price, scale), row.billing_type, scale)

    def detail_columns(self, row):
        """Discount, fee, and those of the source, as the views of a draft show them."""
        sale, facts = source_of(row), self.extension_of(row)
        if not facts["rates"]:
            return [None] * 6
        return [*facts["rates"], facts["discount"], facts["fee"], sale.discount, sale.fee]

    @staticmethod
    def rest_of(sale, quantity, scale):
        """What a smaller quantity leaves: all that the quantity would not bill at the price of the sale. A tax does not
        change its side."""
        base = rounded(quantity * sale.price, scale)
        taken = made_of(sale, base, sale.billing_type, scale)
        billed = base + net(taken)
        share = rounded(sale.tax * billed / sale.amount, scale) if sale.amount else ZERO
        tax = ZERO if billed == sale.amount else sale.tax - share
        return dict(amount=sale.amount - billed, tax=tax if tax * sale.tax > 0 else ZERO, **rest_after(sale, taken))

    def returned(self, billed, row, quantity, scale):
        """What a correction returns, at the old price. Where only the quantity changed, nothing is lost: what stands
        and what returns are what was billed. A tax does not change its side."""
        if row.quantity == 0 or row.price == billed.price:
            tax = billed.tax - row.tax
            return dict(amount=billed.amount - row.amount, tax=tax if tax * billed.tax > 0 else ZERO,
                        **rest_after(billed, self.extension_of(row)))
        base = rounded(quantity * billed.price, scale)
        facts = made_of(billed, base, billed.billing_type, scale)
        amount = base + net(facts)
        return dict(amount=amount, tax=self.tax_beside(billed, amount, scale), **facts)

    @staticmethod
    def tax_beside(billed, amount, scale):
        """The tax that follows a corrected amount: all of it for the whole, else in proportion."""
        if amount == billed.amount:
            return billed.tax
        return rounded(billed.tax * amount / billed.amount, scale) if billed.amount else ZERO

    @staticmethod
    def total_terms(facts, at_price):
        """What sales and costs come to, in whatever parts they stand: by contract, line, customer, kind and price."""
        totals = defaultdict(lambda: [ZERO] * 5)
        for f in facts:
            line, numbers = f.get("line"), [f["quantity"]]
            kind = (f["contract"].id, line and line.id, f.get("customer"), f["type"], f["billing_type"])
            if at_price:
                kind += (f["price"], f.get("rates"))
                numbers += [f["amount"], f.get("tax", ZERO), f.get("discount", ZERO), f.get("fee", ZERO)]
            totals[kind] = [a + b for a, b in zip(totals[kind], numbers)]
        return dict(totals)
