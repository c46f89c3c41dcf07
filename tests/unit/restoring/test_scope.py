"""The scope: what is signed is exactly what is started."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from webapp.contacts.matching import LITERAL
from webapp.contacts.normal import normalize
from webapp.folding import folded, wanted
from webapp.restoring.filters import Filters
from webapp.restoring.scope import LARGEST_SELECTION, Conflicts, Scope

moments = st.datetimes(timezones=st.just(UTC))
ids = st.integers(1, 2**63 - 1)
old_filters = {
    "q": st.text(st.characters(exclude_categories=["Cs"])),
    "since": st.none() | moments,
    "before": st.none() | moments,
    "deleted_by": st.none() | ids,
    "deletion": st.just(()) | st.tuples(ids),
}
filters = st.builds(
    Filters,
    **old_filters
    | {
        "deletion": st.lists(ids, unique=True, max_size=5).map(lambda numbers: tuple(sorted(numbers))),
        "how": st.sampled_from(("", "page", "import")),
        "expires": st.none() | moments,
    },
)
common = {
    "workspace_id": ids,
    "as_of": moments,
    "through_number": st.integers(0, 2**63 - 1),
    "key": st.uuids().map(str),
    "expected": st.integers(0, 10**6),
    "conflicts": st.sampled_from(Conflicts),
    "rescue": st.booleans(),
}
by_ids = st.builds(
    Scope,
    **common,
    ids=st.lists(ids, min_size=1, max_size=LARGEST_SELECTION, unique=True).map(tuple),
    plan_digest=st.text("0123456789abcdef", min_size=64, max_size=64),
)
scopes = st.builds(Scope, **common, filters=filters) | by_ids


@given(scope=scopes)
def test_a_scope_survives_json(scope: Scope) -> None:
    again = Scope.from_dict(json.loads(json.dumps(scope.to_dict())))

    assert again == scope
    assert again.is_by_ids == (scope.filters is None)


@given(scope=st.builds(Scope, **common, filters=st.builds(Filters, **old_filters)) | by_ids)
def test_a_scope_of_the_previous_release_means_the_same(scope: Scope) -> None:
    """It contains sentences, and its text is literal. A dialog that was open at the deployment sends it."""
    old = scope.to_dict() | {"title": "Restore?", "words": "All.", "skips": ["1 contact will stay."]}
    for new in ("search", "conflicts", "rescue"):
        del old[new]
    assert "narrowed" not in old
    literal = scope.filters and replace(scope.filters, q=old["filters"]["q"])

    read = Scope.from_dict(old)

    assert read == replace(scope, filters=literal, conflicts=Conflicts.SKIP, rescue=False)
    assert read.filters is None or read.filters.folding == LITERAL


@given(scope=st.builds(Scope, **common, filters=filters), number=ids, at=moments)
def test_the_previous_release_matches_no_deletion_that_is_not_meant(
    scope: Scope, number: int, at: datetime
) -> None:
    """It continues a job after a rollback, and knows five filters, `deletion` as one number."""
    meant, old = scope.filters, scope.to_dict()["filters"]
    assert meant is not None
    assert old.keys() == {"q", "since", "before", "deleted_by", "deletion"}
    for candidate in (number, *meant.deletion):
        by_number = old["deletion"] is None or old["deletion"] == candidate
        by_moment = old["before"] is None or at < datetime.fromisoformat(old["before"])
        if by_number and by_moment:
            # It knows no ways of deleting, and of several deletions it must not take one.
            assert not meant.how
            assert len(meant.deletion) < 2
            assert not meant.deletion or candidate in meant.deletion
            assert all(at < end for end in (meant.before, meant.expires) if end)


@given(q=st.text("ab é王'-% ", min_size=1), name=st.text("ab é王'-% "))
def test_the_previous_release_finds_nothing_that_the_words_do_not_find(q: str, name: str) -> None:
    """It continues a job after a rollback."""
    parts = wanted(q)
    assume(parts)
    scope = Scope(1, datetime(2026, 11, 26, tzinfo=UTC), 1, "key", 1, filters=Filters(q=" ".join(q.split())))
    old_q = normalize(scope.to_dict()["filters"]["q"])
    old_text = " " + normalize(name)

    if (old_q if len(old_q) >= 3 else f" {old_q}") in old_text:
        assert all(part in folded(name, "", None) for part in parts)


@given(scope=scopes)
def test_a_scope_of_more_than_a_hundred_ids_is_refused(scope: Scope) -> None:
    data = scope.to_dict() | {"ids": list(range(LARGEST_SELECTION + 1))}

    with pytest.raises(ValueError, match="100 are the most"):
        Scope.from_dict(data)
