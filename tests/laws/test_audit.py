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
RECORDERS = ("record", "record_all", "record_visit", "record_here")
# These pass on what they are called with, by the name `action`.
PASSED_ON = {(f"{file}.py", "action") for file in ("views/security", "web/downloads", "web/entering")}


def recorded() -> list[tuple[str, str]]:
    """Where an event is recorded, and the action as the code names it."""
    found = []
    for path in sorted(WEBAPP.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RECORDERS:
                names = [ast.unparse(word.value) for word in node.keywords if word.arg == "action"]
                names += [ast.unparse(node.args[3])] if node.func.id == "record_here" else []
                found += [(path.relative_to(WEBAPP).as_posix(), name) for name in names]
    return found


def test_every_action_is_named_by_the_list_of_actions() -> None:
    places = recorded()

    assert len(places) >= 9
    assert {place for place in places if place[1] == "action"} == PASSED_ON
    for path, name in places:
        if (path, name) in PASSED_ON:
            continue
        assert name.startswith(("Action.", "Action(", "job_action(")), f"{path} writes {name}"


def calls(node: ast.AST) -> set[str]:
    """The functions that are called by their bare names anywhere in `node`."""
    found = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
    return {function.id for function in found if isinstance(function, ast.Name)}


def test_every_file_that_is_downloaded_is_recorded() -> None:
    sends = {"csv_download", "read_part"}
    modules = [ast.parse(path.read_text()) for path in sorted((WEBAPP / "views").rglob("*.py"))]
    functions = [
        (node.name, calls(node))
        for module in modules
        if calls(module) & sends
        for node in module.body
        if isinstance(node, ast.FunctionDef)
    ]
    downloads = {name for name, called in functions if called & {*sends, "_parts"}} - {"_parts"}

    assert len(downloads) >= 4
    assert downloads <= {name for name, called in functions if "record_download" in called}


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
