"""The outputs of a run, put together in a folder of their own before they are published."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby, repeat
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import formats, spill
from clean_corpus.config import as_json
from clean_corpus.corpus.sharing.share import SHARES
from clean_corpus.formats import strings, writing
from clean_corpus.inputs import Found
from clean_corpus.learned import to_toml
from clean_corpus.report import page
from clean_corpus.report.samples import SAMPLES
from clean_corpus.run import audit, freshness, publish, quotes
from clean_corpus.run.carried import Result
from clean_corpus.run.flow import Flow
from clean_corpus.run.steps.write import measures, similarities, similarity
from clean_corpus.run.tasks import Done
from clean_corpus.run.version import versions
from clean_corpus.text import whole
from clean_corpus.units import shown

#: Outputs that are their parts one behind the other.
_JOINED = ("removed", "failed", "edits")


def write_outputs(
    ready: Path, found: Found, states: Sequence[freshness.State], flow: Flow, result: Result
) -> list[str]:
    """Write every output of a run into `ready`; give the digest of each unit of the input."""
    digests = [
        freshness.digest(shard.piece.digest for shard in result.shards if shard.unit == unit)
        for unit in range(len(found.units))
    ]
    written = _joined(ready, found, flow, result)
    passages = [flow.work.path(name) for name in result.outcome.passages]
    writing.join(passages, ready / "passages.jsonl")
    with (ready / "clusters.jsonl").open("wb") as file:
        shares = [str(flow.work.path(name)) for name in result.outcome.shares]
        file.writelines(_clusters(str(flow.work.path(result.clusters)), shares))
    (ready / publish.PRIVATE).mkdir()
    shutil.copyfile(flow.work.path(result.evidence), ready / publish.EVIDENCE)
    _quotes(ready, flow, result, written)
    learned = (
        flow.work.path(result.learned).read_bytes() if result.learned else to_toml([]).encode()
    )
    (ready / "learned.toml").write_bytes(learned)
    summary = summarise(found, flow, result, written)
    audit.check(summary)
    (ready / "summary.json").write_bytes(publish.as_file(summary))
    inputs = [
        {"name": shown(unit.name), "digest": digest, "state": state}
        for unit, digest, state in zip(found.units, digests, states, strict=True)
    ]
    timings = {"seconds": flow.seconds, "reused_tasks": flow.work.reused, "inputs": inputs}
    (ready / publish.TIMINGS).write_bytes(publish.as_file(timings))
    page.write(ready)
    return digests


def _joined(ready: Path, found: Found, flow: Flow, result: Result) -> list[Done]:
    """Put the parts of all shards together while later ones are written; give what was written.

    Kept records, or their ids, have a file for each unit, or one for all.
    """
    output = flow.config.output
    names = formats.output_names(found.units, output)
    written: list[Done] = []

    def parts() -> Iterator[tuple[str, Path]]:
        for shard, done in zip(result.shards, flow.write(result), strict=True):
            written.append(done)
            made = {name: flow.work.path(file) for name, file in done.task.outputs.items()}
            for name, file in ledgers.items():
                writing.append(made[name], file)
            yield names[shard.unit], made["corpus"]

    def assemble(name: str, parts: Iterable[tuple[str, Path]]) -> None:
        target = ready / name
        target.parent.mkdir(parents=True, exist_ok=True)
        formats.assemble((part for _, part in parts), target, units.pop(name), output)

    units = dict(zip(names, found.units, strict=True))
    with ExitStack() as stack:
        ledgers = {
            name: stack.enter_context((ready / f"{name}.jsonl").open("wb")) for name in _JOINED
        }
        for name, own in groupby(parts(), itemgetter(0)):
            assemble(name, own)
    # What a limit has left unread has an output all the same.
    for name in [*units]:
        assemble(name, ())
    return written


def _quotes(ready: Path, flow: Flow, result: Result, written: Sequence[Done]) -> None:
    """Note what the report will quote."""
    path, outcome = flow.work.path, result.outcome
    files = outcome.cleaned, outcome.documents, outcome.decisions
    cleaned, documents, decisions = ([str(path(name)) for name in names] for names in files)
    quotes.write(
        ready / SAMPLES,
        [path(done.task.outputs["samples"]) for done in written],
        spill.batches(str(path(result.clusters))),
        zip(cleaned, outcome.again or repeat(None), documents, decisions, strict=False),
        [str(path(name)) for name in outcome.occurrences],
        marking=flow.config.output.mode == "mark",
    )


def _clusters(path: str, shares: Sequence[str]) -> Iterator[memoryview]:
    """Give the lines of the keepers; `shares` says what it has in common with texts outside."""
    known = pa.concat_tables([SHARES.empty_table(), *map(spill.read, shares)])
    for batch in spill.batches(path):
        places = pc.index_in(batch["keeper"], value_set=known["key"].combine_chunks())
        mine = known.select(["covered", "length"]).take(places).rename_columns(["shared", "of"])
        share = strings.joined(b',"shared":', strings.encoded(similarities(mine, "of")))
        members = pa.Table.from_struct_array(batch["members"].flatten())
        ids = strings.objects({"id": whole(members["id"])}, b"")
        each = strings.joined(ids, *measures(members), b"}")
        lists = pa.ListArray.from_arrays(batch["members"].offsets, each)
        rows = strings.joined(
            strings.objects({"keeper": batch["keeper"]}, b""),
            pc.fill_null(share, b""),
            b',"members":[',
            pc.binary_join(lists, pa.scalar(b",", pa.large_binary())),
            b"]}\n",
        )
        yield strings.content(rows)


def summarise(found: Found, flow: Flow, result: Result, written: Sequence[Done]) -> dict[str, Any]:
    """Add up what the tasks counted, and say what the user should know."""
    summary = audit.total(done.stats for done in written)
    options = as_json(flow.config)
    del options["run"]
    names = formats.output_names(found.units, flow.config.output)
    return {
        **summary,
        "encodings": audit.total(stats["encodings"] for stats in result.ingested),
        "duplicates": _duplicates(result.duplicates),
        "shared": result.outcome.counts,
        # In input order, which the names do not show: what reads a run back relies on it.
        "outputs": list(dict.fromkeys(map(shown, names))),
        "notes": list(_notes(found, result, summary)),
        "config": options,
        "versions": versions(),
    }


def _duplicates(stats: dict[str, Any]) -> dict[str, Any]:
    nearest = stats.get("nearest")
    if nearest:
        jaccard = similarity(nearest["shared"], nearest["joined"])
        stats = {**stats, "nearest": {"a": nearest["a"], "b": nearest["b"], "jaccard": jaccard}}
    return stats


def _notes(found: Found, result: Result, summary: dict[str, Any]) -> Iterable[str]:
    if found.ignored:
        kinds = ", ".join(
            f"{count} {kind or 'without suffix'}" for kind, count in found.ignored.items()
        )
        yield f"Files of other kinds were left alone: {kinds}."
    if found.results:
        yield f"Results of runs are no input and were passed over: {', '.join(found.results)}."
    if not any(stats["sources"] for stats in result.ingested):
        yield (
            "No record names a source, so nothing was learned about any site: "
            "map fields.source or fields.url."
        )
    if result.duplicates.get("pairs_lost"):
        lost, buckets = result.duplicates["pairs_lost"], result.duplicates["oversized_buckets"]
        yield f"{buckets:,} buckets were too large; {lost:,} pairs in them were not compared."
    if summary["reasons"].get("empty"):
        empty = summary["reasons"]["empty"]
        yield "1 record has no text." if empty == 1 else f"{empty:,} records have no text."
    if doubted := [stats["doubted"] for stats in result.ingested if stats["doubted"]]:
        yield f"Some charsets are in doubt, first that of {doubted[0]}: see input.encodings."
