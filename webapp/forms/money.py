"""Amounts of money as people type them: with a comma or a point, and with signs between the thousands."""

import re
import unicodedata
from decimal import Decimal

from webapp.words.money import decimals

# SQLite keeps 15 digits of a number exactly, four of them decimals.
MOST = Decimal(10) ** 11
_BETWEEN_THOUSANDS = re.compile("[\\s'’_]")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+")


class NotMoney(Exception):
    """This is no amount of the currency; the message says why."""


def read_money(text: str, currency: str) -> Decimal:
    """The amount in `text`: "1250", "1 250,5", "1,250.00" and "1.250,00" are read.

    Of a comma and a point the last one separates the decimals. One sign alone does, unless it can only
    separate thousands: it is there several times, or three digits follow and the currency has fewer
    decimals. Raises NotMoney.
    """
    typed = _BETWEEN_THOUSANDS.sub("", unicodedata.normalize("NFKC", text))
    if not typed:
        return Decimal(0)
    whole, point, fraction = _split(typed, decimals(currency))
    if not (whole + fraction).isascii() or not re.fullmatch(r"\d*", fraction) or not whole.isdigit():
        raise NotMoney("Type an amount, for example 1250.50.")
    if point and (not fraction or len(fraction) > decimals(currency)):
        raise NotMoney(_too_fine(currency))
    value = Decimal(f"{whole}.{fraction or 0}")
    if value >= MOST:
        raise NotMoney("This amount is too large.")
    return value


def _split(typed: str, most: int) -> tuple[str, str, str]:
    """The whole part without its separators, the sign of the decimals, and these."""
    last = max(typed.rfind(","), typed.rfind("."))
    if last < 0:
        return typed, "", ""
    sign = typed[last]
    only = "." not in typed if sign == "," else "," not in typed
    if only and _GROUPED.fullmatch(typed) and (typed.count(sign) > 1 or most < 3):
        return typed.replace(sign, ""), "", ""
    whole = typed[:last]
    other = "." if sign == "," else ","
    if other in whole:
        whole = whole.replace(other, "") if _GROUPED.fullmatch(whole) else "?"
    return whole, sign, typed[last + 1 :]


def _too_fine(currency: str) -> str:
    most = decimals(currency)
    if not most:
        return f"{currency} has no decimals."
    return f"{currency} has {most} decimals."
