"""Make the private environment that `make clean-corpus` and a host's build run in.

    python3 -I install.py ENVIRONMENT [EXTRA...]      make it, or complete it, unless it is there
    python3 -I install.py --check ENVIRONMENT [EXTRA...]      exit 0 if it is there, else 1

One file inside, `clean-corpus.json`, is three things: the lock (two makes at once install once),
the mark that the folder is ours to clear (a folder without it is never touched), and the stamp. The
stamp tells what the environment was made from, by content and never by time; it is erased before
work begins and written at the end, so an interrupted installation is redone from nothing.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import argparse
import compileall
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

PROJECT = Path(__file__).resolve().parents[2]
PINS = "pipeline/install/requirements.lock"
STAMP = "clean-corpus.json"

# Of the settings of pip and uv in the environment, those that say where packages come from are
# kept; those that say where they go (PIP_TARGET, UV_SYSTEM_PYTHON) are the host's, not ours.
INSTALLER_SETTING = re.compile(r"(PIP|UV)_")
SAYS_FROM_WHERE = re.compile(
    "INDEX|FIND_LINKS|CERT|TLS|PROXY|TIMEOUT|RETRIES|CACHE|_HOST|KEYRING|OFFLINE|CONFIG_FILE"
)
HOST_PYTHON = re.compile(r"PYTHON|VIRTUAL_ENV$|CONDA_|__PYVENV")


class CannotInstallError(Exception):
    """The environment cannot be made; the message says why and what helps, in one sentence."""


class Installer(NamedTuple):
    """A program that makes environments: the command that creates one and the one that fills it."""

    name: str
    create: list[str]
    fill: list[str]


def main(arguments: Sequence[str]) -> int:
    """Make the environment that the arguments ask for; return the exit code."""
    parser = argparse.ArgumentParser(prog="install.py", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="only say whether it is there")
    parser.add_argument("environment", type=Path)
    parser.add_argument("extras", nargs="*", help="extras of pyproject.toml, such as test")
    asked = parser.parse_args(arguments)
    folder = asked.environment.absolute()
    if asked.check:
        return 0 if holds(read_stamp(folder / STAMP), set(asked.extras)) else 1
    try:
        ensure(folder, set(asked.extras))
    except CannotInstallError as error:
        sys.stderr.write(f"clean-corpus: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(
            f"clean-corpus: {error.filename or folder}: {error.strerror}; "
            "name another folder with CLEAN_CORPUS_ENV=...\n"
        )
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def ensure(folder: Path, extras: set[str]) -> None:
    """Make the environment in `folder` with `extras`, unless its stamp says that it is there."""
    with claimed(folder) as stamp:
        made = read_stamp(folder / STAMP)
        if holds(made, extras):
            return
        stamp.truncate(0)
        wanted = extras | present(made)
        able = completers(folder, wanted) if made.get("made_from") == made_from() else []
        if not able:
            make(folder, wanted)
        elif not any(run(installer.fill) for installer in able):
            # Where there is no network, say; an installer that fails leaves what is there.
            write_stamp(stamp, present(made))
            message = f"{sorted(extras)} could not be added; the installer's reason is above"
            raise CannotInstallError(message)
        # Where Python is told to write no bytecode, as in many containers, every run would make it.
        compileall.compile_dir(PROJECT / "pipeline", quiet=2)
        write_stamp(stamp, wanted)


def made_from() -> dict[str, str]:
    """Describe all that an environment depends on: project, interpreter, requirements and pins."""
    pyproject = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    # The linters' settings are left out: changing one is no reason to install again.
    requirements = {key: pyproject.get(key) for key in ("build-system", "project")}
    return {
        "project": str(PROJECT),
        "python": f"{sys.version_info[0]}.{sys.version_info[1]} in {sys.base_prefix}",
        "requirements": digest(json.dumps(requirements, sort_keys=True)),
        "pins": digest((PROJECT / PINS).read_text("utf-8")),
    }


def digest(text: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def holds(made: dict[str, object], extras: set[str]) -> bool:
    """Tell whether a stamp is that of a complete environment with these extras."""
    return made.get("made_from") == made_from() and extras <= present(made)


def present(made: dict[str, object]) -> set[str]:
    """Return the extras that a stamp says are there."""
    extras = made.get("extras")
    return set(map(str, extras)) if isinstance(extras, list) else set()


def read_stamp(path: Path) -> dict[str, object]:
    """Read a stamp; a missing, empty or torn one is an empty dict."""
    try:
        stamp = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(stamp: TextIO, extras: Collection[str]) -> None:
    """Write the stamp of a complete environment."""
    json.dump({"made_from": made_from(), "extras": sorted(extras)}, stamp, indent=2)


@contextmanager
def claimed(folder: Path) -> Iterator[TextIO]:
    """Hold the lock of `folder`, which is created; raise if it is somebody else's environment."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {path.name for path in folder.iterdir()}
    if names and STAMP not in names:
        message = (
            f"{folder} was not made by clean-corpus and is left alone; "
            "remove it, or name another folder with CLEAN_CORPUS_ENV=..."
        )
        raise CannotInstallError(message)
    with (folder / STAMP).open("a+", encoding="utf-8") as stamp:
        # The kernel lets go of this lock when the process dies, however it dies.
        fcntl.flock(stamp, fcntl.LOCK_EX)
        yield stamp


