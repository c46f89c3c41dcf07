"""How everything is signed that a browser brings back: with HMAC-SHA-256, by itsdangerous.

Earlier releases signed with SHA-1, its default. What they have signed is still accepted; but they accept only
their own. So where one of them answers requests beside this one, SIGN_WITH=sha1 lets this one sign as they
do, until they have stopped (docs/deploy.md, "Upgrading").
"""

from collections.abc import Sequence
from hashlib import sha1, sha256
from typing import Any

import flask_wtf.csrf
from flask import Flask, current_app
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

Keys = Sequence[str]
DIGESTS = {"sha256": sha256, "sha1": sha1}


def serializer(keys: Keys, salt: str) -> URLSafeSerializer:
    """Signs with the last of the keys, and accepts what any of them has signed with this salt."""
    return URLSafeSerializer(keys, salt=salt, **_ways(current_app))


def timed_serializer(keys: Keys, salt: str) -> URLSafeTimedSerializer:
    """The same, which also signs the time at which it does."""
    return URLSafeTimedSerializer(keys, salt=salt, **_ways(current_app))


class SignedSessions(SecureCookieSessionInterface):
    """Flask's sessions, signed so. Keys and salt are Flask's."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        found = super().get_signing_serializer(app)
        if found:
            ways = _ways(app, key_derivation=self.key_derivation)
            found.signer_kwargs, found.fallback_signers = ways["signer_kwargs"], ways["fallback_signers"]
        return found


def init_signatures(app: Flask) -> None:
    """Sign the sessions and the tokens of forms so."""
    app.session_interface = SignedSessions()
    # Flask-WTF has no setting for it. A test tells if it finds its serializer elsewhere one day.
    flask_wtf.csrf.URLSafeTimedSerializer = timed_serializer


def _ways(app: Flask, **options: str) -> dict[str, Any]:
    """The arguments of a serializer: how it signs, and how else what it accepts may be signed."""
    signing = str(app.config["SIGN_WITH"])
    first, *others = (signing, *(name for name in DIGESTS if name != signing))
    return {
        "signer_kwargs": {**options, "digest_method": DIGESTS[first]},
        "fallback_signers": [{**options, "digest_method": DIGESTS[name]} for name in others],
    }
