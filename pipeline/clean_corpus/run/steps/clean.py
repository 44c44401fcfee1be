"""Clean: take the documents of one shard through the stages, and note every edit."""

from __future__ import annotations

import importlib
import json
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import lexicons, spill
from clean_corpus.config import Config, from_json
from clean_corpus.corpus.keys import run_keys
from clean_corpus.errors import ConfigError
from clean_corpus.formats.records import CLEAN
from clean_corpus.lexicons import Rule
from clean_corpus.stages import boilerplate, encoding, language, limits, whitespace
from clean_corpus.text import EDITS, Batch, Stage, apply, compose, lift, no_edits, originals

#: What was found in the text and moved to the record's `clean` object.
FOUND = pa.struct(
    [CLEAN.field(name) for name in ("dateline", "agency", "date", "byline", "tags", "site")]
)

#: One row a document. `reason` says why a document left the corpus here ("failed" among them,
#: with the stage and the error), `confidence` is in ten-thousandths.
CLEANED = pa.schema(
    [
        ("key", pa.string()),
        ("text", pa.large_string()),
        ("source", pa.string()),
        ("date", pa.string()),
        ("reason", pa.string()),
        ("stage", pa.string()),
        ("error", pa.string()),
        ("language", pa.string()),
        ("confidence", pa.int32()),
        ("found", FOUND),
    ]
)


