"""Law: what starts the app on each host agrees with the app, and with itself.

No container engine and no systemd runs in a test. So these read the files as the engines would: names of
settings, of files and of services, and what each process may do.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.laws.test_docs import settings_read_by_config

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deploy" / "systemd"
# Of compose.yaml and its images, not of the app.
OF_COMPOSE = {"DOMAIN", "POSTGRES_PASSWORD"}
# Of Python.
OF_PYTHON = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PATH"}


def described() -> set[str]:
    """The settings in README's table, which `tests/laws/test_docs.py` compares with those that are read."""
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"[A-Z_]+", row)}
    return {name for name in names if not name.startswith("TEST_")}


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.removeprefix("#").split("=", 1) for line in lines if re.match(r"#?[A-Z_]+=", line))


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return document


def procfile() -> dict[str, str]:
    """Each process with its command, as it is in production."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    return dict(line.replace("APP_ENV=production ", "").split(": ", 1) for line in lines)


def unit(name: str) -> list[tuple[str, str]]:
    """The settings of a unit and of what all units share."""
    text = "\n".join(
        path.read_text() for path in (UNITS / "restore-.service.d" / "common.conf", UNITS / name)
    )
    return re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)


def test_the_example_of_settings_has_each_setting_and_no_other() -> None:
    assert set(example()) - OF_COMPOSE == described()
    assert settings_read_by_config() - set(example()) <= {"DYNO", "FLASK_DEBUG"}


def test_hosts_set_only_settings_that_exist() -> None:
    app_json = json.loads((ROOT / "app.json").read_text())
    services = compose()["services"].values()
    in_compose = {name for one in services if "build" in one for name in one["environment"]}
    in_image = set(re.findall(r"\b([A-Z_]+)=", re.findall(r"^ENV (.*)", dockerfile(), re.MULTILINE)[0]))
    in_units = {
        name
        for path in UNITS.rglob("*.*")
        if path.is_file()
        for line in re.findall(r"^Environment=(.*)", path.read_text(), re.MULTILINE)
        for name in re.findall(r"([A-Z_]+)=", line)
    }

    assert {*app_json["env"], *in_compose, *in_image, *in_units} <= described() | OF_PYTHON
    assert set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text())) <= set(example())


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def test_every_host_runs_the_commands_of_the_procfile() -> None:
    commands = procfile()
    assert set(commands) == {"release", "web", "worker"}
    services = compose()["services"]
    image = json.loads(re.findall(r"^CMD (\[.*\])$", dockerfile(), re.MULTILINE)[0])

    assert " ".join(services["migrate"]["command"]) == commands["release"]
    assert " ".join(services["worker"]["command"]) == commands["worker"]
    for name, process in (
        ("restore-migrate@", "release"),
        ("restore-worker", "worker"),
        ("restore-web", "web"),
    ):
        start = dict(unit(f"{name}.service"))["ExecStart"]
        assert start.split("/deploy/run ")[1] == commands[process]
    assert " ".join(image) == commands["web"]
    formation = json.loads((ROOT / "app.json").read_text())["formation"]
    assert set(formation) == set(commands) - {"release"}


def test_the_image_holds_all_that_runs_and_neither_history_nor_tests_nor_data() -> None:
    """`.dockerignore` leaves out everything and then names what the image gets."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    kept = {line.removeprefix("!").rstrip("/") for line in lines if line.startswith("!")}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    packages = {path.partition("/")[0] for path in tracked if path.endswith(".py")}

    assert lines[0] == "*"
    assert {"webapp", "worker.py", "migrations", "templates", "deploy/check.py"} <= kept
    if tracked:
        assert packages - {"tests", "benchmarks", "deploy"} <= kept
    assert not kept & {"tests", "benchmarks", ".git", "instance", ".env"}


def test_the_image_is_not_root_and_installs_only_what_is_locked() -> None:
    stages = re.split(r"^FROM ", dockerfile(), flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    assert "--require-hashes" in stages[0]
    assert re.findall(r"^USER (\d+)$", stages[1], re.MULTILINE) == ["10001"]
    assert "HEALTHCHECK" in stages[1]
    assert "pip install" not in stages[1]
    assert len({stage.split()[0] for stage in stages}) == 1, "both stages have the same Python"
    # Heroku's Python is the same one.
    assert stages[0].startswith(f"python:{(ROOT / '.python-version').read_text().strip()}-")


def test_each_container_of_the_app_is_confined() -> None:
    document = compose()
    for name, service in document["services"].items():
        assert service["read_only"] is True, name
        assert "no-new-privileges:true" in service["security_opt"], name
        if "build" in service:
            assert service["cap_drop"] == ["ALL"]
            assert "privileged" not in service
            assert "volumes" not in service
    # Nothing but the proxy can be reached from outside; the data are in a network without a way out.
    assert [name for name, one in document["services"].items() if "ports" in one] == ["proxy"]
    assert document["networks"]["data"]["internal"] is True
    for name in ("database", "redis"):
        assert document["services"][name]["networks"] == ["data"]
    assert "data" not in document["services"]["proxy"]["networks"]


def test_compose_names_only_what_it_defines() -> None:
    document = compose()
    for service in document["services"].values():
        assert set(service.get("depends_on", {})) <= set(document["services"])
        assert set(service["networks"]) <= set(document["networks"])
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in document["volumes"]
        for after, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                own = document["services"][after].get("healthcheck", {})
                assert not own.get("disable", False)
                assert own or "build" in document["services"][after]


HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "User": "restore",
}


@pytest.mark.parametrize("path", sorted(UNITS.glob("*.service")), ids=lambda path: path.name)
def test_each_unit_is_hardened_and_none_takes_that_back(path: Path) -> None:
    settings = unit(path.name)

    for name, value in HARDENED.items():
        assert [given for found, given in settings if found == name] == [value]
    # A name that begins like this gets what all units share.
    assert path.name.startswith("restore-")


def test_a_stop_waits_longer_than_the_worker_does() -> None:
    patience = float(re.findall(r"patience=([\d.]+)", (ROOT / "worker.py").read_text())[0])
    grace = compose()["x-app"]["stop_grace_period"].removesuffix("s")

    assert float(grace) > patience
    for name in ("restore-web.service", "restore-worker.service"):
        assert float(dict(unit(name))["TimeoutStopSec"]) > patience
        assert dict(unit(name))["KillMode"] == "mixed"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    """Every key is one that systemd knows, and every value one that it can read."""
    # As it will be, with programs that are there.
    for path in sorted(UNITS.rglob("*.*")):
        if path.is_file():
            copy = tmp_path / path.relative_to(UNITS)
            copy.parent.mkdir(exist_ok=True)
            text = re.sub(r"^(ExecStart=).*", rf"\1{sys.executable}", path.read_text(), flags=re.MULTILINE)
            copy.write_text(text)
    names = [
        path.name.replace("@.", "@abc.") for path in sorted(tmp_path.glob("restore-*.*")) if path.is_file()
    ]
    assert len(names) == 8

    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:/usr/lib/systemd/system:/lib/systemd/system"},
        capture_output=True,
        text=True,
    ).stderr

    assert [line for line in found.splitlines() if "restore-" in line or str(tmp_path) in line] == []
