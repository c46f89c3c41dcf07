"""Commands for operators: `flask --app webapp …`."""

from flask import Flask

from webapp.cli.campaigns import campaigns_group
from webapp.cli.contacts import contacts_group
from webapp.cli.deleted import erase_contacts, restore_contacts
from webapp.cli.deleting import delete_contacts
from webapp.cli.demo import demo_command
from webapp.cli.exporting import export_contacts
from webapp.cli.mail import mail_group
from webapp.cli.migrations import migrations_command
from webapp.cli.operating import audit_command, queues_command, workers_command
from webapp.cli.purging import purge_contacts
from webapp.cli.release import release
from webapp.cli.restores import restore_group
from webapp.cli.users import users_group


def init_cli(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (delete_contacts, erase_contacts, export_contacts, purge_contacts, restore_contacts):
        contacts_group.add_command(command)
    for command in (audit_command, queues_command, workers_command):
        app.cli.add_command(command)
    app.cli.add_command(campaigns_group)
    app.cli.add_command(contacts_group)
    app.cli.add_command(demo_command)
    app.cli.add_command(mail_group)
    app.cli.add_command(migrations_command)
    app.cli.add_command(release)
    app.cli.add_command(restore_group)
    app.cli.add_command(users_group)
