"""What templates print, escaped: Jinja's own way makes two objects for each of the thousand values of a page.

A text goes through `html.escape`, and a Markup is printed as it is. Autoescape stays on: this replaces only
what it calls at the last step, where the parts of the page are joined (docs/adr/0047).
"""

from html import escape as escape_text

import markupsafe
from flask.templating import Environment
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import Expr
from markupsafe import Markup


def escaped(value: object) -> str:
    """The value as HTML: only what is a Markup, or has `__html__`, may hold tags."""
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[return-value]
    if kind is str:
        return escape_text(value)  # type: ignore[arg-type]
    if kind is int:
        return str(value)
    return markupsafe.escape(value)


class EscapingGenerator(CodeGenerator):
    """Compiles a template so that its values go through `escaped`."""

    def _output_child_pre(self, node: Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")


class PageEnvironment(Environment):
    """The templates of the pages."""

    code_generator_class = EscapingGenerator
    escaped = staticmethod(escaped)
