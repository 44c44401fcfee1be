"""The command line: its commands, their flags, and the exit code of each ending.

Engines are imported inside the commands, so that `--help` answers at once. Exit codes: 0 done,
1 done but past a limit, 2 the user's mistake, 3 a bug of ours, 130 Ctrl-C.

Annotations are types here and not their texts, which typer would have to read for all commands.
"""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

import clean_corpus
from clean_corpus.commands.bug import Bug, logged
from clean_corpus.errors import CleaningError, ConfigError, InputError


class _Commands(typer.core.TyperGroup):
    """The commands, with the endings that typer does not know."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # The reader has gone (`| head`): point stdout elsewhere, or Python complains at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None


app = typer.Typer(
    cls=_Commands,
    name="clean-corpus",
    help="Clean and deduplicate articles, and show and undo everything that was removed.",
    epilog="Exit codes: 0 done, 1 done but past a limit of the config, 2 something to mend on your "
    "side, 3 a bug, 130 interrupted.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Mode(StrEnum):
    """What happens to documents that leave the corpus."""

    remove = "remove"
    mark = "mark"
    ids = "ids"


class To(StrEnum):
    """Formats of a single output file."""

    jsonl = "jsonl"
    jsonl_gz = "jsonl.gz"
    jsonl_zst = "jsonl.zst"
    parquet = "parquet"


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT",
        show_default=False,
        help="JSONL, Parquet, CSV, WARC; folders of .txt or .html; globs; - is JSONL on stdin.",
    ),
]
ConfigFile = Annotated[
    str | None, typer.Option("-c", "--config", metavar="FILE", help="A TOML file; see `init`.")
]
Overrides = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="One option over the file; may be repeated."),
]
Folder = Annotated[
    str | None,
    typer.Option("-o", "--out", metavar="OUT", help="The output folder; - is JSONL on stdout."),
]
Workers = Annotated[int | None, typer.Option(min=0, help="Processes; 0 is one for each core.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start anew, whatever is there already.")]
RunFolder = Annotated[
    str | None, typer.Option(metavar="DIR", help="Where the evidence goes with -o -.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]
Out = Annotated[str, typer.Argument(metavar="OUT", help="The output folder of a run.")]


@app.command()
def run(
    inputs: Inputs,
    out: Folder = None,
    config: ConfigFile = None,
    set_: Overrides = [],  # noqa: B006 - typer copies it
    workers: Workers = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Read no more documents than this.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen to the first 200 documents.")
    ] = False,
    mode: Annotated[
        Mode | None, typer.Option(help="mark keeps every document; ids writes no records.")
    ] = None,
    to: Annotated[To | None, typer.Option(help="Write one file of this format.")] = None,
    fresh: Fresh = False,
    run_dir: RunFolder = None,
    quiet: Quiet = False,
) -> None:
    """Clean and deduplicate INPUT into OUT."""
    from clean_corpus import settings

    flags = {"run.workers": workers, "output.mode": mode, "output.to": to}
    more = [f"{key}={value}" for key, value in flags.items() if value is not None]
    loaded = settings.load(config, [*set_, *more])

    from clean_corpus.commands import run as command

    command.run(
        inputs,
        out,
        loaded,
        run_dir=run_dir,
        limit=limit,
        fresh=fresh,
        dry_run=dry_run,
        quiet=quiet,
    )


@app.command()
def duplicates(
    inputs: Inputs,
    out: Folder = None,
    config: ConfigFile = None,
    set_: Overrides = [],  # noqa: B006 - typer copies it
    workers: Workers = None,
    fresh: Fresh = False,
    run_dir: RunFolder = None,
    quiet: Quiet = False,
) -> None:
    """Find the copies in INPUT as it is, and write ids."""
    from clean_corpus import settings

    more = [] if workers is None else [f"run.workers={workers}"]
    loaded = settings.load(config, [*_COPIES_ALONE, *set_, *more])

    from clean_corpus.commands import run as command

    command.run(inputs, out, loaded, run_dir=run_dir, fresh=fresh, quiet=quiet)


#: What makes a run one that finds copies and does nothing else.
_COPIES_ALONE = (
    "stages=[]",
    "language.detect=false",
    "output.mode=ids",
    "dedup.passages=off",
    "dedup.contained=off",
)


@app.command()
def explain(
    id_: Annotated[str, typer.Option("--id", metavar="X", help="The id of one document.")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="INPUT", show_default=False, help="As of `run`; not with --out."),
    ] = None,
    with_: Annotated[
        str | None,
        typer.Option("--with", metavar="Y", help="Say whether it is a copy of this one, and why."),
    ] = None,
    config: ConfigFile = None,
    set_: Overrides = [],  # noqa: B006 - typer copies it
    out: Annotated[
        str | None,
        typer.Option("-o", "--out", metavar="OUT", help="A run that has seen it; else a new one."),
    ] = None,
) -> None:
    """Show what happens to one document, and why."""
    from clean_corpus import settings
    from clean_corpus.commands import explain as command

    if not inputs and out is None:
        raise InputError("explain needs INPUT, or with --out a run that has seen the document.")
    # Without a word about it, a run that has seen the document says how it was configured.
    chosen = settings.load(config, set_) if config or set_ or out is None else None
    command.explain(inputs or [], id_, chosen, out, with_)


@app.command()
def undo(
    out: Out,
    file: Annotated[
        str | None, typer.Option("-o", "--out", metavar="FILE", help="Write here, not to stdout.")
    ] = None,
) -> None:
    """Rebuild every base text of a run, as JSONL."""
    from clean_corpus.commands import undo as command

    command.undo(Path(out), file)


@app.command()
def report(
    out: Out,
    threshold: Annotated[
        str | None,
        typer.Option(metavar="T", help="Say what this Jaccard would have removed instead."),
    ] = None,
    decisions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --threshold: write these removals as JSONL."),
    ] = None,
) -> None:
    """Write a run's report again, or try another threshold."""
    if threshold is None and decisions is not None:
        raise ConfigError("--decisions: needs --threshold T, by which to decide.")
    if threshold is not None:
        from clean_corpus.commands import threshold as decide

        decide.threshold(Path(out), threshold, decisions)
        return
    from clean_corpus import report as command

    typer.echo(command.write(Path(out)))


