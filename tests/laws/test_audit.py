"""Law: every action that the audit log records has its name in one place, and a sentence."""

import ast
from pathlib import Path

import pytest

from webapp.audit.log import Entry
from webapp.models import AuditEvent
from webapp.models.audit_event import Action, JobAct, job_action
from webapp.models.job import ACTIVE, JobState
from webapp.words.audit import LABELS, TELLERS, actions, label_of, tell
from webapp.words.kinds import KIND_WORDS
from webapp.worker.kinds import KINDS

WEBAPP = Path(__file__).parents[2] / "webapp"
RECORDERS = ("record", "record_all")


def recorded() -> list[tuple[str, str]]:
    """Where an event is recorded, and the action as the code names it."""
    found = []
    for path in sorted(WEBAPP.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RECORDERS:
                names = [ast.unparse(word.value) for word in node.keywords if word.arg == "action"]
                found += [(path.relative_to(WEBAPP).as_posix(), name) for name in names]
    return found


def test_every_action_is_named_by_the_list_of_actions() -> None:
    places = recorded()

    assert len(places) >= 9
    for path, name in places:
        assert name.startswith(("Action.", "Action(", "job_action(")), f"{path} writes {name}"


def test_every_action_has_a_name_and_a_sentence() -> None:
    assert set(LABELS) == set(TELLERS) == set(Action)
    known = actions()
    assert {job_action(kind, act) for kind in KINDS for act in JobAct} | set(Action) <= set(known)
    assert len(set(known.values())) == len(known)


def test_every_final_state_of_a_job_is_an_act() -> None:
    assert {str(state) for state in set(JobState) - set(ACTIVE)} <= {str(act) for act in JobAct}
    assert set(KINDS) <= set(KIND_WORDS)


@pytest.mark.parametrize("action", sorted(actions()))
def test_a_sentence_needs_nothing_that_can_be_gone(action: str) -> None:
    """Old events lack details, and their subjects can be purged."""
    about = "restore_job:7" if action not in set(Action) else "tag:7"
    event = AuditEvent(action=action, subject=about, detail={})
    table, _, row_id = about.partition(":")

    told = tell(Entry(event, None, table, int(row_id), None))

    assert told.text.strip()
    assert "None" not in told.text
    assert "{" not in told.text


def test_an_action_of_a_later_release_is_its_own_name() -> None:
    event = AuditEvent(action="contact.cloned", subject="contact:7", detail={})

    assert tell(Entry(event, None, "contact", 7, None)).text == label_of("contact.cloned") == "contact.cloned"
