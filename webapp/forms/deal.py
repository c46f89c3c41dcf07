"""The form of a deal. Its value is read in its currency, and its stage is a choice of positions."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from webapp.catalogue.deal_edits import DealDetails
from webapp.catalogue.stages import positions
from webapp.forms.money import NotMoney, read_money
from webapp.forms.settings import currencies
from webapp.forms.typed import named, on_one_line
from webapp.models import Deal
from webapp.words.deals import code_of, position_words, read_code
from webapp.words.money import money, plain_money

LONGEST_TITLE: int = Deal.title.type.length


class DealForm(FlaskForm):
    title = StringField(
        "Title",
        filters=[on_one_line],
        validators=[named, Length(max=LONGEST_TITLE, message=f"Type at most {LONGEST_TITLE} characters.")],
    )
    value = StringField("Value", validators=[Length(max=60, message="This amount is too large.")])
    currency = SelectField("Currency", validators=[InputRequired("Choose from the list.")])
    position = SelectField("Stage", validators=[InputRequired("Choose from the list.")])
    # The value, after it has been found valid.
    amount: Decimal

    def offer(self, others: Sequence[str], stored: DealDetails | None, currency: str) -> None:
        """Fill in the choices. What is stored is among them, even if it is offered no longer."""
        offered = positions(others)
        if stored and stored.position not in offered:
            offered.insert(0, stored.position)
        self.position.choices = [(code_of(position), position_words(position)) for position in offered]
        known = list(currencies())
        now = stored.currency if stored else currency
        self.currency.choices = known if any(code == now for code, _ in known) else [(now, now), *known]

    def validate_value(self, field: Field) -> None:
        currency = self.currency.data
        if field.errors or currency not in dict(self.currency.choices):
            return
        try:
            self.amount = read_money(field.data or "", currency)
        except NotMoney as error:
            raise ValidationError(str(error)) from error

    def details(self) -> DealDetails:
        """What was typed, after it has been found valid."""
        position = read_code(self.position.data)
        assert position is not None, "it is among the choices"
        return DealDetails(self.title.data, self.amount, self.currency.data, position)


class EditDealForm(DealForm):
    """The same of a deal that is stored: its version, and what its fields were, when the form was opened."""

    version = HiddenField()
    opened = HiddenField()

    def show(self, details: DealDetails, version: int) -> None:
        """Fill in the fields with the deal as it is stored."""
        self.title.data = details.title
        self.value.data = plain_money(details.value, details.currency)
        self.currency.data = details.currency
        self.position.data = code_of(details.position)
        self.remember(details, version)

    def remember(self, details: DealDetails, version: int) -> None:
        """Note what is stored now, so that a change by another person is seen when the form comes back."""
        self.version.data, self.opened.data = str(version), json.dumps(_shown(details))

    def changed_meanwhile(self, stored: DealDetails) -> list[tuple[str, str]]:
        """The names and values of the stored fields that are no longer what they were when the form was
        opened."""
        try:
            before: Any = json.loads(self.opened.data or "")
        except (ValueError, RecursionError):
            before = None
        was = before if isinstance(before, dict) else {}
        return [(name, value) for name, value in _shown(stored).items() if was.get(name) != value]


def _shown(details: DealDetails) -> dict[str, str]:
    return {
        "Title": details.title,
        "Value": money(details.value, details.currency),
        "Stage": position_words(details.position),
    }
