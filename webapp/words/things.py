"""What is lost with a list, tag or account that is deleted, in words."""

from webapp.catalogue.delete import Uses
from webapp.words.numbers import counted, joined, number


def still_sending(messages: int) -> str:
    """Why a list cannot be deleted to which messages are on their way."""
    one = messages == 1
    return (
        f"{counted(messages, 'message')} to this list {'is' if one else 'are'} still being sent. "
        f"The list can be deleted when {'it has' if one else 'they have'} gone out. Nothing was changed."
    )


def losses(noun: str, used: Uses) -> list[str]:
    """The sentences of the dialog before a list, tag or account is deleted."""
    lines = [_contacts(noun, used)]
    lines.append(f"A contact that is deleted now, and restored later, does not get the {noun} back either.")
    uses = [
        counted(amount, of)
        for amount, of in ((used.automations, "automation"), (used.campaigns, "campaign"))
        if amount
    ]
    if uses:
        one = used.automations + used.campaigns == 1
        lines.append(
            f"{joined(uses)} uses it. It stays, but does nothing for this {noun} any more."
            if one
            else f"{joined(uses)} use it. They stay, but do nothing for this {noun} any more."
        )
    lines.append("This cannot be undone.")
    return lines


def _contacts(noun: str, used: Uses) -> str:
    if used.exact and not used.contacts:
        return f"No contact has this {noun}." if noun != "list" else "No contact is on this list."
    amount = counted(used.contacts, "contact") if used.exact else f"Over {number(used.contacts)} contacts"
    one = used.exact and used.contacts == 1
    where = {"list": f"{'is' if one else 'are'} on this list", "tag": f"{'has' if one else 'have'} this tag"}
    belong = where.get(noun, f"{'belongs' if one else 'belong'} to this account")
    return f"{amount} {belong}. {'It stays' if one else 'They stay'}, without it."
