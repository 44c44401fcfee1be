"""The house rules that a machine can keep: who imports whom, and how large files grow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pipeline" / "clean_corpus"

#: From the ground up; a module or package imports only what stands on a lower floor. Those that
#: share a floor do not know one another.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("__init__",),
    ("errors", "languages", "memory", "beside"),
    ("installed", "units"),
    ("inputs",),
    ("prepared",),
    ("kernels", "toml"),
    ("text", "config", "decode", "patterns", "spill"),
    ("lexicons",),
    ("learned",),
    ("settings",),
    ("formats", "stages", "corpus"),
    ("results",),
    ("report",),
    ("run",),
    ("library",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}

#: The only packages that may start processes, compile, or paint.
ONLY_IN = {"numba": "kernels", "jinja2": "report", "ray": "run", "rich": "commands"}

SOURCES = sorted(PACKAGE.rglob("*.py"))


def home(path: Path) -> str:
    """Give the module or package of the top level that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Give the dotted name of everything that a file imports, wherever it does so."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(name: str) -> str:
    """Give the module or package of the top level that a dotted name leads to."""
    parts = name.split(".")
    if parts[0] != "clean_corpus":
        return ""
    return parts[1] if len(parts) > 1 and parts[1] in FLOOR else "__init__"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    name = home(path)
    assert name in FLOOR, f"{name}: give it a floor in this test"
    if name == "__init__":
        return  # its names are imported on first use, for people
    for other in {ours(dotted) for dotted in imported(path)} - {"", name, "__init__"}:
        assert FLOOR[other] < FLOOR[name], f"{path.name} imports {other}"


@pytest.mark.parametrize("package", sorted(ONLY_IN))
def test_heavy_packages_stay_at_home(package: str) -> None:
    users = {home(path) for path in SOURCES if package in {n.split(".")[0] for n in imported(path)}}
    assert users <= {ONLY_IN[package]}


def test_steps_of_the_clean_chain_know_no_files() -> None:
    for path in SOURCES:
        if home(path) in ("stages", "kernels"):
            assert not {"os", "pathlib", "io"} & set(imported(path)), path


def test_every_file_is_used() -> None:
    """What nobody imports any more has been forgotten."""
    used = {name for path in SOURCES for name in imported(path)}
    used |= {name.rpartition(".")[0] for name in used}
    for path in SOURCES:
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        assert path.stem in ("__init__", "__main__") or name in used, f"nobody imports {name}"


def test_files_have_one_duty_and_a_name_for_it() -> None:
    for path in SOURCES:
        assert not {"utils", "util", "helpers", "common", "misc", "base"} & {path.stem}, path
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 400, f"{path.name} has {len(text.splitlines())} lines"
        docstring = ast.get_docstring(ast.parse(text))
        assert docstring, f"{path.name} does not say what it is for"
        assert docstring.split("\n\n")[0].rstrip().endswith((".", "`", ":")), path
