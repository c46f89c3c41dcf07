"""What the messages say that tell a person of a change to their sign-in. They have no link: what looks like
one of ours and asks for a click is what strangers send, too."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from webapp.models.audit_event import Action
from webapp.people.security_mail import By, NoticeMail
from webapp.words.browsers import browser_words
from webapp.words.dates import Dates
from webapp.words.messages import Text

# The subject, and what has happened.
TOLD: Mapping[str, tuple[str, str]] = {
    Action.PASSWORD_CHANGED: ("Your password was changed", "The password for {email} at {site} was changed"),
    Action.SECOND_FACTOR_ADDED: (
        "Your second factor was turned on",
        "For {email} at {site}, a second factor was turned on",
    ),
    Action.SECOND_FACTOR_REMOVED: (
        "Your second factor was turned off",
        "The second factor for {email} at {site} was turned off",
    ),
    Action.RECOVERY_CODES_MADE: (
        "New recovery codes were made",
        "New recovery codes for {email} at {site} were made, and the former ones stopped working",
    ),
    Action.SIGN_IN_LIMITED: (
        "Many wrong passwords for your address",
        "Someone has typed wrong passwords for {email} at {site}, so often that it takes none for a while",
    ),
}
# Of a later release.
SOMETHING = ("Your sign-in was changed", "Something about the sign-in of {email} at {site} was changed")
BY: Mapping[str, str] = {
    By.LINK: ", by the link in a message",
    By.ADMIN: ", by an admin of your account",
    By.OPERATOR: ", by the operator of the site",
}
RESET = "choose “Forgot your password?” on its sign-in page"
ADVICE: Mapping[str, str] = {
    By.ADMIN: "If you did not ask for it, ask the admins of your account.",
    By.OPERATOR: "If you did not ask for it, ask the admins of your account.",
    By.STRANGER: (
        "If it was you, wait a while, or {reset}. Browsers in which you have signed in before have attempts "
        "of their own.\n\n"
        "If it was not you, there is nothing to do, unless others can guess your password: then change it. "
        "You are told of this once a day at most."
    ),
}
CHANGED_BY_A_STRANGER = (
    "If it was you, there is nothing to do.\n\n"
    "If it was not you, someone else can use your sign-in. Go to {site} at once, as you always do, and "
    "{reset}: a new password signs out all browsers. Then look at the page Security, and tell an admin of "
    "your account."
)


def text_of_notice(mail: NoticeMail, site: str) -> Text:
    """The message, from the site with this host name."""
    subject, what = TOLD.get(mail.action, SOMETHING)
    advice = ADVICE.get(mail.by, CHANGED_BY_A_STRANGER)
    when = f"{Dates(ZoneInfo('UTC')).exact(mail.created_at)} UTC"
    browser = f", with {_named(browser_words(mail.browser))}" if mail.browser else ""
    happened = what.format(email=mail.to_email, site=site)
    return Text(
        subject,
        f"{happened}{BY.get(mail.by, '')}: {when}{browser}.\n\n{advice.format(site=site, reset=RESET)}\n",
    )


def _named(words: str) -> str:
    """ "Firefox on Windows" as it stands, "A browser on Linux" within a sentence."""
    return words if words.split()[0] not in ("A", "Unknown") else f"{words[0].lower()}{words[1:]}"
