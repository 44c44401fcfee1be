"""The Makefile, the fragment `clean-corpus.mk` in a real host project, and `install.py`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PINS = "pipeline/install/requirements.lock"
HOST = Path(__file__).parent / "host"
# What no shell and no make takes kindly to: blanks, an apostrophe, parentheses.
AWKWARD = "a host's project (copy)"

#: A build backend without requirements: the real pip can install this project without a network.
BACKEND = """
import pathlib, zipfile

FILES = {
    "clean_corpus.pth": str(pathlib.Path.cwd()),
    "clean_corpus-1.dist-info/METADATA":
        "Metadata-Version: 2.1\\nName: clean-corpus\\nVersion: 1\\nProvides-Extra: test\\n",
    "clean_corpus-1.dist-info/WHEEL":
        "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "clean_corpus-1.dist-info/RECORD": "",
}

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "clean_corpus-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        for path, text in FILES.items():
            wheel.writestr(path, text)
    return name
"""


def make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make in `folder`, with `variables` in its environment."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=inherited | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def program(path: Path, script: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


# ---- in a host


@pytest.fixture
def host(tmp_path: Path) -> Path:
    folder = tmp_path / AWKWARD
    shutil.copytree(HOST, folder)
    vendored = folder / "vendor" / "clean corpus"
    vendored.mkdir(parents=True)
    shutil.copy(PROJECT / "clean-corpus.mk", vendored)
    program(folder / ".venv" / "bin" / "python", "echo this is the .venv of the host; exit 9")
    return folder


def build(host: Path) -> subprocess.CompletedProcess[str]:
    built = make(host, "-j4", CLEAN_CORPUS_PYTHON=sys.executable)
    assert built.returncode == 0, built.stdout + built.stderr
    return built


def trained(host: Path) -> list[str]:
    return sorted((host / "trained").read_text().split())


def test_a_host_builds_on_two_corpora_and_again_only_when_one_changes(host: Path) -> None:
    build(host)
    assert trained(host) == ["blog", "news"]
    news, blog = (host / "out" / name for name in ("the news", "blog"))
    assert json.loads((news / "summary.json").read_text())["kept"] == 2
    # Its own configuration removes the shortest; an exported CONFIG or INPUT changes nothing.
    assert "rain.txt" in (news / "removed.jsonl").read_text()
    assert json.loads((blog / "summary.json").read_text())["kept"] == 2

    def changed() -> dict[Path, int]:
        files = [path for path in (host / "out").rglob("*") if path.is_file()]
        return {path: path.stat().st_mtime_ns for path in files if path.name != "timings.json"}

    before = changed()
    article = host / "data" / "the news" / "bridge.txt"
    article.touch()
    said = build(host).stderr
    assert said.count("nothing to do") == 2
    assert changed() == before
    assert trained(host) == ["blog", "news"]

    article.write_text(article.read_text().replace("Friday", "Sunday"))
    build(host)
    assert trained(host) == ["blog", "news", "news"]


def test_every_name_of_the_fragment_is_prefixed(host: Path) -> None:
    printed = make(host, "-pnrR", "-f", "vendor/clean corpus/clean-corpus.mk").stdout
    names = re.findall(r"^# makefile \(from .*clean-corpus\.mk.*\n(?:define )?(\S+)", printed, re.M)
    assert len(names) > 10
    ours = re.compile(r"CLEAN_CORPUS_[A-Z_]+|clean-corpus(-[a-z-]+)?|\.DEFAULT_GOAL|MAKEFILE_LIST")
    assert [name for name in names if not ours.fullmatch(name)] == []
    targets = re.findall(r"^([^#\s.%][^:=\n]*):(?!=)", printed.partition("# Files")[2], re.M)
    real = [name for name in targets if not name.endswith(".mk")]
    assert sorted(real) == ["clean-corpus-environment", "clean-corpus-run"]


def test_plain_run_takes_its_variables_from_the_host(host: Path) -> None:
    fragment = ("-n", "-f", "vendor/clean corpus/clean-corpus.mk", "clean-corpus-run")
    said = make(host, *fragment, CLEAN_CORPUS_PYTHON="py", CLEAN_CORPUS_INPUT="in").stderr
    assert "needs CLEAN_CORPUS_OUTPUT" in said
    variables = {"PYTHON": "py thon", "INPUT": "it's", "OUTPUT": "my out", "CONFIG": "a b.toml"}
    plan = make(host, *fragment, **{f"CLEAN_CORPUS_{key}": it for key, it in variables.items()})
    command = " ".join(plan.stdout.split())
    assert "'py thon' -I -m clean_corpus run -o 'my out' -c 'a b.toml' -- 'it'\\''s'" in command


def test_fragment_of_an_installed_package_uses_its_environment(tmp_path: Path) -> None:
    environment = tmp_path / AWKWARD
    python = program(environment / "bin" / "python", 'echo "installed: $*"')
    package = environment / "lib" / "python3.11" / "site-packages" / "clean_corpus"
    package.mkdir(parents=True)
    shutil.copy(PROJECT / "clean-corpus.mk", package)
    inputs = {"CLEAN_CORPUS_INPUT": "in", "CLEAN_CORPUS_OUTPUT": "out"}
    fragment = ("-f", str(package / "clean-corpus.mk"), "clean-corpus-run")
    said = make(tmp_path, *fragment, **inputs)
    assert said.stdout == "installed: -I -m clean_corpus run -o out -- in\n"
    # A copy of the fragment alone belongs to no installation.
    python.unlink()
    assert "install.sh" in make(tmp_path, *fragment, **inputs).stderr


# ---- the Makefile


def test_makefile_listens_to_the_command_line_not_to_the_environment() -> None:
    def command(*asked: str, **variables: str) -> str:
        plan = make(PROJECT, "-n", "clean-corpus", *asked, CLEAN_CORPUS_PYTHON="py", **variables)
        return " ".join(plan.stdout.split()).partition("clean_corpus run ")[2]

    leaks = {"INPUT": "leak", "OUTPUT": "leak", "CONFIG": "leak", "PYTHON": "leak", "SET": "leak"}
    assert command(**leaks) == "-o 'out' -- 'sample_corpus/articles'"
    asked = (
        "INPUT=my in",
        "OUTPUT=my out",
        "WORKERS=2",
        "SET=dedup.exact=false limits.min_chars=9",
    )
    assert command(*asked) == (
        "-o 'my out' --workers 2 --set 'dedup.exact=false' --set 'limits.min_chars=9' -- 'my in'"
    )


def test_help_is_the_first_target_and_lists_every_other() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (PROJECT / "Makefile").read_text(), re.M)
    assert phony
    listed = re.findall(r"^  make (\S+)  +\S", make(PROJECT).stdout, re.M)
    assert sorted(listed) == sorted(phony[1].split())


# ---- the environment


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that stands for ours: same installer, same fragment, nothing to download."""
    folder = tmp_path / AWKWARD
    package = folder / "clean_corpus"
    package.mkdir(parents=True)
    shutil.copy(PROJECT / "clean-corpus.mk", folder)
    shutil.copytree(PROJECT / "pipeline" / "install", folder / "pipeline" / "install")
    (package / "__main__.py").write_text("import sys; print(sys.argv)")
    (folder / "backend.py").write_text(BACKEND)
    (folder / PINS).write_text("")
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "clean-corpus"\nversion = "1"\n'
        "[project.optional-dependencies]\ntest = []\n"
    )
    return folder


