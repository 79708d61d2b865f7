"""Steps in which several parts meet that would seldom meet by chance."""
from decimal import Decimal

from journal_steps import draft_for, journal_call, work_to_correct, written
from journals import CORRECTED
from model import Thing, in_backlog
from price_steps import rerated
from start import literal
from steps import Call, ids, pairs, step


@step(1.5)
def overrule_prices(play):
    """Lists count before the prices that somebody typed."""
    c = play.chance
    typed = [a for a in c.world.everything("actuals") if in_backlog(a) and a.entry and not a.entry.at_list_price
             and (a.entry.cost_price, a.entry.sales_price) != (None, None)]
    contracts = [c.one(typed).contract.id]
    return rerated(f"contracts => {ids(contracts)}, typed => true", play.world.rerate(contracts=contracts, typed=True))


@step(2)
def correct_overruled_price(play):
    """A journal says one of the prices that lists overruled: it counts, and the other stays as it is in the ledger."""
    c, world, fitting = play.chance, play.world, work_to_correct(play.chance)
    kinds = {cls: kind for kind, cls in CORRECTED.items()}
    entry = c.one(e for e, contract in fitting.items() if e.at_list_price
                  and world.can_correct(Thing(contract=contract, kind=kinds[e.cls]), e))
    journal, sql = draft_for(play, fitting[entry], kinds[entry.cls])
    change = {name: c.money(200, 4) for name in c.one([["cost_price"], ["sales_price"], ["cost_price", "sales_price"]])}
    if c.likely(0.2):
        change = {"tax": Decimal(3)}
    world.select_for_correction(journal.id, entries=[entry.id])
    world.set_values(journal, entry, change)
    sets = ", ".join(f"{name} = {literal(value)}" for name, value in change.items())
    sql += (f"SELECT FROM (SELECT count(*) AS n FROM billing.select_for_correction({journal.id}, {ids([entry.id])})) AS first"
            f" WHERE n < 0; UPDATE billing.journal_correction SET {sets}"
            f" WHERE journal_id = {journal.id} AND entry_id = {entry.id}; ")
    return Call(sql + journal_call("confirm_journal", journal.id), written(*world.confirm_journal(journal.id)), pairs)