@app.command()
def recall(
    inputs: Inputs,
    config: ConfigFile = None,
    set_: Overrides = [],  # noqa: B006 - typer copies it
    sample: Annotated[
        int, typer.Option(min=1, metavar="N", help="Documents to compare with all others.")
    ] = 1000,
) -> None:
    """Measure by brute force what share of copies is found."""
    from clean_corpus import settings

    loaded = settings.load(config, set_)

    from clean_corpus.commands import recall as command

    command.recall(inputs, loaded, sample)


@app.command()
def check(
    config: ConfigFile = None,
    set_: Overrides = [],  # noqa: B006 - typer copies it
    show: Annotated[bool, typer.Option("--show", help="Print the options in effect.")] = False,
) -> None:
    """Check a configuration and all rules."""
    from clean_corpus import settings
    from clean_corpus.commands import rules as command

    command.check(settings.load(config, set_), show=show)


@app.command()
def rules(
    id_: Annotated[str | None, typer.Argument(metavar="[ID]", help="One rule, in full.")] = None,
    config: ConfigFile = None,
    set_: Overrides = [],  # noqa: B006 - typer copies it
) -> None:
    """List the rules, or explain one of them."""
    from clean_corpus import settings
    from clean_corpus.commands import rules as command

    command.rules(settings.load(config, set_), id_)


@app.command()
def schema() -> None:
    """Print the JSON Schema of configuration files."""
    from clean_corpus.settings import starter

    typer.echo(starter.schema(), nl=False)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(metavar="[FILE]")] = Path("clean.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a configuration file to start from."""
    from clean_corpus.settings import starter

    try:
        with file.open("w" if force else "x", encoding="utf-8") as target:
            target.write(starter.toml())
    except FileExistsError as error:
        raise ConfigError(f"{file}: is there already. Name another file, or --force.") from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written ({error.strerror}).") from error
    typer.echo(file)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clean-corpus {clean_corpus.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line: a user's mistake is one sentence, a bug of ours leaves a log."""
    try:
        with logged():
            app()
    except CleaningError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    except Bug as bug:
        sys.stderr.write(f"{bug}\n")
        sys.exit(3)
