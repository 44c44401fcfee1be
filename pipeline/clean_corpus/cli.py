"""The command line: its commands, their flags, and the exit code of each ending.

Engines are imported inside the commands, and a parser is made for the one that is called, so that
each begins at once. Exit codes: 0 done, 1 done but past a limit, 2 the user's mistake, 3 a bug of
ours, 130 Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import clean_corpus
from clean_corpus.commands import console
from clean_corpus.commands.bug import Bug, logged
from clean_corpus.errors import CleaningError, ConfigError, InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from pathlib import Path

#: What --mode and --to may be.
MODES = ("remove", "mark", "ids")
FORMATS = ("jsonl", "jsonl.gz", "jsonl.zst", "parquet")


class Option(NamedTuple):
    """An option or an argument, as `ArgumentParser.add_argument` takes it."""

    names: tuple[str, ...]
    told: Mapping[str, Any]


class Command(NamedTuple):
    """What a command does, and what it takes."""

    does: Callable[..., None]
    options: tuple[Option, ...]


#: The commands by name, in the order of the help.
COMMANDS: dict[str, Command] = {}


def _command(*options: Option) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command of its name, which takes these options by name."""

    def named(does: Callable[..., None]) -> Callable[..., None]:
        COMMANDS[does.__name__] = Command(does, options)
        return does

    return named


def _option(*names: str, **told: Any) -> Option:
    return Option(names, told)


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)


def _from(least: int) -> Callable[[str], int]:
    """Give what reads a whole number that must not be smaller."""

    def whole(text: str) -> int:
        if text.isdecimal() and int(text) >= least:
            return int(text)
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"must be a whole number from {least} on, not {text!r}")

    return whole


_INPUTS = _option(
    "inputs",
    metavar="INPUT",
    nargs="+",
    help="JSONL, Parquet, CSV, WARC; folders of .txt or .html; globs; - is JSONL on stdin",
)
_CONFIG = _option("-c", "--config", metavar="FILE", help="a TOML file; see `init`")
_SET = _option(
    "--set",
    dest="overrides",
    metavar="KEY=VALUE",
    action="append",
    default=[],
    help="one option over the file; may be repeated",
)
_FOLDER = _option("-o", "--out", metavar="OUT", help="the output folder; - is JSONL on stdout")
_WORKERS = _option("--workers", metavar="N", type=_from(0), help="processes; 0: one for each core")
_FRESH = _option("--fresh", action="store_true", help="start anew, whatever is there already")
_RUN_FOLDER = _option("--run-dir", metavar="DIR", help="where the evidence goes with -o -")
_QUIET = _option("-q", "--quiet", action="store_true", help="say nothing but errors")
_OUT = _option("out", metavar="OUT", type=_path, help="the output folder of a run")


@_command(
    _INPUTS,
    _FOLDER,
    _CONFIG,
    _SET,
    _WORKERS,
    _option("--limit", metavar="N", type=_from(1), help="read no more documents than this"),
    _option(
        "--dry-run", action="store_true", help="say what would happen to the first 200 documents"
    ),
    _option("--mode", choices=MODES, help="mark keeps every document; ids writes no records"),
    _option("--to", choices=FORMATS, help="write one file of this format"),
    _FRESH,
    _RUN_FOLDER,
    _QUIET,
)
def run(
    inputs: list[str],
    out: str | None,
    config: str | None,
    overrides: list[str],
    workers: int | None,
    mode: str | None,
    to: str | None,
    **how: Any,
) -> None:
    """Clean and deduplicate INPUT into OUT."""
    from clean_corpus import settings

    flags = {"run.workers": workers, "output.mode": mode, "output.to": to}
    more = [f"{key}={value}" for key, value in flags.items() if value is not None]
    loaded = settings.load(config, [*overrides, *more])

    from clean_corpus.commands import run as command

    command.run(inputs, out, loaded, **how)


@_command(_INPUTS, _FOLDER, _CONFIG, _SET, _WORKERS, _FRESH, _RUN_FOLDER, _QUIET)
def duplicates(overrides: list[str], **how: Any) -> None:
    """Find the copies in INPUT as it is, and write ids."""
    run(overrides=[*_COPIES_ALONE, *overrides], mode=None, to=None, **how)


