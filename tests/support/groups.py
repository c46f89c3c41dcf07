"""Which tests stay in one process when a run has several.

A database's tests do, so that its server is started once and each deployment of a test file only once. Tests
with worker processes mostly wait for them: they are separate groups, so that other groups use the
processor. The model is with them, because all groups take about as long then. pytest-xdist's own
`xdist_group` does nothing under pytest 9.2: it appends the group to an attribute that pytest no longer reads,
and every test is a group of its own.
"""

import re

from xdist.scheduler import LoadScopeScheduling

DATABASE = re.compile(r"[\[-](sqlite|postgresql)[\]-]")
# Folders of tests that have worker processes of their own, and the model.
WITH_WORKERS = ("tests/faults/", "tests/integration/", "tests/model/")


def group_of(nodeid: str) -> str:
    """The group of the test with this id: its database, else its file."""
    path = nodeid.partition("::")[0]
    found = DATABASE.search(nodeid)
    group = found[1] if found else path
    return f"{group}, with workers" if path.startswith(WITH_WORKERS) else group


class Scheduling(LoadScopeScheduling):
    """Gives each group to one process, the largest groups first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
