"""Make a corpus of any size with planted near-duplicates, and the truth about them.

    python benchmarks/dedup_corpus.py FOLDER [--documents 100000] [--languages en,fr,ru] [--seed 1]
        [--bytes 2000]

writes `FOLDER/texts/part-*.parquet` (id, text, source: 100,000 documents each) and
`FOLDER/truth.parquet` (document, copy_of, shared, joined), where `copy_of` is the number of the
document that a copy was made from, or -1, and shared / joined its Jaccard with that one, counted in
runs of three words. In scripts without spaces words are cut otherwise by the product
(`clean_corpus.corpus.shingles`), so there Jaccard is the planted one and not the product's.

The words are invented, of syllables of each language, with Zipf's frequencies and lengths that grow
with rank; a text has a topic, which decides what its rarer words are. Three texts in ten are copies
of an earlier one: words replaced here and there, the head or the tail cut off, or another text
behind it, with a Jaccard from 0.3 to 1. Some texts have hundreds of copies. The same arguments
give the same corpus, in memory that does not grow with it.
"""

from __future__ import annotations

import argparse
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Integers = npt.NDArray[np.int64]

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string()), ("source", pa.string())])

BATCH = 4000  # documents made at once; a row group
FILE = 100_000  # documents in a file
POOL = 30_000  # texts that can be copied
BYTES = 2000  # mean size of a text, without markup
COPIES = 0.3  # share of the documents that are copies
WORDS = 40_000  # of a language
RANKS = 300  # most frequent words, which every topic has
TOPICS = 1000
SHINGLE = 3

_SYLLABLES = 4  # most in a word
_SLOTS = 1 << 19  # of a table from a random number to a word
_ENDS = 5  # what may stand behind a word: nothing, comma, stop, paragraph, end of the text


class Language(NamedTuple):
    """Syllables (each of `heads` + one of `hearts` + one of `tails`) and what parts words."""

    heads: str
    hearts: str
    tails: str
    ends: tuple[str, str, str, str, str] = (" ", ", ", ". ", ".\n\n", ".")


_HAN = "".join(chr(code) for code in range(0x4E00, 0x9FA0, 7))
LANGUAGES = {
    "en": Language(
        "b c d f g h l m n p r s t th st v -", "a e i o u ea ou", "- - - - n r s t ng l"
    ),
    "fr": Language("b c d f g j l m n p r s t v qu ch", "a é e i o u ou ai è", "- - - s r t n l"),
    "es": Language("b c d f g h l m n p r s t ll v j ñ", "a e i o u ía ó ue", "- - - - s n r l"),
    "ru": Language("б в г д ж з к л м н п р с т х ст пр", "а е и о у ы я ё", "- - - - й н т л сть"),
    "ar": Language("ا ب ت ج ح د ر س ش ع ف ق ك ل م ن ه", "ا و ي - -", "- - ن ة ت"),
    "zh": Language(" ".join(_HAN), "-", "-", ("", "，", "。", "。\n\n", "。")),
}


def vocabulary(name: str, rng: np.random.Generator) -> list[str]:
    """Invent the words of a language, no two of which are equal without case and marks."""
    language = LANGUAGES[name]
    parts = [
        [part.replace("-", "") for part in choice.split()]
        for choice in (language.heads, language.hearts, language.tails)
    ]
    found = {"": ""}
    for draws in rng.integers(0, 1 << 30, (3 * WORDS, 1 + 3 * _SYLLABLES)).tolist():
        if len(found) % 60 == 59:
            word = str(draws[1] % 10 ** (1 + draws[0] % 7))
        else:
            # Frequent words are short; one Han character is a syllable with a meaning.
            most = 2 if name == "zh" else 1 + len(found).bit_length() // 5
            sounds = draws[1 : 1 + 3 * (1 + draws[0] % most)]
            word = "".join(parts[i % 3][draw % len(parts[i % 3])] for i, draw in enumerate(sounds))
        folded = unicodedata.normalize("NFKD", word)
        found.setdefault("".join(c for c in folded if not unicodedata.combining(c)), word)
        if len(found) > WORDS:
            break
    return list(found.values())[1:]


class Lexicon(NamedTuple):
    """All forms of all words, by token; slots[l] draws a word of language l; mean sizes."""

    forms: pa.LargeStringArray
    slots: npt.NDArray[np.int32]
    size: npt.NDArray[np.float64]


