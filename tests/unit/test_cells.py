"""Cells of files for spreadsheets: defused where they look like a formula, and brought back without loss."""

from hypothesis import example, given
from hypothesis import strategies as st

from webapp.importing.cells import FORMULA, defused, undefused

CELLS = st.text(alphabet=[*"'=+-@a\t", "\uff1d"], max_size=6) | st.text(max_size=20)


@given(CELLS)
@example("'=1+1")
@example("''-")
@example("'")
def test_what_was_defused_comes_back_and_no_formula_is_written(text: str) -> None:
    written = str(defused(text))

    assert not written.startswith(FORMULA)
    assert undefused(written) == text


def test_a_text_that_no_export_has_defused_stays_as_it_is() -> None:
    assert [undefused(text) for text in ("'tis", "O'Neil", "=1", "", "'")] == [
        "'tis",
        "O'Neil",
        "=1",
        "",
        "'",
    ]


def test_numbers_are_left_alone() -> None:
    assert defused(-1) == -1
