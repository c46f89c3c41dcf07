"""The keys of the deployment: what signs sessions, forms and links."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from webapp.config.reading import ConfigError
from webapp.private_files import make_private

DIGESTS = ("sha256", "sha1")
# Hexadecimal digits of this number are 128 random bits.
SHORTEST_KEY = 32
# A random key has more. A word that is repeated, or a row of one character, has fewer.
FEWEST_CHARACTERS = 8
_LONG_KEY = (
    f"set it to at least {SHORTEST_KEY} random characters, for instance the output of "
    "`python -c 'import secrets; print(secrets.token_hex(32))'`."
)


def secret_key(settings: Mapping[str, str], instance_path: Path, production: bool) -> str:
    """The key that signs. Raises ConfigError if there is none, or in production a short one."""
    if "SECRET_KEY" in settings:
        key = settings["SECRET_KEY"]
        if production and len(key) < SHORTEST_KEY:
            raise ConfigError(f"SECRET_KEY is too short: {_LONG_KEY}")
        if production and not _may_be_random(key):
            raise ConfigError(f"SECRET_KEY is not random, but a text or a row of few characters: {_LONG_KEY}")
        return key
    if production:
        raise ConfigError(
            f"SECRET_KEY is not set. In production every process needs the same one: {_LONG_KEY}"
        )
    return _stored_secret(instance_path / "secret_key")


def former_keys(settings: Mapping[str, str], production: bool) -> list[str]:
    """The keys that signed before SECRET_KEY, the oldest first: what they signed is valid still."""
    keys = settings.get("SECRET_KEY_FALLBACKS", "").replace(",", " ").split()
    if production and any(len(key) < SHORTEST_KEY for key in keys):
        raise ConfigError(
            f"SECRET_KEY_FALLBACKS contains a key with less than {SHORTEST_KEY} characters. It lists former "
            "values of SECRET_KEY, with commas between them. Leave the short one out: users sign in again."
        )
    return keys


def _may_be_random(key: str) -> bool:
    """Whether it is none of what is pasted by mistake: a sentence, a placeholder, a row of one character."""
    printable = key.isascii() and key.isprintable() and " " not in key
    return printable and len(set(key)) >= FEWEST_CHARACTERS


def digest(settings: Mapping[str, str]) -> str:
    """The hash function of signatures. Raises ConfigError."""
    name = settings.get("SIGN_WITH", DIGESTS[0])
    if name not in DIGESTS:
        raise ConfigError(
            "SIGN_WITH must be sha256, or sha1 while an earlier release that signs with it runs beside this "
            f"one, not {name!r}."
        )
    return name


def _stored_secret(path: Path) -> str:
    """The secret in the file `path`, created on first use. Two processes that start together share one.

    The file is written under another name and then linked: the link fails if another process was first, and
    no process reads a partly written file.
    """
    try:
        if not path.exists():
            make_private(path.parent)
            draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
            try:
                with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(secrets.token_hex(32))
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink(missing_ok=True)
        secret = path.read_text().strip()
    except OSError as error:
        raise ConfigError(
            f"The secret key cannot be stored: {error}. Make the folder writable or set SECRET_KEY."
        ) from error
    if not secret:
        raise ConfigError(
            f"{path} is empty. Delete it to have a new key created; all users must then sign in again."
        )
    return secret
