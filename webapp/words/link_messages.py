"""What a message with a link that works once says."""

from webapp.models.person import Purpose
from webapp.people.link_mail import LinkMail
from webapp.words.messages import Text


def text_of_link(mail: LinkMail, address: str, site: str) -> Text:
    """The message with the link `address`, from the site with this host name."""
    if mail.purpose == Purpose.INVITATION:
        # An account may have any name: what stands in the subject cannot be more than a line.
        name = " ".join((mail.workspace_name or "").split())
        return Text(
            f"Invitation to {name}",
            f"You are invited to work in the account “{name}” at {site}.\n\n"
            f"To accept, open this address within 7 days:\n{address}\n\n"
            "It works once. If you do not expect this invitation, there is nothing to do.\n",
        )
    return Text(
        "A new password",
        f"Someone has asked for a new password for {mail.to_email} at {site}.\n\n"
        f"To choose it, open this address within an hour:\n{address}\n\n"
        "It works once. If it was not you, there is nothing to do: your password stays as it is.\n",
    )
