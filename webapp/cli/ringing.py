"""Ringing the worker after a command has committed what the worker is to do."""

import click

from webapp.worker.services import services


def ring_for_due() -> None:
    """Ask the worker to look for automations and campaigns that are due; never fails.

    Where Redis is away, a sentence on standard error says that the worker does it later.
    """
    if not services().doorbell.ring_for_due():
        click.echo(
            "Redis does not answer. Everything is saved; automations and campaigns start when Redis is back.",
            err=True,
        )
