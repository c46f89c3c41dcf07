"""Law: what maintains the repository agrees with it: workflow, forms, locked dependencies, metadata."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def test_the_documents_of_the_repository_can_be_read() -> None:
    """The workflow calls what `make sure` calls, on each Python that make supports."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    job = workflow["jobs"]["sure"]
    supported = re.findall(r"^SUPPORTED = (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)[0].split()

    assert sorted(job["strategy"]["matrix"]["python"]) == sorted(supported)
    assert job["steps"][-1]["run"] == ".ci/run"
    for path in (ROOT / ".github").rglob("*.yml"):
        document = yaml.safe_load(path.read_text())
        for used in re.findall(r"uses: (\S+)", path.read_text()):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", used), "an action is named by its commit"
        if path.parent.name == "workflows":
            assert document["permissions"] == {"contents": "read"}
        if path.parent.name == "ISSUE_TEMPLATE" and path.name != "config.yml":
            assert {"name", "description", "body"} <= set(document)
            ids = [part["id"] for part in document["body"] if part["type"] != "markdown"]
            assert len(ids) == len(set(ids)) > 0


REQUIREMENTS = sorted(ROOT.glob("requirements*.txt"))


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_locked_version_has_its_hashes(path: Path) -> None:
    """pip then refuses whatever is not the file that `make lock` has seen."""
    entries = path.read_text().replace("\\\n", " ").splitlines()
    locked = [line for line in entries if line and not line.lstrip().startswith("#")]

    assert len(locked) > 30
    for line in locked:
        assert re.match(r"[a-z0-9-]+(\[[a-z]+\])?==", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line


def test_make_refuses_a_file_without_a_hash() -> None:
    makefile = (ROOT / "Makefile").read_text()
    from_files = [line for line in makefile.splitlines() if "pip install" in line and " -r " in line]

    assert "--require-hashes" in re.findall(r"^LOCKED = (.*)", makefile, re.MULTILINE)[0]
    assert len(from_files) == 5
    assert all("$(LOCKED)" in line for line in from_files)


def test_the_app_is_not_packaged() -> None:
    """A wheel of it would lack templates and migrations. It runs from its checkout (docs/adr/0041)."""
    declared = (ROOT / "setup.cfg").read_text().partition("[options.extras_require]")[0]

    assert set(re.findall(r"^(\w+) =", declared, re.MULTILINE)) == {
        *("name", "description"),
        *("python_requires", "packages", "install_requires"),
    }
    assert not list(ROOT.glob("MANIFEST*"))
