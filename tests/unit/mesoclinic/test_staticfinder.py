"""Only the named vendor files are served, and a missing installation says what to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage

from mesoclinic.staticfinder import VENDOR_FILES, NodeModulesFinder


@pytest.fixture
def modules(tmp_path: Path, settings: Any) -> Path:
    settings.BASE_DIR = tmp_path
    for source in VENDOR_FILES.values():
        path = tmp_path / "node_modules" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path / "node_modules"


def test_finds_a_named_file(modules: Path) -> None:
    name = "vendor/bootstrap/bootstrap.min.css"
    expected = str(modules / VENDOR_FILES[name])

    assert NodeModulesFinder().find(name) == expected
    assert NodeModulesFinder().find(name, find_all=True) == [expected]


@pytest.mark.parametrize(
    "name", ["bootstrap/package.json", "vendor/../package.json", "vendor/bootstrap/package.json"]
)
def test_finds_nothing_else(modules: Path, name: str) -> None:
    (modules / "bootstrap" / "package.json").write_text("{}")

    assert NodeModulesFinder().find(name) == []


def test_lists_every_named_file_for_collectstatic(modules: Path) -> None:
    listed = list(NodeModulesFinder().list([]))

    assert [name for name, _ in listed] == list(VENDOR_FILES)
    name, storage = listed[0]
    assert isinstance(storage, FileSystemStorage)
    with storage.open(name) as file:
        assert file.read() == b"x"


def test_leaves_out_what_collectstatic_ignores(modules: Path) -> None:
    names = [name for name, _ in NodeModulesFinder().list(["*.map"])]

    assert names
    assert not [name for name in names if name.endswith(".map")]


def test_a_missing_installation_is_a_warning_with_the_command(modules: Path) -> None:
    assert NodeModulesFinder().check() == []

    (modules / VENDOR_FILES["vendor/inter/index.css"]).unlink()

    [warning] = NodeModulesFinder().check()
    assert "npm ci" in (warning.hint or "")
    assert NodeModulesFinder().find("vendor/inter/index.css") == []
