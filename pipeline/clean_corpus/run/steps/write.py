"""Write: render the outputs of one shard, and count what became of its documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import formats, spill
from clean_corpus.config import Output, from_json
from clean_corpus.corpus.sharing.tell import TOLD
from clean_corpus.formats import strings
from clean_corpus.formats.records import CLEAN
from clean_corpus.run import audit
from clean_corpus.run.steps import bare
from clean_corpus.run.steps.sample import drawn, sample
from clean_corpus.text import code_points, no_edits, originals, whole
from clean_corpus.units import shown

_FATES = ("kept", "removed", "failed")
_LINE = orjson.OPT_APPEND_NEWLINE
_NOTHING_TOLD = TOLD.empty_table()
_NO_TEXTS = pa.array([], pa.large_string())

# Names of the columns that travel beside the records' own.
_TEXT, _CLEAN, _KEPT = "cleaned:text", "cleaned:clean", "cleaned:kept"


class _Shard(NamedTuple):
    """One batch of documents with all that was found out about them, row by row.

    `read` and `left` count the code points of base and cleaned texts.
    """

    documents: pa.Table
    texts: pa.LargeStringArray
    cleaned: pa.RecordBatch
    read: pa.Array
    left: pa.Array
    reasons: pa.StringArray
    decisions: pa.Table
    edits: pa.Table
    told: pa.Table


def write(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the shard's part of the corpus, and of `removed`, `failed` and `edits` (JSONL).

    And `samples` of its edits (JSON). Inputs: documents, cleaned, edits, decisions and perhaps
    told, row by row alike; or those of `bare.shard`, and decisions. Options: output, first.
    Returns the counts of the summary.
    """
    output = from_json(Output, options["output"])
    marking, naming = output.mode == "mark", output.mode == "ids"
    counted: list[dict[str, Any]] = []
    kept: list[pa.Table] = []
    samples: list[dict[str, Any]] = []
    names: list[bytes] = []
    with (
        Path(outputs["removed"]).open("wb") as removed,
        Path(outputs["failed"]).open("wb") as failed,
        Path(outputs["edits"]).open("wb") as edits,
    ):
        for shard in _shards(inputs, options["first"]):
            counted.append(_counts(shard))
            if shard.edits.num_rows:
                ledger = _ledger(shard)
                edits.write(strings.content(strings.objects(ledger, b"}\n")))
                keys, doc = shard.cleaned["key"], shard.edits["doc"].to_numpy()
                samples += sample(shard.texts, keys, doc, ledger)
            failed.writelines(_failures(shard))
            if not marking:
                removed.write(_removals(shard, records=not naming))
            which = pc.invert(_has(shard, pc.equal)) if marking else pc.is_null(shard.reasons)
            if naming:
                names.append(_names(shard, which))
            else:
                records = shard.documents.append_column(_TEXT, shard.cleaned["text"])
                records = records.append_column(_CLEAN, _clean(shard, marking))
                kept.append(records.append_column(_KEPT, which))
    Path(outputs["corpus"]).write_bytes(b"".join(names) if naming else _rendered(kept, output))
    Path(outputs["samples"]).write_bytes(orjson.dumps(drawn(samples)))
    return audit.total(counted)


def _rendered(kept: list[pa.Table], output: Output) -> bytes:
    records = pa.concat_tables(kept)
    return formats.render(records, records[_TEXT], records[_CLEAN], output, records[_KEPT])


def _names(shard: _Shard, which: pa.BooleanArray) -> bytes:
    """Give a line for each document that stays, with its run key and its place."""
    origins = whole(shard.documents["origin"])
    columns = {"id": shard.cleaned["key"].filter(which), "origin": origins.filter(which)}
    return bytes(strings.content(strings.objects(columns, b"}\n")))