def lexicon(languages: Sequence[str], rng: np.random.Generator) -> Lexicon:
    """Make the words of the languages; form = (word * ends + end) * 2 + capital."""
    forms: list[str] = []
    slots = []
    sizes = []
    for name in languages:
        words = vocabulary(name, rng)
        assert len(words) == WORDS
        ends = LANGUAGES[name].ends
        share = 1 / (np.arange(len(words)) + 2.7)  # Mandelbrot's form of Zipf's law
        steps = np.cumsum(share / share.sum())
        slots.append(np.searchsorted(steps, (np.arange(_SLOTS) + 0.5) / _SLOTS).astype(np.int32))
        lengths = np.array([len((word + ends[0]).encode()) for word in words])
        drawn = slots[-1]
        rare = lengths[RANKS:].mean()  # topics turn these about
        sizes.append(float(np.where(drawn < RANKS, lengths[drawn], rare).mean()))
        forms += [w + end for word in words for end in ends for w in (word, word.capitalize())]
    return Lexicon(pa.array(forms, pa.large_string()), np.array(slots), np.array(sizes))


def ranges(starts: Integers, sizes: Integers) -> Integers:
    """Give the places starts[i], starts[i] + 1 ... of all ranges, one behind the other."""
    before = np.cumsum(sizes) - sizes
    places: Integers = np.arange(sizes.sum()) + np.repeat(starts - before, sizes)
    return places


class Texts(NamedTuple):
    """Texts as tokens (word * 4 + end), one behind the other."""

    sizes: Integers
    tokens: Integers

    def take(self, which: Integers) -> Texts:
        """Give some of the texts."""
        starts = np.cumsum(self.sizes) - self.sizes
        return Texts(self.sizes[which], self.tokens[ranges(starts[which], self.sizes[which])])


def invent(language: Integers, sizes: Integers, known: Lexicon, rng: np.random.Generator) -> Texts:
    """Write texts of so many words in the languages."""
    total = int(sizes.sum())
    spoken = np.repeat(language, sizes)
    rank = known.slots[spoken, rng.integers(0, _SLOTS, total)].astype(np.int64)
    topic = np.repeat(rng.integers(0, TOPICS, len(sizes)), sizes)
    turned = RANKS + (rank - RANKS + topic * 37) % (WORDS - RANKS)
    word = spoken * WORDS + np.where(rank < RANKS, rank, turned)
    chance = rng.integers(0, 100, total)
    end = (chance < 14).astype(np.int64) + (chance < 6) + (chance < 1)  # comma, stop, paragraph
    return Texts(sizes, word * 4 + end)


def copies(of: Texts, fresh: Texts, rng: np.random.Generator) -> Texts:
    """Change each text so that a Jaccard between 0.3 and 1 is left; `fresh` has new words."""
    size = len(of.sizes)
    wanted = np.where(rng.random(size) < 0.1, 1.0, rng.uniform(0.3, 1, size))
    manner = rng.integers(0, 4, size)  # words replaced, head cut, tail cut, tail replaced
    # A word replaced takes SHINGLE runs away from both: J = p / (2 - p), p = (1 - rate)^SHINGLE.
    rate = np.where(manner == 0, 1 - (2 * wanted / (1 + wanted)) ** (1 / SHINGLE), 0.0)
    kept = np.where(manner == 3, 2 * wanted / (1 + wanted), wanted)
    kept = np.where(manner == 0, 1.0, kept)
    keep = np.maximum(2 * SHINGLE, (kept * of.sizes).astype(np.int64))
    at = ranges(np.zeros(size, np.int64), of.sizes)
    low = np.repeat(np.where(manner == 1, of.sizes - keep, 0), of.sizes)
    high = np.repeat(np.where(manner == 2, keep, of.sizes), of.sizes)
    new = rng.random(len(at)) < np.repeat(rate, of.sizes)
    new |= (np.repeat(manner == 3, of.sizes)) & (at >= np.repeat(keep, of.sizes))
    tokens = np.where(new, fresh.tokens, of.tokens)[(at >= low) & (at < high)]
    sizes = np.where((manner == 1) | (manner == 2), np.minimum(keep, of.sizes), of.sizes)
    return Texts(sizes, tokens)


