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


def money(value: Decimal, currency: str) -> str:
    """ "1,250.00 USD", "1,250 JPY", "1,250.000 KWD"; rounded, if the value has more decimals than that."""
    return f"{value:,.{DECIMALS.get(currency.upper(), _USUAL)}f} {currency}"