#: What makes a run one that finds copies and does nothing else.
_COPIES_ALONE = (
    "stages=[]",
    "language.detect=false",
    "output.mode=ids",
    "dedup.passages=off",
    "dedup.contained=off",
)


@_command(
    _option("inputs", metavar="INPUT", nargs="*", help="as of `run`; not with --out"),
    _option("--id", dest="id_", metavar="X", required=True, help="the id of one document"),
    _option("--with", dest="with_", metavar="Y", help="say whether it is a copy of this one"),
    _CONFIG,
    _SET,
    _option("-o", "--out", metavar="OUT", help="a run that has seen it; else a new one"),
)
def explain(
    inputs: list[str],
    id_: str,
    with_: str | None,
    config: str | None,
    overrides: list[str],
    out: str | None,
) -> None:
    """Show what happens to one document, and why."""
    from clean_corpus import settings
    from clean_corpus.commands import explain as command

    if not inputs and out is None:
        raise InputError("explain needs INPUT, or with --out a run that has seen the document.")
    # Without a word about it, a run that has seen the document says how it was configured.
    chosen = settings.load(config, overrides) if config or overrides or out is None else None
    command.explain(inputs, id_, chosen, out, with_)


@_command(
    _OUT, _option("-o", "--out", dest="file", metavar="FILE", help="write here, not to stdout")
)
def undo(out: Path, file: str | None) -> None:
    """Rebuild every base text of a run, as JSONL."""
    from clean_corpus.commands import undo as command

    command.undo(out, file)


@_command(
    _OUT,
    _option("--threshold", metavar="T", help="say what this Jaccard would have removed instead"),
    _option("--decisions", metavar="FILE", type=_path, help="with --threshold: these, as JSONL"),
)
def report(out: Path, threshold: str | None, decisions: Path | None) -> None:
    """Write a run's report again, or try another threshold."""
    if threshold is None and decisions is not None:
        raise ConfigError("--decisions: needs --threshold T, by which to decide.")
    if threshold is not None:
        from clean_corpus.commands import threshold as decide

        decide.threshold(out, threshold, decisions)
        return
    from clean_corpus import report as command

    console.out(f"{command.write(out)}\n")


@_command(
    _INPUTS,
    _CONFIG,
    _SET,
    _option(
        "--sample",
        metavar="N",
        type=_from(1),
        default=1000,
        help="documents to compare with all others; %(default)s unless told",
    ),
)
def recall(inputs: list[str], config: str | None, overrides: list[str], sample: int) -> None:
    """Measure by brute force what share of copies is found."""
    from clean_corpus import settings

    loaded = settings.load(config, overrides)

    from clean_corpus.commands import recall as command

    command.recall(inputs, loaded, sample)


@_command(_CONFIG, _SET, _option("--show", action="store_true", help="print the options in effect"))
def check(config: str | None, overrides: list[str], *, show: bool) -> None:
    """Check a configuration and all rules."""
    from clean_corpus import settings
    from clean_corpus.commands import rules as command

    command.check(settings.load(config, overrides), show=show)


@_command(_option("id_", metavar="ID", nargs="?", help="one rule, in full"), _CONFIG, _SET)
def rules(id_: str | None, config: str | None, overrides: list[str]) -> None:
    """List the rules, or explain one of them."""
    from clean_corpus import settings
    from clean_corpus.commands import rules as command

    command.rules(settings.load(config, overrides), id_)


@_command()
def schema() -> None:
    """Print the JSON Schema of configuration files."""
    from clean_corpus.settings import starter

    console.out(starter.schema())


@_command(
    _option("file", metavar="FILE", nargs="?", type=_path, default="clean.toml", help="its name"),
    _option("--force", action="store_true", help="replace a file that is there"),
)
def init(file: Path, *, force: bool) -> None:
    """Write a configuration file to start from."""
    from clean_corpus.settings import starter

    try:
        with file.open("w" if force else "x", encoding="utf-8") as target:
            target.write(starter.toml())
    except FileExistsError as error:
        raise ConfigError(f"{file}: is there already. Name another file, or --force.") from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written ({error.strerror}).") from error
    console.out(f"{file}\n")


