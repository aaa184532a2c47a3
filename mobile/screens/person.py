"""Who sits at the desk, and the editions this tablet can offer: what screens may show of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mobile.i18n import _
from mobile.kit.picker import Thing, thing
from mobile.tablet import Tablet
from shared.catalogue import Item, ItemKind
from shared.civil import civil_date
from shared.deadlines import Unit
from shared.sample import sample_sites


@dataclass(frozen=True, slots=True)
class Person:
    """The unlocked agent. `items` and `sites` are empty where the tablet has no edition."""

    name: str
    role: str
    site: str
    county: str
    sample: bool
    today: date
    items: dict[str, Item]
    items_label: str
    item_things: tuple[Thing, ...]
    site_things: tuple[Thing, ...]


def person_of(tablet: Tablet) -> Person:
    """Return who unlocked; runs beside the window."""
    author, card = tablet.log.author, tablet.card
    edition = tablet.desk.catalogue.edition if tablet.desk.catalogue is not None else None
    sites = sample_sites() if card.sample else None
    by_id = {site.id: site for site in sites.sites} if sites is not None else {}
    own = by_id.get(author.site)
    items = edition.items if edition is not None else ()
    return Person(
        name=tablet.keys.slot.name,
        role=author.role,
        site=own.title if own is not None else "",
        county=card.name,
        sample=card.sample,
        today=civil_date(tablet.read_clock().at),
        items={item.code: item for item in items},
        items_label=edition.label if edition is not None else "",
        item_things=tuple(thing(item.code, item.name, about_item(item)) for item in items),
        site_things=tuple(
            thing(site.id, site.title, by_id[site.parent].title if site.parent else card.name)
            for site in by_id.values()
        ),
    )


def about_item(item: Item) -> str:
    """Return department and limit in one line."""
    return f"{item.department} · {limit_of(item)}"


def limit_of(item: Item) -> str:
    """Return how long it takes, in words."""
    if item.kind is ItemKind.INSTANT:
        return _("即办件")
    if item.unit is Unit.WORKDAY:
        return _("{days} 个工作日").format(days=item.promised_days)
    return _("{days} 个自然日").format(days=item.promised_days)
