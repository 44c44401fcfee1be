"""The flow of a run as tasks: ingest, learn, clean, sketch, match, decide, share, write.

What a search for copies alone does without is imported where it is used: it takes a while.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from clean_corpus import formats, spill
from clean_corpus.config import Config, as_json
from clean_corpus.corpus import hashed
from clean_corpus.corpus.duplicates.plan import (
    Plan,
    Sketched,
    plan,
    sketching,
    summarise,
    unwritten,
)
from clean_corpus.formats.records import PIECE
from clean_corpus.run import disk
from clean_corpus.run.carried import CLEANED, Outcome, Result, Shard, cleaned, to_write, untouched
from clean_corpus.run.steps import bare
from clean_corpus.run.steps.identify import identify
from clean_corpus.run.steps.ingest import ingest
from clean_corpus.run.steps.write import write
from clean_corpus.run.tasks import Done, Function, Stats, Task, Work, make
from clean_corpus.run.version import learned as digest_of_learned
from clean_corpus.units import Piece, Unit

#: Documents whose hashes a single task holds in memory (24 bytes each, and as much for sorting).
_IDENTIFY_DOCUMENTS = 4_000_000

#: Articles whose passages a single task holds in memory (about 4 KB each).
_LEARN_DOCUMENTS = 100_000


# A search for copies cuts a large input into about so many pieces, of up to so many times the usual
# size: each has files that are opened by every partition and block, and little is held of a text.
_PIECES, _LARGER = 128, 4


def piece_size(units: Sequence[Unit]) -> int:
    """Give the bytes of text in a piece, for a search for copies."""
    return min(max(PIECE, sum(unit.size for unit in units) // _PIECES), PIECE * _LARGER)


#: Bytes of disk that a text takes in a search for copies, however short.
_LEAST_ROOM = 1_000


def check_room(work: Path, documents: int) -> None:
    """Raise OutputError where the disk is too small for a search for copies among so many texts.

    Before they are read their number is not known, and what is asked for is a multiple of their
    size. What the folder `work` holds already is counted in.
    """
    needed = documents * _LEAST_ROOM - disk.used(work)
    if shutil.disk_usage(work).free < needed:
        hashed.drop(work)
    disk.check_space(work, needed)


class Flow:
    """Makes the tasks of each step from what the step before it has left."""

    def __init__(
        self, work: Work, config: Config, version: str, progress: Callable[[str], None]
    ) -> None:
        self.work = work
        self.config = config
        self.options = as_json(config)
        self.version = version
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self.bare = bare.is_enough(config)

    def run(self, units: Sequence[Unit], limit: int) -> Result:
        """Do every step but `write`; `limit` stops reading after that many records (0 never)."""
        self.packed = spill.worth_packing(sum(unit.size for unit in units))
        shards, ingested = self._ingest(units, limit)
        if self.bare:
            check_room(self.work.folder, sum(shard.rows for shard in shards))
        config = self.config
        again = [bare.Again(shard.piece, config.fields, config.input) for shard in shards]
        occurrences = self._identify(shards, again if self.bare else None)
        learned = None if self.bare else self._learn(shards, ingested)
        left = untouched(shards, occurrences, again)
        if not self.bare:
            left = cleaned(self._clean(shards, occurrences, learned))
        rows = [shard.rows for shard in shards]
        sketched = None
        if self.bare:
            documents, bands = ([getattr(one, name) for one in shards] for name in bare.FOR_COPIES)
            ways = [partial(bare.texts, again=one) for one in again]
            sketched = Sketched(documents, bands, occurrences, ways)
        dedup, memory = config.dedup, config.run.memory
        size = sum(stats["bytes"] for stats in ingested)
        matching = plan(left.cleaned, rows, dedup, self._task, memory, sketched, size)
        duplicates = self._match(matching)
        outcome = left._replace(documents=matching.documents, decisions=matching.decisions)
        if any(stats["sources"] for stats in ingested):
            outcome = self._share(shards, outcome, matching, size)
        found = matching.clusters, matching.evidence, duplicates
        return Result(shards, ingested, learned, *found, outcome)

    def _ingest(self, units: Sequence[Unit], limit: int) -> tuple[list[Shard], list[Stats]]:
        pieces: list[tuple[int, Piece]] = []
        left = limit
        size = piece_size(units) if self.bare else PIECE
        made: tuple[str, ...] = "documents", "ids"
        reading: dict[str, Any] = {"clean_field": self.config.output.clean_field}
        reading["packed"] = self.packed
        if self.bare:
            made = *made, *bare.FOR_COPIES
            sections = {"sketch": sketching(self.config.dedup)}
            sections |= self._sections("limits", "language")
            reading = {"clean_field": "", "bare": sections}
            first = max(unwritten(self.config.run.memory), hashed.at_hand()) // size

        def tasks() -> Iterator[Task]:
            for unit, piece in _pieces(units, self.config, size):
                pieces.append((unit, piece._replace(payload=None)))
                yield self._task(
                    "ingest",
                    len(pieces) - 1,
                    ingest,
                    made,
                    options={
                        "piece": piece.identity(),
                        "limit": left,
                        **self._sections("fields", "input", "extract"),
                        **reading,
                        **({"hashed": len(pieces) <= first} if self.bare else {}),
                    },
                    payload=piece,
                )

        if limit:
            done = []
            for task in tasks():
                done += self._do("ingest", [task])
                left -= done[-1].stats["rows"]
                if left <= 0:
                    break
        else:
            done = self._do("ingest", tasks())
        firsts = accumulate((result.stats["rows"] for result in done), initial=0)
        shards = [
            Shard(unit, piece, first, result.stats["rows"], *result.task.outputs.values())
            for (unit, piece), first, result in zip(pieces, firsts, done, strict=False)
        ]
        return shards, [result.stats for result in done]

    def _identify(self, shards: Sequence[Shard], again: Sequence[bare.Again] | None) -> list[str]:
        partitions = -(-sum(shard.rows for shard in shards) // _IDENTIFY_DOCUMENTS)
        return self._outputs(
            "occurrences",
            self._do(
                "ingest",
                (
                    self._task(
                        "identify",
                        partition,
                        identify,
                        ("occurrences",),
                        inputs={
                            "ids": [shard.ids for shard in shards],
                            "documents": [shard.documents for shard in shards],
                        },
                        options={"partition": partition, "partitions": partitions},
                        payload=again,
                    )
                    for partition in range(partitions)
                ),
            ),
        )

    def _learn(self, shards: Sequence[Shard], ingested: Sequence[Stats]) -> str | None:
        """Learn what each source repeats, or take what the config names.

        None where the config says "off", or no record names a source.
        """
        learned = self.config.boilerplate.learned
        if "boilerplate" not in self.config.stages or learned == "off":
            return None
        from clean_corpus.corpus.learning.learn import gather, write_learned
        from clean_corpus.corpus.learning.passages import count
        from clean_corpus.run.steps.adopt import adopt

        if learned != "auto":
            options = {"path": learned, "digest": digest_of_learned(self.config)}
            task = self._task("adopt", 0, adopt, ("learned",), options=options)
            return self._outputs("learned", self._do("learn", [task]))[0]
        if not any(stats["sources"] for stats in ingested):
            return None
        partitions = -(-sum(shard.rows for shard in shards) // _LEARN_DOCUMENTS)
        documents = [shard.documents for shard in shards]
        counted = self._do(
            "learn",
            (
                self._task(
                    "count",
                    number,
                    count,
                    ("passages",),
                    inputs={"documents": [name]},
                    options={"partitions": partitions},
                )
                for number, name in enumerate(documents)
            ),
        )
        gathered = self._do(
            "learn",
            (
                self._task(
                    "gather",
                    partition,
                    gather,
                    ("lessons",),
                    inputs={
                        "passages": self._outputs("passages", counted),
                        "documents": documents,
                    },
                    options={"partition": partition, **self._sections("learn")},
                )
                for partition in range(partitions)
            ),
        )
        lessons = {"lessons": self._outputs("lessons", gathered)}
        task = self._task("write_learned", 0, write_learned, ("learned",), inputs=lessons)
        return self._outputs("learned", self._do("learn", [task]))[0]

    def _clean(
        self, shards: Sequence[Shard], occurrences: list[str], learned: str | None
    ) -> list[Done]:
        from clean_corpus.run.lessons import Lessons, digest
        from clean_corpus.run.steps.clean import clean

        sections = self._sections(
            "stages", "encoding", "boilerplate", "whitespace", "language", "limits"
        )
        # What is learned reaches a task as the rules of its sources, and not as a path.
        sections["boilerplate"] = {**sections["boilerplate"], "learned": "off"}
        path = self.work.path(learned) if learned else None
        lessons = Lessons(path, self.config.boilerplate)

        def tasks() -> Iterator[Task]:
            for number, shard in enumerate(shards):
                rules = lessons.of(self.work.path(shard.documents))
                yield self._task(
                    "clean",
                    number,
                    clean,
                    ("cleaned", "edits"),
                    inputs={"documents": [shard.documents], "occurrences": occurrences},
                    options={
                        "config": sections,
                        "rules": self.version,
                        "first": shard.first_document,
                        "packed": self.packed,
                        "learned": digest(rules),
                    },
                    payload=rules,
                )

        return self._do("clean", tasks())

    def _match(self, matching: Plan) -> Stats:
        """Carry out the steps of near-duplicate search; give what they counted."""
        counts: list[tuple[str, Stats]] = []
        for step, tasks in matching.steps:
            group = {"sketch": "sketch", "decide": "decide", "assign": "decide"}.get(step, "match")
            counts += [(step, done.stats) for done in self._do(group, tasks)]
        return summarise(counts, self.config.dedup)

    def _share(
        self, shards: Sequence[Shard], outcome: Outcome, matching: Plan, size: int
    ) -> Outcome:
        """Find what texts (of `size` bytes) of several sources share, and which others hold."""
        dedup = self.config.dedup
        if dedup.passages == dedup.contained == "off":
            return outcome
        from clean_corpus.corpus.sharing.plan import plan as plan_sharing
        from clean_corpus.run.steps.excise import excise

        rows = [shard.rows for shard in shards]
        sharing = plan_sharing(
            outcome.cleaned,
            rows,
            matching.documents,
            outcome.decisions,
            dedup,
            self._task,
            self.config.run.memory,
            size,
        )
        for step, tasks in sharing.steps:
            done = self._do("share", tasks)
            if step in ("share", "contain"):
                outcome.counts.update(done[0].stats)
        outcome = outcome._replace(
            decisions=sharing.decisions,
            told=sharing.told,
            passages=sharing.passages,
            shares=sharing.shares,
        )
        if not sharing.found:
            return outcome
        cut = self._do(
            "share",
            (
                self._task(
                    "excise",
                    number,
                    excise,
                    CLEANED,
                    inputs={"cleaned": [texts], "edits": [edits], "found": sharing.found},
                    options={"first": shard.first_document},
                )
                for number, (shard, texts, edits) in enumerate(
                    zip(shards, outcome.cleaned, outcome.edits, strict=True)
                )
            ),
        )
        texts, edits = (self._outputs(name, cut) for name in CLEANED)
        return outcome._replace(cleaned=texts, edits=edits)

    def write(self, result: Result) -> Iterator[Done]:
        """Write the parts of the outputs; give those of each shard, in order, once they are there.

        What is done with them in between is done beside the tasks.
        """
        start = time.perf_counter()
        output = self.options["output"]
        inputs = to_write(result.shards, result.outcome, bare=self.bare)
        tasks = (
            self._task(
                "write",
                number,
                write,
                ("corpus", "removed", "failed", "edits", "samples"),
                inputs=files,
                options={"output": output, "first": shard.first_document},
            )
            for number, (shard, files) in enumerate(zip(result.shards, inputs, strict=True))
        )
        yield from self.work.in_order(tasks, lambda count: self.progress(f"write: {count} done"))
        self.seconds["write"] = time.perf_counter() - start

    def _task(
        self,
        step: str,
        part: int,
        function: Function,
        outputs: Sequence[str],
        *,
        inputs: dict[str, list[str]] | None = None,
        options: dict[str, Any] | None = None,
        payload: object = None,
    ) -> Task:
        return make(
            step,
            part,
            function,
            outputs=outputs,
            version=self.version,
            inputs=inputs,
            options=options,
            payload=payload,
        )

    def _do(self, step: str, tasks: Iterable[Task]) -> list[Done]:
        """Carry out the tasks of a step; results come in the order of their parts."""
        start = time.perf_counter()
        done = self.work.all(tasks, lambda count: self.progress(f"{step}: {count} done"))
        self.seconds[step] = self.seconds.get(step, 0) + time.perf_counter() - start
        return done

    def _sections(self, *names: str) -> dict[str, Any]:
        return {name: self.options[name] for name in names}

    @staticmethod
    def _outputs(name: str, done: Sequence[Done]) -> list[str]:
        return [result.task.outputs[name] for result in done]


def _pieces(units: Sequence[Unit], config: Config, size: int) -> Iterator[tuple[int, Piece]]:
    for number, unit in enumerate(units):
        for piece in formats.pieces(unit, config.input, size):
            yield number, piece
