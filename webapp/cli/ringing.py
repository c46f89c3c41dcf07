"""Ringing the worker after a command has committed work for it."""

import click

from webapp.worker.services import services


def ring_for_due() -> None:
    """Ring the worker for due automations and campaigns; never fails.

    If Redis does not answer, a message on standard error says that the worker does it later.
    """
    if not services().doorbell.ring_for_due():
        click.echo(
            "Redis does not answer. Everything is saved; automations and campaigns start when Redis is back.",
            err=True,
        )
