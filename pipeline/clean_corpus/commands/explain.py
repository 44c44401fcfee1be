"""The command `explain`: what each stage does to one document, and why it left the corpus."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from rich.console import Console
from rich.text import Text

from clean_corpus import lexicons, results
from clean_corpus.commands import console
from clean_corpus.commands.run import named, with_texts
from clean_corpus.config import Config, Dedup, ratio
from clean_corpus.corpus import shingles
from clean_corpus.errors import InputError
from clean_corpus.results import Document
from clean_corpus.run import plan
from clean_corpus.run.steps import clean
from clean_corpus.run.steps.write import similarity
from clean_corpus.stages import language
from clean_corpus.text import Batch, Edit, code_points, undo

#: Characters shown on each side of an edit.
_CONTEXT = 40

_BREAK = re.compile("\r\n|[\n-\r\x1c-\x1e\x85\u2028\u2029]")

_COLOURS = {"": "dim", "-": "red", "+": "green", "?": "yellow"}


class Step(NamedTuple):
    """What one stage did: its edits in the text that it saw, or why it failed."""

    stage: str
    before: str
    edits: list[Edit]
    error: str


def explain(
    inputs: Sequence[str],
    id_: str,
    config: Config | None,
    out: str | None,
    other: str | None = None,
) -> None:
    """Show the document with that run key on stdout: stage by stage, or beside another one.

    `out` is a run that has seen it; without one, `inputs` are cleaned in a temporary folder.
    Raises InputError with the nearest ids where no document has this one.
    """
    with _finished(inputs, config or Config(), out) as folder:
        document = _find(folder, id_)
        if other is not None:
            dedup = (config or results.config(folder)).dedup
            console.out(compared(document, _find(folder, other), dedup))
            return
        edits = next((group for found, group in results.edits(folder) if found == id_), [])
        base = document._replace(text=undo(document.text, edits))
        steps = trace(base, config or results.config(folder), folder / "learned.toml")
        terminal = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        with terminal.capture() as page:
            for line in _page(document, steps):
                terminal.print(line)
        console.out(page.get())


@contextmanager
def _finished(inputs: Sequence[str], config: Config, out: str | None) -> Iterator[Path]:
    """Give the folder of a run over the inputs."""
    if out is not None:
        yield Path(out)
        return
    with named(inputs) as files, tempfile.TemporaryDirectory(prefix="clean-corpus-") as name:
        with console.Progress(sys.stderr) as progress:
            out_ = Path(name, "out")
            plan.clean_files(files, out_, with_texts(config), limits=False, progress=progress)
        yield Path(name, "out")


def compared(a: Document, b: Document, options: Dedup) -> str:
    """Say what two documents have in common, as the search for copies counts it."""
    texts = pa.array([a.text, b.text], pa.large_string())
    hashes, offsets = shingles.hashes(texts, options.shingle)
    one, two = (set(hashes[start:end].tolist()) for start, end in pairwise(offsets.tolist()))
    shared, joined, smaller = len(one & two), len(one | two), min(len(one), len(two))
    jaccard, containment = (similarity(shared, of) or 0.0 for of in (joined, smaller))
    above, below = ratio(options.threshold)
    copies = joined and shared * below >= joined * above
    return (
        f"{a.id}  {_fate(a)}\n{b.id}  {_fate(b)}\n\n"
        f"{shared:,} shingles of {options.shingle} words in both, "
        f"{len(one):,} and {len(two):,} in each\n"
        f"Jaccard {jaccard}, containment {containment}\n"
        f"{'copies' if copies else 'no copies'}: dedup.threshold is {options.threshold}\n"
    )


def _find(out: Path, id_: str) -> Document:
    ids: list[str] = []
    for documents in (results.removed(out), results.kept(out)):
        for document in documents:
            if document.id == id_:
                return document
            ids.append(document.id)
    near = get_close_matches(id_, ids, 3, 0.5) or ids[:3]
    raise InputError(f"no document has the id {id_!r}. There are, for example: {', '.join(near)}.")


def trace(document: Document, config: Config, learned: Path) -> list[Step]:
    """Take a base text through the stages one by one, with each one's edits in its own text."""
    texts = pa.array([document.text], pa.large_string())
    batch = Batch(
        texts,
        language.detect(texts, config.language).labels,
        pa.array([document.source], pa.string()),
        pa.array([document.title], pa.string()),
    )
    there = learned.is_file()
    rules = lexicons.load_learned(learned, config.boilerplate) if there else ()
    stages = clean.chain(config, rules)
    return [
        Step(step.stage, step.texts[0].as_py(), _edits(step), step.errors.get(0, ""))
        for step in clean.trace(batch, stages)
    ]


def _edits(step: clean.Trace) -> list[Edit]:
    text = step.texts[0].as_py()
    rows = step.edits.to_pylist()
    spans = zip(*(column.tolist() for column in code_points(step.texts, step.edits)), strict=True)
    return [
        results.edit({**row, "start": start, "end": end, "text": text[start:end]})
        for (start, end), row in zip(spans, rows, strict=True)
    ]


def _page(document: Document, steps: Sequence[Step]) -> Iterator[Text]:
    yield Text(document.id, "bold") + Text(f"  {_fate(document)}", "not bold")
    for step in steps:
        yield Text()
        count = f"{len(step.edits)} edit{'s' * (len(step.edits) != 1)}"
        yield Text(step.stage, "bold") + Text(f"  {step.error or count}", "not bold")
        for edit in step.edits:
            yield Text(f"  {edit.class_} · {edit.rule} · {edit.action}", "cyan")
            yield Text("    ") + quoted(step.before, edit)


def _fate(document: Document) -> str:
    """Say what became of a document, and which copy of it was kept."""
    if not document.reason:
        return "kept"
    if document.keeper is None:
        return f"removed: {document.reason}"
    return (
        f"removed: {document.reason} of {document.keeper} "
        f"(Jaccard {document.jaccard}, containment {document.containment})"
    )


def quoted(text: str, edit: Edit) -> Text:
    """Show an edit in its line: coloured on a terminal, [-cut-] and {+put+} elsewhere."""
    left, right = max(0, edit.start - _CONTEXT), edit.end + _CONTEXT
    pieces = [("", "…" * (left > 0) + text[left : edit.start])]
    if edit.action == "flag":
        pieces.append(("?", f"[?{edit.text}?]"))
    else:
        pieces.append(("-", f"[-{edit.text}-]"))
        if edit.replacement:
            pieces.append(("+", f"{{+{edit.replacement}+}}"))
    pieces.append(("", text[edit.end : right] + "…" * (right < len(text))))
    return Text.assemble(*((_one_line(piece), _COLOURS[mark]) for mark, piece in pieces))


def _one_line(text: str) -> str:
    """Show line breaks and other controls, which would tear the line apart."""
    shown = _BREAK.sub("⏎", text)
    return "".join(c if c.isprintable() or c.isspace() else f"\\u{ord(c):04x}" for c in shown)
