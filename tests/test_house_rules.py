"""Rules of the house that a reviewer would otherwise have to remember."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "ansim"

MAY_USE = {
    "chat": set(),
    "client": set(),
    "reading": {"chat"},
    "detection": {"chat", "reading"},
    "models": set(),
    "pictures": {"chat"},
    "voice": {"chat"},
    "reviewing": {"chat", "detection"},
    "sources": {"chat", "pictures", "voice", "config", "keys"},
    "casework": {"chat", "pictures", "detection", "sources", "config", "keys"},
    "stream": {
        *("chat", "pictures", "voice", "detection", "reviewing"),
        *("sources", "casework", "config", "keys"),
    },
    "console": {
        *("chat", "reading", "pictures", "detection", "reviewing"),
        *("sources", "casework", "config", "keys"),
    },
    "training": {"chat", "reading", "pictures", "detection"},
}
"""Parts of ours that a part may import; everybody may import the package itself (its version)."""


def tracked(*patterns: str) -> list[Path]:
    """Files that git knows, as a clone would have them."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).exists()]


def imported_parts(path: Path) -> set[str]:
    """Parts of ansim that a module imports anywhere in it."""
    parts: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            pieces = name.split(".")
            if pieces[0] == "ansim" and len(pieces) > 1:
                parts.add(pieces[1])
    return parts


@pytest.mark.parametrize("part", sorted(MAY_USE))
def test_dependencies_point_one_way(part: str) -> None:
    known = {path.name for path in PACKAGE.iterdir() if path.is_dir()} | {"config", "keys"}
    for path in (PACKAGE / part).rglob("*.py"):
        foreign = (imported_parts(path) & known) - {part} - MAY_USE[part]
        assert not foreign, f"{path.relative_to(ROOT)} imports {sorted(foreign)}"


def test_every_part_is_under_the_rule_above() -> None:
    parts = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert parts - {"commands"} == set(MAY_USE)


def test_django_stays_out_of_what_must_be_pure() -> None:
    for part in ("chat", "reading", "detection", "training"):
        for path in (PACKAGE / part).rglob("*.py"):
            text = path.read_text("utf-8")
            assert not re.search(r"^\s*(import|from) (django|nats|litestar)\b", text, re.M), path


def test_training_is_not_imported_at_run_time() -> None:
    for path in PACKAGE.rglob("*.py"):
        if "training" in path.parts or path.parent.name == "commands":
            continue
        assert "training" not in imported_parts(path), path


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("src/*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}


def test_no_tracked_file_names_a_folder_of_one_machine_or_a_package_registry() -> None:
    machine = re.compile(
        r"(?<![\w.~-])/(work|root|home/\w+)/|pypi\.org|pythonhosted|npmjs\.(org|com)"
    )
    for path in tracked():
        picture = path.suffix in {".png", ".jpg", ".npz", ".mo", ".ico"}
        if picture or path.name == Path(__file__).name:
            continue
        found = machine.search(path.read_text("utf-8", "replace"))
        assert found is None, f"{path.relative_to(ROOT)}: {found and found.group()}"


def test_lock_files_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text("utf-8")
        assert "://" not in text
        pins = re.findall(r"^([\w.-]+)==", text, re.MULTILINE)
        blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
        assert len(pins) == len(blocks) > 10
        assert all("--hash=sha256:" in block for block in blocks)


def test_every_direct_dependency_has_its_reason_in_the_docs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"], "setuptools"]
    names = {re.split(r"[\[<>=;]", wish)[0].strip() for wish in wanted}
    described = set(
        re.findall(r"^\| ([\w.-]+) \|", (ROOT / "docs" / "dependencies.md").read_text(), re.M)
    )
    assert names - described == set()
    assert described - names - {"package"} == set()


def test_only_official_hotlines_appear_as_numbers() -> None:
    phone = re.compile(r"(?<![\d.])01[016789][- ]?\d{3,4}[- ]?\d{4}(?!\d)")
    for path in tracked("src", "data", "docs", "tests"):
        if path.suffix in {".png", ".npz", ".mo"}:
            continue
        found = phone.search(path.read_text("utf-8", "replace"))
        assert found is None, f"{path.relative_to(ROOT)}: {found and found.group()}"