def _shards(inputs: Mapping[str, Sequence[str]], first_document: int) -> Iterator[_Shard]:
    """Read the files side by side."""
    decisions = spill.read(inputs["decisions"][0])
    if "sketched" in inputs:
        yield _bare(inputs, first_document, decisions)
        return
    edits = spill.read(inputs["edits"][0])
    docs = edits["doc"].to_numpy()
    told = spill.read(inputs["told"][0]) if inputs["told"] else _NOTHING_TOLD
    first = 0
    for documents, cleaned in zip(
        spill.batches(inputs["documents"][0]), spill.batches(inputs["cleaned"][0]), strict=True
    ):
        rows = documents.num_rows
        here = decisions.slice(first, rows)
        reasons = pc.coalesce(cleaned["reason"], whole(here["reason"]))
        low, high = np.searchsorted(docs, [first, first + rows]).tolist()
        edits_ = edits.slice(low, high - low)
        doc = pc.subtract(edits_["doc"], pa.scalar(first, pa.int32()))
        texts = pc.fill_null(documents["text"], "")
        yield _Shard(
            pa.Table.from_batches([documents]),
            texts,
            cleaned,
            pc.utf8_length(texts),
            pc.utf8_length(cleaned["text"]),
            reasons,
            here,
            edits_.set_column(0, edits_.schema.field("doc"), doc),
            told.slice(first, rows).combine_chunks(),
        )
        first += rows


def _bare(inputs: Mapping[str, Sequence[str]], first: int, decisions: pa.Table) -> _Shard:
    """Do the same where nothing was cleaned and no record is written: all at once, no texts."""
    documents, cleaned, lengths = bare.shard(inputs, first)
    reasons = pc.coalesce(cleaned["reason"], whole(decisions["reason"]))
    none = no_edits(), _NOTHING_TOLD
    return _Shard(documents, _NO_TEXTS, cleaned, lengths, lengths, reasons, decisions, *none)


def _clean(shard: _Shard, marking: bool) -> pa.StructArray:
    """Make the object that is added to each record."""
    found = shard.cleaned["found"]
    confidence = pc.divide(shard.cleaned["confidence"].cast(pa.float64()), 10_000.0)
    columns = {
        "id": shard.cleaned["key"],
        "language": shard.cleaned["language"],
        "confidence": confidence,
        **{field.name: found.field(field.name) for field in found.type},
    }
    if shard.told.num_rows:
        columns |= {name: whole(shard.told[name]) for name in TOLD.names}
        for name in ("shared", "contained_share"):
            columns[name] = pc.divide(columns[name].cast(pa.float64()), 10_000.0)
    if marking:
        columns |= {
            "removed": shard.reasons,
            "keeper": whole(shard.decisions["keeper"]),
            "jaccard": similarities(shard.decisions, "joined"),
            "containment": similarities(shard.decisions, "smaller"),
        }
    arrays = [columns.get(field.name, pa.nulls(len(found), field.type)) for field in CLEAN]
    return pa.StructArray.from_arrays(arrays, fields=list(CLEAN))


def similarities(counts: pa.Table, of: str) -> pa.Array:
    """Do the same as `similarity` for columns of counts: `shared` and another."""
    some = pc.if_else(pc.equal(counts[of], 0), pa.scalar(None, pa.int64()), counts[of])
    share = pc.divide(pc.multiply(counts["shared"], 10_000), some)
    return pc.divide(share.cast(pa.float64()), 10_000.0).combine_chunks()


def similarity(shared: int | None, of: int | None) -> float | None:
    """Give a ratio of counts with four digits, cut and not rounded: 1 means equal sets."""
    return None if shared is None or not of else shared * 10_000 // of / 10_000


def _removals(shard: _Shard, *, records: bool) -> memoryview:
    """Give a line for each document that left, with its record, the text cleaned, if asked for."""
    which = pc.indices_nonzero(_has(shard, pc.not_equal))
    columns = {
        "id": shard.cleaned["key"].take(which),
        "origin": whole(shard.documents["origin"]).take(which),
        "reason": shard.reasons.take(which),
    }
    parts: list[pa.Array | bytes] = [strings.objects(columns, b""), _witnesses(shard, which)]
    if records:
        texts = shard.cleaned["text"].take(which)
        # The record is spliced, not encoded anew: its bytes are the user's.
        objects = formats.as_objects(shard.documents.take(which), texts)
        parts += [b',"record":', pa.array(objects, pa.large_binary())]
    return strings.content(strings.joined(*parts, b"}\n"))


def _witnesses(shard: _Shard, which: pa.Array) -> pa.LargeBinaryArray:
    """Give the members that name a copy's keeper, and nothing for what is no copy."""
    decisions = shard.decisions.take(which)
    keepers = strings.encoded(whole(decisions["keeper"]))
    return pc.fill_null(strings.joined(b',"keeper":', keepers, *measures(decisions)), b"")


