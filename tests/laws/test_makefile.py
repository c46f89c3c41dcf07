"""Law: `make` makes an environment with the best Python of the machine, or says what is missing.

The Pythons are scripts: they tell their version as asked, and record what they are told to do.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Answers as Python {version} would. `venv` makes an environment whose Python is the same script.
PYTHON = """#!/bin/sh
echo "$0 $*" >> "{log}"
case "$1" in
    -V) echo "Python {version}" ;;
    -c) [ "$2" = "import pip" ] || exec "{python}" -c "import sys
sys.version_info = (*map(int, '{version}'.split('.')), 'final', 0)
sys.modules.update({modules})
exec(sys.argv[1])" "$2" ;;
    -m) [ "$2" != venv ] || {{ mkdir -p .venv/bin && rm -f .venv/bin/python && cp "$0" .venv/bin/python; }} ;;
esac
"""


class Machine:
    """A bare clone on a machine with certain Pythons."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.ready = folder / ".venv" / ".ready"
        self.python = folder / ".venv" / "bin" / "python"
        shutil.copy(ROOT / "Makefile", folder)
        self.tools = folder / ".venv" / ".tools"
        for kind in ("local", "dev"):
            (folder / f"requirements-{kind}.txt").touch()

    def install(self, name: str, version: str, *, bare: bool = False) -> str:
        """Install a Python of this version; a bare one has no `ensurepip`."""
        path = self.folder / name
        modules = {"ensurepip": None} if bare else {}
        path.write_text(PYTHON.format(log=self.log, version=version, python=sys.executable, modules=modules))
        path.chmod(0o755)
        return str(path)

    def make(
        self, *candidates: str, target: str = ".venv/.ready", **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `make` for the environment; it looks only for these Pythons."""
        if candidates:
            settings["CANDIDATES"] = " ".join([str(self.folder / "missing"), *candidates, "also-missing"])
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
        }
        self.log.write_text("")
        return subprocess.run(
            ["make", target, *(f"{name}={value}" for name, value in settings.items())],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
        )

    def installed(self) -> list[str]:
        """The requirements that the last `make` has installed."""
        lines = self.log.read_text().splitlines()
        return [line.rpartition("requirements-")[2] for line in lines if " -m pip install " in line]

    def made_by(self) -> list[str]:
        """The Pythons that have made an environment in the last `make`."""
        return [line.split()[0] for line in self.log.read_text().splitlines() if " -m venv " in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("version", ["3.11.2", "3.12.1", "3.13.0", "3.14.0"])
def test_a_supported_python_comes_before_a_newer_one_and_an_older_one(machine: Machine, version: str) -> None:
    newer, older, right = (
        machine.install("newer", "3.15.0"),
        machine.install("older", "3.10.9"),
        machine.install("right", version),
    )

    answer = machine.make(newer, older, right)

    assert answer.returncode == 0, answer.stderr
    assert machine.made_by() == [right]
    assert f"Creating .venv with Python {version} and" in answer.stdout
    assert "Note" not in answer.stdout


def test_a_newer_python_works_with_a_note(machine: Machine) -> None:
    newer = machine.install("newer", "3.16.1")

    answer = machine.make(newer)

    assert answer.returncode == 0, answer.stderr
    assert machine.made_by() == [newer]
    assert (
        "Note: Python 3.16.1 is newer than the versions that the tests run on (3.11 to 3.14)."
        in answer.stdout
    )
    assert machine.ready.exists()


def test_a_python_without_venv_says_what_to_install(machine: Machine) -> None:
    bare = machine.install("bare", "3.13.5", bare=True)

    answer = machine.make(bare)

    assert answer.returncode != 0
    assert f"{bare} cannot make virtual environments." in answer.stderr
    assert "apt install python3-venv" in answer.stderr
    assert "not found" not in answer.stderr
    assert machine.made_by() == []
    # Another Python that can make them is taken instead.
    other = machine.install("other", "3.11.2")
    assert machine.make(bare, other).returncode == 0
    assert machine.made_by() == [other]


def test_without_a_python_make_says_which_to_install(machine: Machine) -> None:
    older = machine.install("older", "3.10.9")

    answer = machine.make(older)

    assert answer.returncode != 0
    assert "Python 3.11 or newer is required and was not found." in answer.stderr


def test_a_named_python_is_the_only_candidate(machine: Machine) -> None:
    older, newer = machine.install("older", "3.10.9"), machine.install("newer", "3.15.0")

    answer = machine.make(PYTHON=older)
    assert answer.returncode != 0
    assert f"{older} is not Python 3.11 or newer." in answer.stderr

    assert machine.make(PYTHON=newer).returncode == 0
    assert machine.made_by() == [newer]


def test_an_environment_is_made_once_and_again_when_its_python_has_gone(machine: Machine) -> None:
    right = machine.install("right", "3.13.0")
    assert machine.make(right).returncode == 0
    machine.make(right)
    assert machine.made_by() == []

    # New requirements are installed into the same environment.
    os.utime(machine.folder / "requirements-local.txt", (2**32, 2**32))
    machine.make(right)
    assert machine.installed() == ["local.txt"]
    assert machine.made_by() == []
    os.utime(machine.folder / "requirements-local.txt", (0, 0))

    machine.python.unlink()
    machine.python.symlink_to(machine.folder / "missing")
    answer = machine.make(right)
    assert answer.returncode == 0, answer.stderr
    assert machine.made_by() == [right]

    # Its Python is another version now, which does not find what is installed.
    machine.python.write_text("#!/bin/sh\nexit 1\n")
    machine.make(right)
    assert machine.made_by() == [right]
    machine.make(right)
    assert machine.made_by() == []


def test_the_tools_are_installed_only_for_what_needs_them(machine: Machine) -> None:
    right = machine.install("right", "3.13.0")

    machine.make(right)
    assert machine.installed() == ["local.txt"]
    machine.make(right, target=".venv/.tools")
    assert machine.installed() == ["dev.txt"]

    for target in (".venv/.ready", ".venv/.tools"):
        machine.make(right, target=target)
        assert machine.installed() == []


def test_an_environment_whose_tools_were_interrupted_is_made_anew(machine: Machine) -> None:
    right = machine.install("right", "3.13.0")
    assert machine.make(right, target=".venv/.tools").returncode == 0
    machine.tools.unlink()
    whole = machine.python.read_text()
    # pip fails, or is interrupted.
    machine.python.write_text(whole.replace("-m) ", '-m) [ "$2" != pip ] || exit 1; ', 1))
    assert machine.make(right, target=".venv/.tools").returncode != 0

    assert machine.make(right).returncode == 0

    assert machine.made_by() == [right]
