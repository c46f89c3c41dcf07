"""Deals' titles in the form to search in, and an account's contacts by their Created Dates.

On PostgreSQL each index is built while others write, and the titles are folded batch by batch, so that no row
is locked for long; a migration that was killed begins again where it was.

The previous release still works: it reads neither. Deals that it makes or renames afterwards are folded by the
worker (webapp/contacts/mend.py).

Revision ID: 0015
Revises: 0013
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

from webapp import folding