def measures(counts: pa.Table) -> list[pa.Array | bytes]:
    """Give the members of JSON that say how similar two texts are, as parts for `joined`."""
    parts: list[pa.Array | bytes] = []
    for name, of in (("jaccard", "joined"), ("containment", "smaller")):
        said = strings.encoded(similarities(counts, of))
        parts += [f',"{name}":'.encode(), pc.fill_null(said, b"null")]
    return parts


def _has(shard: _Shard, compare: Callable[[pa.Array, str], pa.Array]) -> pa.BooleanArray:
    """Tell which documents have left for a reason that is, or is not, that they have failed."""
    return pc.fill_null(compare(shard.reasons, "failed"), False)


def _failures(shard: _Shard) -> Iterator[bytes]:
    """Give a line for each document that could not be read or cleaned, with its bytes."""
    for row in pc.indices_nonzero(_has(shard, pc.equal)).to_pylist():
        raw = shard.documents["raw"][row].as_py()
        if raw is None:
            one = shard.documents.slice(row, 1)
            (raw,) = formats.as_objects(one, shard.texts.slice(row, 1))
        line = {
            "origin": shard.documents["origin"][row].as_py(),
            "stage": shard.cleaned["stage"][row].as_py(),
            "error": shard.cleaned["error"][row].as_py(),
            "raw": raw.decode("utf-8", "backslashreplace"),
        }
        yield orjson.dumps(line, option=_LINE)


def _ledger(shard: _Shard) -> dict[str, pa.Array]:
    """Give the columns of the ledger, with offsets in code points of the base text."""
    edits = shard.edits
    starts, ends = code_points(shard.texts, edits)
    keys = pa.DictionaryArray.from_arrays(whole(edits["doc"]), shard.cleaned["key"])
    return {
        "id": keys,
        "start": pa.array(starts),
        "end": pa.array(ends),
        "text": originals(shard.texts, edits),
        "replacement": whole(edits["replacement"]),
        **{name: whole(edits[name]) for name in ("class", "rule", "action")},
    }


def _counts(shard: _Shard) -> dict[str, Any]:
    """Count what became of the documents and characters of a batch, and its edits."""
    gone = pc.if_else(_has(shard, pc.equal), "failed", "removed")
    fate = pc.if_else(pc.is_null(shard.reasons), "kept", gone)
    kept, removed = pc.equal(fate, "kept"), pc.equal(fate, "removed")
    stays = pc.sum(shard.left.filter(kept)).as_py() or 0
    sources = pc.fill_null(whole(shard.documents["source"]), "")
    return {
        **_fates(fate),
        "reasons": _counted(shard.reasons.filter(removed)),
        "languages": _counted(shard.cleaned["language"].filter(kept)),
        "sources": _by_source(sources, fate),
        "edits": {
            f"by_{name}": _counted(shard.edits[name]) for name in ("class", "rule", "action")
        },
        "characters": {
            "read": pc.sum(shard.read).as_py() or 0,
            "kept": stays,
            "cut": (pc.sum(shard.read.filter(kept)).as_py() or 0) - stays,
        },
    }


def _by_source(sources: pa.StringArray, fate: pa.StringArray) -> dict[str, dict[str, int]]:
    """Count the fates of the documents of each source."""
    named = sources.dictionary_encode()
    fates = pc.index_in(fate, value_set=pa.array(_FATES)).to_numpy()
    places = named.indices.to_numpy() * len(_FATES) + fates
    counts = np.bincount(places, minlength=len(named.dictionary) * len(_FATES))
    rows = counts.reshape(-1, len(_FATES)).tolist()
    return {
        shown(name): {"read": sum(row), **dict(zip(_FATES, row, strict=True))}
        for name, row in zip(named.dictionary.to_pylist(), rows, strict=True)
    }


def _fates(fate: pa.StringArray) -> dict[str, int]:
    counts = _counted(fate)
    return {"read": len(fate), **{name: counts.get(name, 0) for name in _FATES}}


def _counted(names: pa.Array | pa.ChunkedArray) -> dict[str, int]:
    return {entry["values"]: entry["counts"] for entry in pc.value_counts(names).to_pylist()}