def run_with(project: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    tasks = ("-f", "clean-corpus.mk", "clean-corpus-run")
    inputs = {"CLEAN_CORPUS_INPUT": "in", "CLEAN_CORPUS_OUTPUT": "out"}
    return make(project, *tasks, CLEAN_CORPUS_BASE_PYTHON=sys.executable, **inputs, **variables)


def test_environment_is_made_once_and_again_after_an_interruption(project: Path) -> None:
    killer = program(project / "killer" / "uv", "kill -9 $PPID")
    # A killed installation: the folder is there, claimed, and holds a part.
    died = run_with(project, PATH=f"{killer.parent}:{os.environ['PATH']}")
    assert died.returncode != 0
    environment = project / ".venv"
    (environment / "left-over").mkdir()

    # Habits of a host that would send the packages elsewhere.
    habits = {"PIP_TARGET": "elsewhere", "PIP_USER": "1", "PYTHONPATH": ".", "VIRTUAL_ENV": "/no"}
    both = make_twice_at_once(project, **habits)
    assert both.count("installing into") == 1
    assert not (environment / "left-over").exists()
    assert not (project / "elsewhere").exists()

    # No network, no pip: only the stamp is read.
    shutil.rmtree(environment / "lib" / f"python3.{sys.version_info[1]}" / "site-packages" / "pip")
    again = run_with(project)
    assert (again.returncode, again.stderr) == (0, "")
    assert "'run', '-o', 'out', '--', 'in'" in again.stdout

    def is_complete(*extras: str) -> bool:
        check = ["pipeline/install/install.py", "--check", ".venv", *extras]
        python = environment / "bin" / "python"
        return subprocess.run([python, "-I", *check], cwd=project, check=False).returncode == 0

    assert is_complete()
    assert not is_complete("test")
    # What cannot be added leaves what is there as it was; pip is gone, and this uv refuses.
    (environment / "bin" / "pip").unlink()
    refuser = program(project / "refuser" / "uv", "exit 1")
    path = f"{refuser.parent}:{os.environ['PATH']}"
    refused = run_with(project, CLEAN_CORPUS_EXTRAS="test", PATH=path).stderr
    assert "['test'] could not be added" in refused
    assert is_complete()
    (project / PINS).touch()
    assert is_complete()
    (project / PINS).write_text("another==1\n")
    assert not is_complete()


def make_twice_at_once(project: Path, **variables: str) -> str:
    """Make the environment in two processes at the same time; return what both said."""
    with ThreadPoolExecutor(2) as pool:
        started = [pool.submit(run_with, project, **variables) for _ in range(2)]
        ended = [one.result() for one in started]
    said = "".join(one.stdout + one.stderr for one in ended)
    assert [one.returncode for one in ended] == [0, 0], said
    return said


def test_environment_of_somebody_else_is_left_alone(project: Path) -> None:
    theirs = program(project / ".venv" / "bin" / "python", "exit 1")
    refused = run_with(project)
    assert refused.returncode != 0
    assert "was not made by clean-corpus and is left alone" in refused.stderr
    assert [path.name for path in (project / ".venv").iterdir()] == ["bin"]
    assert theirs.exists()


def test_too_old_a_python_is_one_sentence(project: Path) -> None:
    old = program(
        project / "old" / "python", 'if [ "$1" = -V ]; then echo Python 3.10.13; else exit 1; fi'
    )
    said = make(
        project,
        "-f",
        "clean-corpus.mk",
        "clean-corpus-environment",
        CLEAN_CORPUS_BASE_PYTHON=str(old),
    ).stderr
    assert "needs Python 3.11 or later" in said
    assert "Python 3.10.13" in said


def test_python_without_ensurepip_is_one_sentence(project: Path) -> None:
    # As Debian ships it: the module is in a package of its own.
    command = (
        "import sys; sys.modules['ensurepip'] = None;"
        "sys.path.insert(0, 'pipeline/install'); import install;"
        "install.importlib.util.find_spec = lambda name: None; sys.exit(install.main(['env']))"
    )
    path = {"PATH": str(project / "empty")}
    done = subprocess.run(
        [sys.executable, "-c", command],
        cwd=project,
        env=path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "ensurepip" in done.stderr
    assert done.stderr.count("\n") == 1
