"""Amounts of money are read as people type them, and nothing else is."""

from decimal import Decimal

import pytest

from webapp.forms.money import NotMoney, read_money
from webapp.words.money import money, plain_money

READ = {
    ("1250", "EUR"): "1250",
    ("1250,5", "EUR"): "1250.5",
    ("1250.50", "EUR"): "1250.5",
    ("1,250.50", "EUR"): "1250.5",
    ("1.250,50", "EUR"): "1250.5",
    ("1 250,50", "EUR"): "1250.5",
    ("1\u00a0250,50", "EUR"): "1250.5",
    ("1'250.50", "CHF"): "1250.5",
    ("1,250", "EUR"): "1250",
    ("1.250", "EUR"): "1250",
    ("1,250,000", "JPY"): "1250000",
    ("12,50", "EUR"): "12.5",
    ("0,5", "EUR"): "0.5",
    ("1,250", "KWD"): "1.25",
    ("1.250,125", "KWD"): "1250.125",
    ("1.2345", "CLF"): "1.2345",
    ("１２５０", "EUR"): "1250",
    ("", "EUR"): "0",
    ("99999999999.99", "EUR"): "99999999999.99",
}
REFUSED = [
    *((text, "EUR") for text in ("abc", "-5", "+5", "1e3", "12.345,6,7", "1,2,3", "1..5", ",", "5,", "€ 5")),
    *((text, "EUR") for text in ("1.5.2", "12,3456", "100000000000", "1.25,000.00", "٣", "½", "NaN", "0x1f")),
    *(("1,5", "JPY"), ("1250.1234", "KWD")),
]


def test_amounts_are_read_in_each_way_of_writing_them() -> None:
    assert {key: str(read_money(*key).normalize()) for key in READ} == {
        key: str(Decimal(value).normalize()) for key, value in READ.items()
    }


@pytest.mark.parametrize(("text", "currency"), REFUSED)
def test_nonsense_is_refused(text: str, currency: str) -> None:
    with pytest.raises(NotMoney):
        read_money(text, currency)


@pytest.mark.parametrize(
    ("value", "currency"), [("1250.5", "EUR"), ("7", "JPY"), ("1.25", "KWD"), ("0", "USD")]
)
def test_an_amount_in_a_field_is_read_as_itself(value: str, currency: str) -> None:
    typed = plain_money(Decimal(value), currency)

    assert read_money(typed, currency) == Decimal(value)
    assert money(Decimal(value), currency).removesuffix(f" {currency}").replace(",", "") == typed
