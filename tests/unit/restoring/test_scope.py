"""The scope: what is signed is exactly what is started."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from webapp.contacts.folding import folded, wanted
from webapp.contacts.matching import LITERAL
from webapp.contacts.normal import normalize
from webapp.restoring.filters import Filters
from webapp.restoring.scope import LARGEST_SELECTION, Conflicts, Scope

moments = st.datetimes(timezones=st.just(UTC))
ids = st.integers(1, 2**63 - 1)
filters = st.builds(
    Filters,
    q=st.text(st.characters(exclude_categories=["Cs"])),
    since=st.none() | moments,
    before=st.none() | moments,
    deleted_by=st.none() | ids,
    deletion=st.none() | ids,
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
scopes = st.one_of(
    st.builds(Scope, **common, filters=filters),
    st.builds(
        Scope,
        **common,
        ids=st.lists(ids, min_size=1, max_size=LARGEST_SELECTION, unique=True).map(tuple),
        plan_digest=st.text("0123456789abcdef", min_size=64, max_size=64),
    ),
)


@given(scope=scopes)
def test_a_scope_survives_json(scope: Scope) -> None:
    again = Scope.from_dict(json.loads(json.dumps(scope.to_dict())))

    assert again == scope
    assert again.is_by_ids == (scope.filters is None)


@given(scope=scopes)
def test_a_scope_of_the_previous_release_means_the_same(scope: Scope) -> None:
    """It contains sentences, and its text is literal. A dialog that was open at the deployment sends it."""
    old = scope.to_dict() | {"title": "Restore?", "words": "All.", "skips": ["1 contact will stay."]}
    for new in ("search", "conflicts", "rescue"):
        del old[new]
    literal = scope.filters and replace(scope.filters, q=old["filters"]["q"])

    read = Scope.from_dict(old)

    assert read == replace(scope, filters=literal, conflicts=Conflicts.SKIP, rescue=False)
    assert read.filters is None or read.filters.folding == LITERAL


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
