"""The second factor in requests: who must still set one up, and the vault of its secrets."""

from urllib.parse import urlsplit

from flask import current_app, request
from flask_login import current_user

from webapp.people.second_factor import has_second_factor
from webapp.people.vault import Vault
from webapp.web.sessions import current_sign_in
from webapp.worker.one_time import secret_keys

# What a person can do whose account requires a second factor, and who has none: set one up, and leave.
SETTING_UP = frozenset(
    {"security", "begin_second_factor", "set_up_second_factor", "confirm_second_factor", "change_password"}
)


def must_set_up() -> bool:
    """Whether the signed-in user's account requires a second factor that the person does not have."""
    sign_in = current_sign_in()
    return (
        sign_in is not None
        and current_user.workspace.requires_second_factor
        and not has_second_factor(sign_in.person)
    )


def vault() -> Vault:
    """What locks and opens the secrets, with the keys of this deployment."""
    return Vault(secret_keys())


def issuer() -> str:
    """How an authenticator app names this site."""
    public_url = current_app.config["PUBLIC_URL"]
    return f"Contacts ({(urlsplit(public_url).hostname if public_url else request.host) or ''})"
