"""The scope: what is signed is exactly what is started."""

import json
from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    "words": st.text(st.characters(exclude_categories=["Cs"])),
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
def test_a_scope_comes_back_from_json_as_it_was(scope: Scope) -> None:
    again = Scope.from_dict(json.loads(json.dumps(scope.to_dict())))

    assert again == scope
    assert again.hash == scope.hash
    assert again.kind == ("filters" if scope.filters is not None else "ids")


@given(scope=scopes, other=scopes)
def test_two_scopes_have_one_hash_exactly_if_they_mean_the_same(scope: Scope, other: Scope) -> None:
    assert (scope.hash == other.hash) == (scope == other)
    assert replace(scope, through_number=scope.through_number + 1).hash != scope.hash


@given(scope=scopes)
def test_more_than_a_hundred_ids_are_no_scope(scope: Scope) -> None:
    data = scope.to_dict() | {"ids": list(range(LARGEST_SELECTION + 1))}

    with pytest.raises(ValueError, match="100 are the most"):
        Scope.from_dict(data)
