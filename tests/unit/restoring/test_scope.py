"""The scope: what is signed is exactly what is started."""

import json
from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.models.restore_outcome import Reason
from webapp.restoring.filters import Filters
from webapp.restoring.scope import LARGEST_SELECTION, Scope

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
    "skips": st.dictionaries(st.sampled_from(list(map(str, Reason))), st.integers(1, 100)),
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
    """It contains sentences; a dialog that was open during the deployment sends it."""
    old = scope.to_dict() | {"title": "Restore?", "words": "All.", "skips": ["1 contact will stay."]}

    assert Scope.from_dict(old) == replace(scope, skips={})


@given(scope=scopes)
def test_a_scope_of_more_than_a_hundred_ids_is_refused(scope: Scope) -> None:
    data = scope.to_dict() | {"ids": list(range(LARGEST_SELECTION + 1))}

    with pytest.raises(ValueError, match="100 are the most"):
        Scope.from_dict(data)
