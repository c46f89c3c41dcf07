"""Sentences about what a restore will do, and what it did, with lists, tags, accounts and deals."""

from collections.abc import Sequence

from webapp.models.restore_link import LinkKind
from webapp.restoring.links import CONSENT, LinkCount
from webapp.restoring.names import Names
from webapp.restoring.scope import Conflicts
from webapp.words.isolation import isolated
from webapp.words.numbers import counted, joined, number

# What did not come back, by kind: one of them, and several.
LOST = {
    LinkKind.LIST: ("List deleted since", "Lists deleted since"),
    LinkKind.TAG: ("Tag deleted since", "Tags deleted since"),
    LinkKind.ACCOUNT: ("Account deleted since", "Accounts deleted since"),
    LinkKind.DEAL: ("Deal that stays deleted", "Deals that stay deleted"),
}
GONE = "a purged one"
# A sentence names so many of a kind.
MOST_NAMES = 3

CHOICES = {
    Conflicts.SKIP: "Leave them deleted",
    Conflicts.MERGE: "Merge them into the contacts that have their addresses",
    Conflicts.WITHOUT_ADDRESS: "Restore them without their e-mail addresses",
}
HINTS = {
    Conflicts.SKIP: "You can restore them later.",
    Conflicts.MERGE: "Fills gaps, adds tags, lists and deals, takes the stricter consent. Cannot be undone.",
    Conflicts.WITHOUT_ADDRESS: "Each address is kept as a note on its contact.",
}


def label_of_lost(links: Sequence[LinkCount]) -> str:
    """The heading for what did not come back of one kind."""
    one, many = LOST[links[0].kind]
    return one if links[0].items == 1 else many


def named(links: Sequence[LinkCount], names: Names, *, most: int = MOST_NAMES) -> str:
    """The things of one kind, those of the most contacts first: "News (1,204 contacts) and 12 more". Of a
    deal, which has few, the title alone."""
    shown = [_named(link, names) for link in links[:most]]
    more = links[0].items - len(shown)
    return joined([*shown, f"{number(more)} more"] if more else shown)


def _named(link: LinkCount, names: Names) -> str:
    name = isolated(names.get((link.kind, link.item_id), GONE))
    return name if link.kind == LinkKind.DEAL else f"{name} ({counted(link.contacts, 'contact')})"


def consent(links: Sequence[LinkCount], *, ahead: bool) -> str:
    """What becomes of the contacts' consent, in numbers of contacts on lists (docs/rules.md, rule 9). Empty
    for a plan in which there is none."""
    totals = {link.effect: link.total for link in links}
    as_before, held, made = (totals.get(effect, 0) for effect in CONSENT)
    if ahead and not totals.keys() & set(CONSENT):
        return ""
    become = ("becomes" if made == 1 else "become") if ahead else "became"
    return (
        f"Mailable before the deletion: {counted(as_before + held, 'subscription')}; after the restore: "
        f"{number(as_before + made)}; held back, because consent has ended since: {number(held)}. "
        f"{counted(made, 'contact')} {become} mailable that {'was' if made == 1 else 'were'} not."
    )


def rescue_label(rescuable: Sequence[LinkCount]) -> str:
    """The label of the tick by which deals come back that were deleted with their last contacts."""
    deals = counted(rescuable[0].items, "deal")
    was = "was" if rescuable[0].items == 1 else "were"
    return f"Also bring back the {deals} that {was} deleted with these contacts"


def conflict_heading(contacts: int) -> str:
    """The question above the choices."""
    has = "has" if contacts == 1 else "have"
    return f"{counted(contacts, 'contact')} {has} an e-mail address that another contact uses"