def make(folder: Path, extras: Collection[str]) -> None:
    """Make the environment from nothing with uv, or where there is none or it fails, with pip."""
    candidates = installers(folder, extras)
    if not candidates:
        message = (
            f"{sys.executable} cannot make environments, its module ensurepip is missing; install "
            f"it (Debian, Ubuntu: apt install python3.{sys.version_info[1]}-venv), or install uv, "
            "or name another Python with PYTHON=... (in a host CLEAN_CORPUS_BASE_PYTHON=...)"
        )
        raise CannotInstallError(message)
    for installer in candidates:
        clear(folder)
        version = ".".join(map(str, sys.version_info[:3]))
        sys.stderr.write(
            f"clean-corpus: installing into {folder} with Python {version} and {installer.name}; "
            "this is done once and takes about a minute\n"
        )
        if run(installer.create) and run(installer.fill):
            return
    message = f"{candidates[-1].name} could not install the packages; its reason is above"
    raise CannotInstallError(message)


def installers(folder: Path, extras: Collection[str]) -> list[Installer]:
    """List the installers that this machine has, the fastest first."""
    python = str(folder / "bin" / "python")
    base = getattr(sys, "_base_executable", None) or sys.executable
    project = f".[{','.join(sorted(extras))}]" if extras else "."
    found = []
    if uv := shutil.which("uv"):
        create = [uv, "venv", "--quiet", "--allow-existing", "--python", base, str(folder)]
        fill = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
        fill += ["-c", PINS, "-b", PINS]
        found.append(Installer("uv", create, [*fill, "--editable", project]))
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        create = [base, "-I", "-m", "venv", str(folder)]
        # Twice quiet: the pip of Python 3.11 warns of an extra that it spells in the old way.
        fill = [python, "-I", "-m", "pip", "install", "-qq", "--editable", project]
        found.append(Installer("pip", create, fill))
    return found


def completers(folder: Path, extras: Collection[str]) -> list[Installer]:
    """List the installers that can add to the environment as it is; pip must be in it."""
    has_pip = (folder / "bin" / "pip").exists()
    return [one for one in installers(folder, extras) if one.name == "uv" or has_pip]


def clear(folder: Path) -> None:
    """Remove all that is in `folder` but the stamp, which holds the lock."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != STAMP:
            path.unlink()


def run(command: Sequence[str]) -> bool:
    """Run a command in the project's folder, its words to standard error; tell if it worked."""
    done = subprocess.run(  # noqa: S603 - the commands are those of `installers`
        command,
        cwd=PROJECT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    )
    return done.returncode == 0


def environment() -> dict[str, str]:
    """Return the environment variables for an installer: the caller's without the host's plans."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not HOST_PYTHON.match(name)
        and (not INSTALLER_SETTING.match(name) or SAYS_FROM_WHERE.search(name))
    }
    # The pins hold for the build backend too: older pips read the first name, newer the second.
    # A name without a folder, since pip takes a space for the end of a path.
    pins = {"PIP_CONSTRAINT": PINS, "PIP_BUILD_CONSTRAINT": PINS}
    return kept | pins | {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
