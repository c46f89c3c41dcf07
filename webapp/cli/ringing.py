"""Ringing the worker after a command has committed what the worker is to do."""

import click

from webapp.jobs.services import services


def ring_for_work() -> None:
    """Ask the worker to look for automations and campaigns that are due; never fails.

    Where Redis is away, a sentence on standard error says that the worker does it later.
    """
    if not services().doorbell.ring_for_work():
        click.echo(
            "Redis does not answer. All of it is in the database; automations and campaigns start when Redis "
            "is back.",
            err=True,
        )