def parser(name: str) -> ArgumentParser:
    """Make the parser of a command."""
    from argparse import ArgumentParser

    does, options = COMMANDS[name]
    about = {"prog": f"clean-corpus {name}", "description": does.__doc__}
    made = ArgumentParser(**about, allow_abbrev=False)  # type: ignore[arg-type]
    for option in options:
        made.add_argument(*option.names, **option.told)

    def error(message: str) -> NoReturn:
        raise ConfigError(f"clean-corpus {name}: {message}. See `clean-corpus {name} --help`.")

    made.error = error  # type: ignore[method-assign]  # which would print the usage first
    return made


def _read(name: str, taken: Sequence[str]) -> dict[str, Any]:
    """Read the arguments of a command; inputs may also stand behind options.

    Raises ConfigError where they are wrong, SystemExit after help.
    """
    if "" in taken:
        raise ConfigError(f"clean-corpus {name}: an argument is empty. Is a variable not set?")
    end = taken.index("--") if "--" in taken else len(taken)
    # What follows are names, and argparse would still take some of them for options.
    names = [f"./{one}" if one.startswith("-") and one != "-" else one for one in taken[end + 1 :]]
    found, unknown = parser(name).parse_known_intermixed_args([*taken[:end], *names])
    if unknown:
        known = [one for option in COMMANDS[name].options for one in option.names]
        raise ConfigError(_not_there(f"clean-corpus {name}", "argument", unknown[0], known))
    return vars(found)


def _not_there(where: str, what: str, name: str, known: Sequence[str]) -> str:
    """Say that there is no such command or argument, and which was probably meant."""
    from clean_corpus.settings.mistakes import suggestion

    hint = suggestion(name.partition("=")[0], known) or f" There are: {', '.join(known)}."
    return f"{where}: there is no {what} {name!r}.{hint}"


_HELP = """\
usage: clean-corpus [-h] [--version] COMMAND ...

{about}

commands:
{commands}

options:
  -h, --help  show this, or behind a command what that takes
  --version   say the version

Exit codes: 0 done, 1 done but past a limit of the config, 2 something to mend on your side,
3 a bug, 130 interrupted.
"""


def _help() -> str:
    commands = "\n".join(f"  {name:<10}  {does.__doc__}" for name, (does, _) in COMMANDS.items())
    return _HELP.format(about=clean_corpus.__doc__, commands=commands)


def _carry_out(arguments: Sequence[str]) -> None:
    """Do what the arguments say; raises SystemExit after help, or where they cannot be read."""
    match arguments:
        case []:
            console.say(_help().rstrip())
            raise SystemExit(2)
        case ["-h" | "--help", *_]:
            console.out(_help())
        case ["--version", *_]:
            console.out(f"clean-corpus {clean_corpus.__version__}\n")
        case [name, *taken] if name in COMMANDS:
            COMMANDS[name].does(**_read(name, taken))
        case [name, *_]:
            raise ConfigError(_not_there("clean-corpus", "command", name, list(COMMANDS)))


def _open_streams() -> None:
    """Open the standard streams that are closed, lest a file of the run has the number of one.

    What is said on stderr is lost then, but to write to stdout fails.
    """
    for name, mode, way in (("stdin", "r", 0), ("stdout", "w", 0), ("stderr", "w", os.O_WRONLY)):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, way)
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115


def main() -> None:
    """Run the command line: a user's mistake is one sentence, a bug of ours leaves a log."""
    _open_streams()
    code = 0
    try:
        with logged():
            try:
                _carry_out(sys.argv[1:])
            finally:
                console.out("", flush=True)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:  # the reader has gone (`| head`)
        console.lose_stdout()
    except CleaningError as error:
        console.say(str(error))
        code = error.exit_code
    except Bug as bug:
        console.say(str(bug))
        code = 3
    sys.exit(code)
