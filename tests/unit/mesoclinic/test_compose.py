"""docker-compose.yml, the Dockerfile and README tell the same story as the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from mesoclinic.environment import BY_NAME, VARIABLES
from tests import readme

PROJECT = Path(__file__).resolve().parents[3]
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "beat")
# Set inside the containers; changing them from outside would only break things.
FIXED = {"HOST", "BEAT_FILE", "ENV_FILE", "DATABASE_URL", "REDIS_URL", "PORT", "MEDIA_ROOT"}
# Meant for other programs' images, by their own names.
FOREIGN = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_INITDB_ARGS", "MP_DATABASE"}
_USE = re.compile(r"\$\{(?P<name>\w+)(?::?(?P<how>[-?])(?P<rest>[^}]*))?\}")


def _uses() -> list[re.Match[str]]:
    return list(_USE.finditer((PROJECT / "docker-compose.yml").read_text()))


@pytest.mark.parametrize("name", OURS)
def test_our_services_get_exactly_the_server_variables(name: str) -> None:
    declared = {v.name for v in VARIABLES if v.scope == "server"}
    assert set(SERVICES[name]["environment"]) == declared


def test_every_variable_used_is_declared() -> None:
    assert {use["name"] for use in _uses()} <= set(BY_NAME)
    names = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert names - FOREIGN <= set(BY_NAME)


def test_every_declared_variable_can_be_set_from_outside() -> None:
    expected = {v.name for v in VARIABLES if v.scope in {"server", "compose"}}
    assert {use["name"] for use in _uses()} >= expected - FIXED


def test_defaults_are_the_declared_ones() -> None:
    inside = {"EMAIL_URL": "smtp://mail:1025"}  # the mail container beside it
    for use in _uses():
        variable = BY_NAME[use["name"]]
        if use["how"] == "?":
            assert variable.default is None, use.group()
        else:
            assert use["rest"] == inside.get(variable.name, variable.default), use.group()


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_watched(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    if name == "migrate":
        assert check == {"disable": True}
        return
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies_wait_for_health(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_completed_successfully" if other == "migrate" else "service_healthy"
        assert other in SERVICES
        assert wait == {"condition": wanted}


def test_images_are_pinned() -> None:
    images = [service["image"] for service in SERVICES.values()]
    images += re.findall(r"^FROM (\S+:\S+)", DOCKERFILE, re.MULTILINE)
    for image in images:
        tag = image.rpartition(":")[2]
        assert re.match(r"v?\d+\.\d+\.?\d*", tag), image


def test_volumes_are_named_and_used() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert {mount.split(":")[0] for mount in mounts} == set(COMPOSE["volumes"])


def test_ports_are_open_to_this_machine_only() -> None:
    for service in SERVICES.values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")


def test_containers_give_up_rights() -> None:
    for name in OURS:
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["read_only"] is True
    last_stage = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER (?!root)\S+", last_stage, re.MULTILINE)
    assert "HEALTHCHECK" in last_stage
    assert DOCKERFILE.count("FROM ") >= 3


def test_readme_lists_the_declared_variables() -> None:
    assert readme.configuration() in readme.README.read_text(), "run: python -m tests.readme"
