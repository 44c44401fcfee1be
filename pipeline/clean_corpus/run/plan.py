"""A whole run: what is asked for, what is there already, the work, and the outputs in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from clean_corpus import inputs as inputs_
from clean_corpus.config import Config
from clean_corpus.inputs import Found
from clean_corpus.run import audit, disk, freshness, publish
from clean_corpus.run.executors import Executor, Local, Serial, cores
from clean_corpus.run.tasks import Work
from clean_corpus.run.version import fingerprint

#: Bytes of input below which starting worker processes costs more than it saves.
_SMALL_INPUT = 8_000_000

#: Disk needed while a run is on, in multiples of the decompressed input: base texts and cleaned
#: texts, the parts of the outputs, and the outputs; half as much again for the rest.
_DISK_FACTOR = 6

#: And where copies are looked for and nothing else: half as much again as articles of 2 KB take,
#: Parquet or JSON Lines. How many texts there are, a kilobyte each however short, and how many
#: pairs of them is not known before they are read: texts of 50 characters take five times this.
_BARE_FACTOR = 3

#: By how much compressed text grows, at the most that is common.
_EXPANSION = {"": 1, "gz": 4, "zst": 5}


# Folders inside the tool's own: what tasks leave, and outputs before they are published.
_WORK, _READY = "work", "ready"


class Outcome(NamedTuple):
    """What a run came to: its summary, its folder, and whether there was nothing to do."""

    summary: dict[str, Any]
    out: Path
    unchanged: bool


def clean_files(
    inputs: Sequence[str],
    out: Path,
    config: Config,
    *,
    limit: int | None = None,
    fresh: bool = False,
    serial: bool = False,
    limits: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Clean and deduplicate the inputs into a folder, or find that it holds that already.

    A run that died is taken up where it stopped; `fresh` starts anew. Raises InputError and
    OutputError before an output is touched, and LimitExceeded when all of them are in place.
    """
    found = inputs_.look(inputs, out)
    private = publish.prepare(out, [Path(path) for unit in found.units for path in unit.paths])
    in_use = f"{out}: another run is writing here. Wait for it, or choose another output."
    with disk.lock(private / "lock", in_use), disk.full_disk_is_an_error(out):
        unchanged = not fresh and not limit and freshness.is_current(out, found.units, config)
        if not unchanged:
            if fresh:
                disk.remove(private / _WORK)
            _carry_out(found, out, config, limit or 0, serial, progress)
        # Also where there was nothing to do: a run may have died just before this.
        disk.remove(private / _READY)
        disk.remove(private / _WORK)
    summary = orjson.loads((out / "summary.json").read_bytes())
    if limits:
        audit.check_read(summary, inputs)
        audit.check_limits(summary, config.limits)
    return Outcome(summary, out, unchanged)


def _carry_out(
    found: Found,
    out: Path,
    config: Config,
    limit: int,
    serial: bool,
    progress: Callable[[str], None],
) -> None:
    """Do all the work of a run and put its outputs in place."""
    # The engines: a run that has nothing to do must not wait for them.
    from clean_corpus.run.flow import Flow
    from clean_corpus.run.outputs import write_outputs
    from clean_corpus.run.steps import bare

    private = out / publish.PRIVATE
    size = sum(unit.size * _EXPANSION[unit.compression] for unit in found.units)
    states = [freshness.states(unit) for unit in found.units]
    ready = private / _READY
    disk.remove(ready)
    # What an earlier run has finished takes its space already.
    factor = _BARE_FACTOR if bare.is_enough(config) else _DISK_FACTOR
    disk.check_space(out, size * factor - disk.used(private / _WORK))
    ready.mkdir()
    with (
        _executor(config, serial or size < _SMALL_INPUT) as executor,
        closing(Work(private / _WORK, executor, config.run.retries)) as work,
    ):
        flow = Flow(work, config, fingerprint(config), progress)
        result = flow.run(found.units, limit)
        digests = write_outputs(ready, found, states, flow, result)
    stamp = "" if limit else freshness.stamp(flow.version, found.units, digests, config)
    publish.publish(ready, out, stamp)


@contextmanager
def _executor(config: Config, serial: bool) -> Iterator[Executor]:
    executor: Executor
    if config.run.executor == "ray":
        from clean_corpus.run.ray import Ray

        executor = Ray(config.run.address)
    else:
        workers = config.run.workers or cores()
        executor = Serial() if serial or workers == 1 else Local(workers)
    try:
        yield executor
    finally:
        executor.close()
