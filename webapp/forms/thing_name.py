from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length

from webapp.catalogue.names import Named, longest_name
from webapp.forms.typed import named, on_one_line


class ThingNameForm(FlaskForm):
    """The name of a list, tag or account."""

    name = StringField("Name", filters=[on_one_line], validators=[named])

    @classmethod
    def of(cls, kind: Named, name: str = "") -> "ThingNameForm":
        """The form of this request, or with the name as it is."""
        form = cls(data={"name": name})
        most = longest_name(kind)
        too_long = Length(max=most, message=f"That is too long: a name has at most {most} characters.")
        form.name.validators = [*form.name.validators, too_long]
        return form