def shared(one: Texts, other: Texts) -> tuple[Integers, Integers]:
    """Count the runs of SHINGLE words that text i of both has, and that either has."""

    def runs(texts: Texts) -> npt.NDArray[np.uint64]:
        word = (texts.tokens // 4).astype(np.uint64)
        pair = np.repeat(np.arange(len(texts.sizes), dtype=np.uint64), texts.sizes)
        value = np.zeros(len(word) - SHINGLE + 1, np.uint64)
        for i in range(SHINGLE):
            value = (value ^ word[i : i + len(value)]) * np.uint64(0x9E3779B97F4A7C15)
            value ^= value >> np.uint64(29)
        whole = pair[: len(value)] == pair[SHINGLE - 1 :]
        return np.unique((pair[: len(value)] << np.uint64(44) | value >> np.uint64(20))[whole])

    first, second = runs(one), runs(other)
    both = np.intersect1d(first, second, assume_unique=True)
    size = len(one.sizes)
    count = [np.bincount((r >> np.uint64(44)).astype(int), minlength=size) for r in (first, second)]
    common = np.bincount((both >> np.uint64(44)).astype(int), minlength=size)
    return common, count[0] + count[1] - common


def render(texts: Texts, known: Lexicon) -> pa.LargeStringArray:
    """Spell texts out, with capitals where sentences begin."""
    word, end = np.divmod(texts.tokens, 4)
    stops = np.cumsum(texts.sizes)
    end[stops - 1] = _ENDS - 1
    capital = np.append(1, end[:-1] >= 2)
    forms = known.forms.take(pa.array((word * _ENDS + end) * 2 + capital))
    ends = np.frombuffer(forms.buffers()[1], np.int64)[np.append(0, stops)]
    return pa.LargeStringArray.from_buffers(len(stops), pa.py_buffer(ends), forms.buffers()[2])


def generate(
    documents: int, languages: Sequence[str] = ("en",), seed: int = 1, size: int = BYTES
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Give the batches of a corpus: its documents (id, text, source) and the truth about them.

    Texts have `size` bytes in the mean; none has fewer than thirty words.
    """
    rng = np.random.default_rng(seed)
    known = lexicon(languages, rng)
    pool: list[tuple[int, int, Integers]] = []  # document, language, tokens
    for first in range(0, documents, BATCH):
        count = min(BATCH, documents - first)
        language = rng.integers(0, len(languages), count)
        sizes = rng.lognormal(-0.18, 0.6, count) * size / known.size[language]
        texts = invent(language, np.maximum(30, sizes.astype(np.int64)), known, rng)
        copy_of = np.full(count, -1)
        counts = np.zeros((2, count), np.int64)
        if pool:
            rows = np.flatnonzero(rng.random(count) < COPIES)
            # Mostly any text of the pool, now and then one of a few: a wire report.
            spread = rng.random(len(rows)) ** np.where(rng.random(len(rows)) < 0.1, 6, 1)
            chosen = [pool[i] for i in (spread * len(pool)).astype(int)]
            copy_of[rows] = [number for number, _, _ in chosen]
            old = Texts(
                np.array([len(t) for *_, t in chosen]), np.concatenate([t for *_, t in chosen])
            )
            fresh = invent(np.array([spoken for _, spoken, _ in chosen]), old.sizes, known, rng)
            changed = copies(old, fresh, rng)
            counts[:, rows] = shared(old, changed)
            texts = _put(texts, rows, changed)
        starts = np.cumsum(texts.sizes) - texts.sizes
        for i in np.flatnonzero(copy_of < 0).tolist():
            part = texts.tokens[starts[i] : starts[i] + texts.sizes[i]].copy()
            entry = (first + i, int(language[i]), part)
            if len(pool) < POOL:
                pool.append(entry)
            elif rng.random() < 0.25:
                pool[int(rng.integers(0, POOL))] = entry
        yield _tables(first, render(texts, known), copy_of, counts)


def _put(texts: Texts, rows: Integers, changed: Texts) -> Texts:
    """Put texts in the place of some."""
    joined = Texts(np.append(texts.sizes, changed.sizes), np.append(texts.tokens, changed.tokens))
    order = np.arange(len(texts.sizes))
    order[rows] = len(order) + np.arange(len(rows))
    return joined.take(order)


def _tables(
    first: int, texts: pa.LargeStringArray, copy_of: Integers, counts: Integers
) -> tuple[pa.Table, pa.Table]:
    number = np.arange(first, first + len(texts))
    ids = pa.array([f"d{i:08}" for i in number.tolist()])
    sources = pa.array([f"site{i * 7919 % 97}.example" for i in number.tolist()])
    documents = pa.table([ids, texts.cast(pa.string()), sources], SCHEMA)
    columns: dict[str, Any] = {"document": number, "copy_of": copy_of}
    return documents, pa.table({**columns, "shared": counts[0], "joined": counts[1]})


def write(
    folder: Path,
    documents: int,
    languages: Sequence[str] = ("en",),
    seed: int = 1,
    size: int = BYTES,
) -> Path:
    """Write a corpus, unless it is there; give the folder of its texts."""
    texts = folder / "texts"
    truth = folder / "truth.parquet"
    if truth.exists():
        return texts
    texts.mkdir(parents=True, exist_ok=True)
    batches = generate(documents, languages, seed, size)
    facts = []
    for number in range(-(-documents // FILE)):
        with pq.ParquetWriter(
            texts / f"part-{number:05}.parquet", SCHEMA, compression="zstd"
        ) as to:
            for batch, fact in islice(batches, FILE // BATCH):
                to.write_table(batch)
                facts.append(fact)
    pq.write_table(pa.concat_tables(facts), truth)
    return texts


def main() -> None:
    """Write the corpus that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--languages", default="en,fr,es,ru,ar,zh")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bytes", type=int, default=BYTES, help="mean size of a text")
    given = parser.parse_args()
    languages = given.languages.split(",")
    print(write(given.folder, given.documents, languages, given.seed, given.bytes))


if __name__ == "__main__":
    main()
