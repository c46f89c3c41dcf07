"""The second factor in requests: who must still set one up, the secret of one that is being set up, and the
vault of secrets."""

from urllib.parse import urlsplit

from flask import current_app, request, session
from flask_login import current_user

from webapp.people.second_factor import has_second_factor, new_secret
from webapp.people.vault import Vault
from webapp.web.sessions import current_sign_in
from webapp.worker.one_time import secret_keys

# What a person can do whose account requires a second factor, and who has none: set one up, and leave.
SETTING_UP = frozenset(
    {"security", "begin_second_factor", "set_up_second_factor", "confirm_second_factor", "change_password"}
)
# In the cookie of the session.
SETUP, SETUP_SECONDS = "second_factor", 10 * 60


def begin_setup() -> None:
    """Make a new secret, which this session can set up, for ten minutes. No other session gets to it, and it
    goes with the session's key: call it when the session has its new one, so that a copy of the former
    cookie is good for nothing."""
    session[SETUP] = vault().lock(new_secret())


def secret_in_setup() -> str | None:
    """The secret that this session is setting up; None if there is none. One that is too old is erased."""
    locked = session.get(SETUP)
    secret = vault().open(locked, within=SETUP_SECONDS) if locked else None
    if locked and secret is None:
        del session[SETUP]
    return secret


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
