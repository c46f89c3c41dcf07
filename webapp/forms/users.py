"""The forms about users and groups."""

from collections.abc import Sequence

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, StringField
from wtforms.validators import ValidationError

from webapp.contacts.address import NotAnAddress, read_address
from webapp.contacts.normal import normalize
from webapp.forms.typed import as_seen, longest, named, on_one_line
from webapp.models import UserGroup
from webapp.numbers import whole_number

LONGEST_NAME, LONGEST_GROUP_NAME = 120, 80


class UserForm(FlaskForm):
    """A user's name, and the groups that are ticked."""

    name = StringField(filters=[on_one_line], validators=[named, longest(LONGEST_NAME)])

    # Not a field of WTForms, because it is a box for each group.
    group_error: str = ""

    @property
    def group_ids(self) -> set[int]:
        """The ids of the ticked groups; what is no number is one that no account has."""
        return {whole_number(text) or 0 for text in request.form.getlist("group")}

    def offer(self, groups: Sequence[UserGroup], ticked: set[int]) -> list[tuple[UserGroup, bool]]:
        """The boxes: each group, and whether it is ticked; as they were sent, if the form was."""
        chosen = self.group_ids if self.is_submitted() else ticked
        return [(group, group.id in chosen) for group in groups]


class InvitationForm(UserForm):
    email = StringField(filters=[as_seen], validators=[longest(254)])

    def validate_email(self, field: Field) -> None:
        try:
            address = read_address(field.data).email
        except NotAnAddress as error:
            raise ValidationError(f"This cannot be an e-mail address: {error}.") from error
        if address is None:
            raise ValidationError("Type an e-mail address.")

    @property
    def address(self) -> str:
        """The normalized address of a valid form."""
        return normalize(self.email.data or "")


class GroupForm(FlaskForm):
    name = StringField(filters=[on_one_line], validators=[named, longest(LONGEST_GROUP_NAME)])
