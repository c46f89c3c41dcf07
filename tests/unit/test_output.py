"""What templates print: escaped as Jinja and markupsafe do it."""

from decimal import Decimal

import pytest
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from webapp.web.output import escaped


class WithTags:
    def __html__(self) -> str:
        return "<b>bold</b>"


class Sly(str):
    """A text that may not say by itself that it is safe."""


@given(st.text())
def test_any_text_is_printed_as_markupsafe_escapes_it(text: str) -> None:
    assert Markup(escaped(text)).unescape() == Markup(escape(text)).unescape() == text
    assert not set(escaped(text)) & set("<>\"'")


@pytest.mark.parametrize(
    "value", [12, -1, True, None, 1.5, Decimal("2.50"), Markup("<b>&amp;</b>"), WithTags(), Sly("<i>")]
)
def test_other_values_are_printed_as_before(value: object) -> None:
    assert escaped(value) == str(escape(value))


def test_templates_use_it(app: Flask) -> None:
    text, markup = "<script>'\"&", Markup("<b>")
    with app.app_context():
        printed = render_template_string(
            "{% macro piece(x) %}{{ x }}{% endmacro %}"
            "{{ text }}{{ markup }}{{ piece(text) }}{{ text|upper }}{{ text ~ markup }}",
            text=text,
            markup=markup,
        )
    once = "&lt;script&gt;&#x27;&quot;&amp;"
    joined = "&lt;script&gt;&#39;&#34;&amp;<b>"
    assert printed == f"{once}<b>{once}{once.replace('script', 'SCRIPT')}{joined}"