def clean(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write `cleaned` (CLEANED, row by row as in `documents`) and `edits` (EDITS, doc = row).

    Options: config (the sections that stages read), rules (what the lexicons hold, for the cache),
    first (document of this shard), packed (see `spill.writer`), learned (a digest of the rules
    learned for its sources), and as payload those rules.
    """
    config = from_json(Config, options["config"])
    prepared = _prepared(json.dumps(options["config"]), options["rules"])
    stages = _chain(config, options.get("payload", ()), prepared)
    (documents,) = inputs["documents"]
    first = 0
    edits: list[pa.Table] = []
    with spill.writer(outputs["cleaned"], CLEANED, packed=options["packed"]) as out:
        for batch in spill.batches(documents):
            numbers = np.arange(first, first + batch.num_rows) + options["first"]
            keys = run_keys(batch["key"], numbers, inputs["occurrences"])
            cleaned, made = clean_batch(batch, keys, stages, config)
            out.write_batch(cleaned)
            edits.append(_shifted(made, first))
            first += batch.num_rows
    spill.write(outputs["edits"], pa.concat_tables([no_edits(), *edits]).unify_dictionaries())
    return {"rows": first}


_Prepared = Callable[[Sequence[Rule]], Stage]


@lru_cache(maxsize=1)
def _prepared(sections: str, rules: str) -> _Prepared:
    """Prepare boilerplate once for all tasks of a run in this process: it takes a while."""
    del rules
    return _boilerplate(from_json(Config, json.loads(sections)))


def _boilerplate(config: Config) -> _Prepared:
    return boilerplate.prepare(lexicons.load(config.boilerplate), config.boilerplate)


def chain(config: Config, learned: Sequence[Rule]) -> list[tuple[str, Stage]]:
    """Make the configured stages, in order, with their names."""
    return _chain(config, learned, _boilerplate(config))


def _chain(config: Config, learned: Sequence[Rule], prepared: _Prepared) -> list[tuple[str, Stage]]:
    stages: list[tuple[str, Stage]] = []
    for name in config.stages:
        match name:
            case "encoding":
                stage = encoding.stage(config.encoding)
            case "boilerplate":
                stage = prepared(_seen(learned, stages))
            case "whitespace":
                stage = whitespace.stage(config.whitespace)
            case _:
                stage = lift(imported(name), name)
        stages.append((name, stage))
    return stages


def _seen(rules: Sequence[Rule], before: Sequence[tuple[str, Stage]]) -> list[Rule]:
    """Note how each rule reads after the stages before: it was learned from base texts."""
    texts = pa.array([rule.text for rule in rules], pa.large_string())
    none = pa.nulls(len(rules), pa.string())
    batch = Batch(texts, pa.array(["und"] * len(rules), pa.string()), none, none)
    for step in trace(batch, before):
        texts = apply(step.texts, step.edits)
    return [rule._replace(seen=text) for rule, text in zip(rules, texts.to_pylist(), strict=True)]


def imported(name: str) -> Any:
    """Import "package.module:function"; raise ConfigError where there is no such function."""
    module, _, function = name.partition(":")
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"stages: '{name}' cannot be imported ({error}). Write package.module:function."
        ) from error


class Trace(NamedTuple):
    """What one stage did to a batch: the texts it saw and left, its edits, and where it failed."""

    stage: str
    texts: pa.LargeStringArray
    left: pa.LargeStringArray
    edits: pa.Table
    errors: dict[int, str]


def trace(batch: Batch, stages: Sequence[tuple[str, Stage]]) -> Iterator[Trace]:
    """Take a batch through the stages one by one, with each one's edits in its own coordinates."""
    for name, stage in stages:
        try:
            edits, errors = _attempt(stage, batch)
        except ImportError as error:
            if ":" not in name:
                raise
            raise ConfigError(
                f"stages: '{name}' lacks what it imports ({error}). Install it, or set PYTHONPATH."
            ) from error
        left = apply(batch.texts, edits)
        yield Trace(name, batch.texts, left, edits, errors)
        batch = batch._replace(texts=left)


def _attempt(stage: Stage, batch: Batch) -> tuple[pa.Table, dict[int, str]]:
    """Run a stage; where it fails, run it document by document, so that the others go on.

    Raises ImportError: what is not installed is missing for the next documents as well.
    """
    try:
        return stage(batch), {}
    except ImportError:
        raise
    except (Exception, SystemExit):  # noqa: BLE001  whatever it is, one document must not stop all
        edits: list[pa.Table] = []
        errors: dict[int, str] = {}
        for row in range(len(batch.texts)):
            try:
                alone = stage(Batch(*(column.slice(row, 1) for column in batch)))
            except ImportError:
                raise
            except (Exception, SystemExit) as error:  # noqa: BLE001
                where = traceback.extract_tb(error.__traceback__)[-1]
                errors[row] = f"{type(error).__name__}: {error} ({where.name})"
            else:
                edits.append(_shifted(alone, row))
        return pa.concat_tables([no_edits(), *edits]), errors


def clean_batch(
    documents: pa.RecordBatch,
    keys: pa.StringArray,
    stages: Sequence[tuple[str, Stage]],
    config: Config,
) -> tuple[pa.RecordBatch, pa.Table]:
    """Clean one batch of documents: rows of CLEANED, and edits of the base texts."""
    texts = pc.fill_null(documents["text"], "")
    asked = config.language
    # Lexicons are chosen by language, even where nobody else asks for it.
    tell = language.detect if stages or asked.detect else language.no_answer
    detected = tell(texts, asked)
    edits, middle = no_edits(), texts
    failed: dict[int, tuple[str, str]] = {}
    batch = Batch(texts, detected.labels, documents["source"], documents["title"])
    for step in trace(batch, stages):
        edits = compose(step.texts, edits, step.edits)
        middle = step.left
        failed |= {row: (step.stage, error) for row, error in step.errors.items()}
    failed |= _faults(documents)
    if failed:
        edits = edits.filter(pc.invert(pc.is_in(edits["doc"], pa.array(failed, pa.int32()))))
        middle = apply(texts, edits)
    if asked.detect:
        detected = language.detect_left(texts, detected, middle, asked)
    else:
        detected = language.no_answer(middle, asked)
    reasons = limits.reasons(middle, detected.labels, config.limits, asked)
    notes = [failed.get(row, (None, None)) for row in range(len(texts))]
    stage, error = (pa.array([note[i] for note in notes], pa.string()) for i in range(2))
    columns = [
        keys,
        middle,
        documents["source"],
        documents["date"],
        pc.if_else(pc.is_valid(error), "failed", reasons),
        stage,
        error,
        detected.labels,
        pa.array(detected.confidence),
        _found(texts, edits),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=CLEANED), edits


def _faults(documents: pa.RecordBatch) -> dict[int, tuple[str, str]]:
    """Give stage and fault of the records that could not be read, by row."""
    rows = np.flatnonzero(pc.is_valid(documents["fault"]).to_numpy(False))
    return {
        row: (documents["stage"][row].as_py(), documents["fault"][row].as_py())
        for row in rows.tolist()
    }


#: Classes whose text goes to the record's `clean` object, also where they are simply removed.
_TELLING = ("hashtags", "site_tagline", "site_suffix")


def _found(texts: pa.LargeStringArray, edits: pa.Table) -> pa.Array:
    """Collect what the edits of each document moved out of its text; the first of a kind counts."""
    found: dict[int, dict[str, Any]] = {}
    telling = pc.or_(
        pc.equal(edits["action"].cast(pa.string()), "metadata"),
        pc.and_(
            pc.is_in(edits["class"].cast(pa.string()), pa.array(_TELLING)),
            pc.equal(edits["action"].cast(pa.string()), "remove"),
        ),
    )
    told = edits.filter(telling)
    columns = told["doc"], told["class"].cast(pa.string()), originals(texts, told)
    for doc, class_, text in zip(*(column.to_pylist() for column in columns), strict=True):
        here = found.setdefault(doc, {})
        for name, value in boilerplate.metadata(class_, text).items():
            if name == "tags":
                here["tags"] = list(dict.fromkeys([*here.get("tags", []), *value]))
            elif name == "byline" and "byline" in here:
                here["byline"] = f"{here['byline']}; {value}"
            else:
                here.setdefault(name, value)
    # Most documents have nothing of the kind, and share the empty row behind the others.
    rows = np.full(len(texts), len(found))
    rows[list(found)] = np.arange(len(found))
    return pa.array([*found.values(), {}], FOUND).take(pa.array(rows))


def _shifted(edits: pa.Table, rows: int) -> pa.Table:
    if rows == 0 or edits.num_rows == 0:
        return edits
    return edits.set_column(0, EDITS.field("doc"), pc.add(edits["doc"], np.int32(rows)))
