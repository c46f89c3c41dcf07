"""The addresses of links that work once, by the app's settings."""

from flask import current_app

from webapp.models.person import Purpose
from webapp.people import tokens
from webapp.people.tokens import LinkName

# What stands in the address behind "?token=" reaches no log and no other page: only the path is logged, and
# the page keeps the token in the session and goes on to the address without it.
PATHS = {Purpose.RESET: "/reset", Purpose.INVITATION: "/invitation"}


def link_address(base: str, purpose: Purpose, link_id: int, nonce: str) -> str:
    """The absolute address of a link, on the site that `base` names."""
    return f"{base}{PATHS[purpose]}?token={tokens.to_token(link_id, nonce, secret_keys())}"


def read_token(token: str) -> LinkName | None:
    """What a token says; None if it is none of ours."""
    return tokens.read_token(token, secret_keys())


def secret_keys() -> list[str]:
    """The keys that signatures are made with: the former ones, then the one that signs."""
    config = current_app.config
    return [*(config.get("SECRET_KEY_FALLBACKS") or ()), config["SECRET_KEY"]]
