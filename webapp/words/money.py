"""Amounts of money, with as many decimals as their currency has."""

from decimal import Decimal

# How many decimals a currency has, by ISO 4217, list one ("Minor unit"). Those of all others are two.
_USUAL = 2
_EXCEPTIONS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DECIMALS = {code: decimals for decimals, codes in _EXCEPTIONS.items() for code in codes.split()}


def decimals(currency: str) -> int:
    """How many decimals amounts of the currency have."""
    return DECIMALS.get(currency.upper(), _USUAL)


def money(value: Decimal, currency: str) -> str:
    """ "1,250.00 USD", "1,250 JPY", "1,250.000 KWD"; rounded, if the value has more decimals than that."""
    return f"{value:,.{decimals(currency)}f} {currency}"


def plain_money(value: Decimal, currency: str) -> str:
    """The amount for a field in which it is edited: "1250.00". Stored decimals are never dropped."""
    places = max(decimals(currency), -int(value.normalize().as_tuple().exponent))
    return f"{value:.{places}f}"
