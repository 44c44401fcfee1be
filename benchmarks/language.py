"""Measure language identification on labelled texts, against other detectors.

    python benchmarks/language.py DATA_FOLDER [--rivals langdetect,py3langid,pycld2,lingua]
        [--table accuracy|groups|mixed|strangers|fit|calibration|speed] [--misses SET]

DATA_FOLDER holds JSON Lines files `lid_*` (also .gz) {lang, text}, one set each: words, pairs,
sentences, paragraphs, documents. Every text is asked about, however short. Printed by set: macro
accuracy, the mean over languages of the share of right labels, on languages that langdetect knows,
on all, and of what nobody here knows the share of "und"; sentences in capitals; recall of close
languages; articles of one language with passages of another; strangers; calibration error; speed.

Strangers: each language in turn is taken out of langdetect's profiles, and CLD2 is silent where it
would name it. Of the texts in it the share of "und" is printed, and of those with a confidence of
.9 in another; languages that have their script to themselves are left out. Real strangers are
harder, for CLD2 names another language for them: put sentences in languages that neither knows into
a set of their own. `fit` prints what more of them cost, by how well an answer must fit a long text.

Rivals that are not installed are left out; `--table accuracy --rivals ""` takes seconds. Labels
count as right within `languages.GROUPED` (Bosnian as Croatian, Malay as Indonesian, both kinds of
Norwegian); `exact` counts them as they are.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
from jsonl import objects

from clean_corpus import config, languages
from clean_corpus.stages import cld2, language, profiles, verdicts

#: Labels of the sets and of the rivals that are the same language.
_SAME = {"iw": "he", "jw": "jv", "fil": "tl", "zho": "zh", "sh": "hr"}
_CLOSE = (
    "hr bs sr", "id ms", "no nb nn da sv", "cs sk", "es pt gl ca", "ru uk be bg mk", "hi mr ne",
    "ar fa ur", "nl af", "zh ja ko", "sw rn lg", "xh zu", "am ti", "en pcm",
)  # fmt: skip

_TABLES = ("accuracy", "groups", "mixed", "strangers", "fit", "calibration", "speed")

Detector = Callable[[Sequence[str]], list[str]]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--rivals", default="langdetect,py3langid,pycld2,lingua")
    parser.add_argument("--table", choices=_TABLES)
    parser.add_argument("--misses", help="list the wrong labels of one set")
    given = parser.parse_args()
    sets = {path.name.split(".")[0][4:]: read(path) for path in sorted(given.data.glob("lid_*"))}
    if given.misses:
        print_misses(sets[given.misses])
        return
    detectors = {"ours": ours, **rivals(given.rivals.split(","))}
    tables: dict[str, Callable[[], None]] = {
        "accuracy": lambda: print_accuracy(sets, detectors),
        "groups": lambda: print_groups(sets),
        "mixed": lambda: print_mixed(sets, detectors),
        "strangers": lambda: print_strangers(sets),
        "fit": lambda: print_fit(sets),
        "calibration": lambda: print_calibration(sets),
        "speed": lambda: print_speed(sets, detectors),
    }
    for name, table in tables.items():
        if given.table in {None, name}:
            table()


def read(path: Path) -> list[tuple[str, str]]:
    """Read one set: label and text of each row."""
    return [(row["lang"], row["text"]) for row in objects(path)]


def detected(texts: Sequence[str]) -> language.Detected:
    """Ask the stage."""
    return language.detect(pa.array(texts, pa.large_string()), config.Language(min_letters=1))


def ours(texts: Sequence[str]) -> list[str]:
    """Give the labels of the stage."""
    labels: list[str] = detected(texts).labels.to_pylist()
    return labels


def rivals(wanted: Sequence[str]) -> dict[str, Detector]:
    """Load the rivals that are wanted and installed."""
    makers = {
        "langdetect": ("langdetect", _langdetect),
        "py3langid": ("py3langid", _py3langid),
        "pycld2": ("pycld2", _pycld2),
        "lingua": ("lingua", _lingua),
    }
    found = {name: makers[name] for name in wanted if name in makers}
    return {name: make() for name, (package, make) in found.items() if find_spec(package)}


def _each(ask: Callable[[str], str]) -> Detector:
    return lambda texts: [ask(text) for text in texts]


def _langdetect() -> Detector:
    from langdetect import DetectorFactory, LangDetectException, detect

    DetectorFactory.seed = 0

    def ask(text: str) -> str:
        try:
            return str(detect(text))
        except LangDetectException:
            return "und"

    return _each(ask)


def _py3langid() -> Detector:
    from py3langid.langid import classify

    return _each(lambda text: str(classify(text)[0]))


def _pycld2() -> Detector:
    import pycld2

    controls = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffe\uffff]")

    def ask(text: str) -> str:
        found = pycld2.detect(controls.sub(" ", text), isPlainText=True, bestEffort=True)
        return str(found[2][0][1])

    return _each(ask)


def _lingua() -> Detector:
    from lingua import LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_all_languages().build()

    def ask(text: str) -> str:
        found = detector.detect_language_of(text)
        return str(found.iso_code_639_1.name) if found else "und"

    return _each(ask)


def plain(label: str) -> str:
    """Give a label as ISO 639-1 in lower case."""
    code = re.split("[-_]", label.lower())[0]
    return _SAME.get(code, code)


def grouped(label: str) -> str:
    """Give the label that stands for a language and those like it."""
    code = plain(label)
    return languages.GROUPED.get(code, code)


KNOWN = frozenset(plain(name) for name in profiles.load().names)


def macro(
    rows: Sequence[tuple[str, str]],
    labels: Sequence[str],
    same: Callable[[str], str] = grouped,
    among: frozenset[str] = frozenset(),
) -> float:
    """Give the mean over languages, perhaps `among` some, of the share of right labels, of 100."""
    right: dict[str, list[bool]] = defaultdict(list)
    for (true, _), label in zip(rows, labels, strict=True):
        if not among or same(true) in among:
            right[true].append(same(true) == same(label))
    return 100 * sum(sum(of) / len(of) for of in right.values()) / len(right) if right else -1


def unknown_und(rows: Sequence[tuple[str, str]], labels: Sequence[str]) -> float:
    """Give the share of "und", of 100, among texts in languages that nobody knows, -1 if none."""
    found = [
        label == "und"
        for (true, _), label in zip(rows, labels, strict=True)
        if grouped(true) not in languages.NAMES
    ]
    return 100 * sum(found) / len(found) if found else -1


def print_accuracy(sets: dict[str, list[tuple[str, str]]], detectors: dict[str, Detector]) -> None:
    """Print accuracy by set and detector."""
    capitals = [(true, text.upper()) for true, text in sets.get("lingua_sentence", [])]
    sets = {**sets, "lingua capitals": [row for row in capitals if row[1] != row[1].lower()]}
    print(f"{'macro accuracy':<20}{'detector':<12}{'known to langdetect':>20}{'exact':>8}"
          f"{'all':>8}{'exact':>8}{'nobody knows: und':>19}{'texts/CPU-s':>13}")  # fmt: skip
    for name, rows in sets.items():
        texts = [text for _, text in rows]
        for detector, ask in detectors.items():
            ask(texts[:1])
            start = time.process_time()
            labels = ask(texts)
            speed = len(texts) / max(time.process_time() - start, 1e-9)
            scores = [
                macro(rows, labels, same, among)
                for among in (KNOWN, frozenset[str]())
                for same in (grouped, _norwegian)
            ]
            unknown = unknown_und(rows, labels)
            und = f"{unknown:.1f}" if unknown >= 0 else ""
            print(f"{name:<20}{detector:<12}{scores[0]:>20.2f}{scores[1]:>8.2f}"
                  f"{scores[2]:>8.2f}{scores[3]:>8.2f}{und:>19}{speed:>13,.0f}")  # fmt: skip


def _norwegian(label: str) -> str:
    """Give a label as it is, but one for both kinds of Norwegian, which few detectors part."""
    return {"nb": "no", "nn": "no"}.get(plain(label), plain(label))


def print_groups(sets: dict[str, list[tuple[str, str]]]) -> None:
    """Print what languages that are close to each other are called, of 100."""
    for name, rows in sets.items():
        labels = ours([text for _, text in rows])
        for group in _CLOSE:
            for true in group.split():
                found = Counter(
                    label for (of, _), label in zip(rows, labels, strict=True) if plain(of) == true
                )
                if found:
                    total = sum(found.values())
                    shares = (f"{label} {100 * n / total:.0f}" for label, n in found.most_common(4))
                    print(f"{name:<20}{true:<5}{total:>5}  {', '.join(shares)}")


def print_mixed(sets: dict[str, list[tuple[str, str]]], detectors: dict[str, Detector]) -> None:
    """Print accuracy on articles of 12 sentences of which some are English."""
    sentences: dict[str, list[str]] = defaultdict(list)
    for true, text in sets["lingua_sentence"]:
        if grouped(true) in languages.NAMES:
            sentences[true].append(text)
    english = sentences.pop("en")
    places = {
        "clean": [],
        "quotes, 25 %": [2, 5, 8],
        "quotes, 42 %": [1, 3, 5, 7, 9],
        "lead, 33 %": [0, 1, 2, 3],
        "tail, 42 %": [7, 8, 9, 10, 11],
    }
    print(f"{'mixed with English':<20}" + "".join(f"{name:>12}" for name in detectors))
    for name, where in places.items():
        rows = []
        for number, (true, own) in enumerate(sentences.items()):
            for first in range(0, len(own) - 12, 12):
                parts = own[first : first + 12]
                for place in where:
                    parts[place] = english[(number + first + place) % len(english)]
                rows.append((true, " ".join(parts)))
        texts = [text for _, text in rows]
        known = [macro(rows, ask(texts), grouped, KNOWN) for ask in detectors.values()]
        print(f"{name:<20}" + "".join(f"{score:>12.1f}" for score in known))


@contextmanager
def without(label: str) -> Iterator[bool]:
    """Forget a language meanwhile; say if others are left that write as it does."""
    load: Callable[[], profiles.Languages] = profiles.load
    ask = cld2.ask
    loaded = load()
    lanes = [lane for lane, name in enumerate(loaded.names) if grouped(name) == label]
    mask = np.uint64(sum(1 << lane for lane in lanes))
    left = loaded._replace(admitted=loaded.admitted & ~mask)
    written = loaded.admitted & mask > 0

    def deaf(text: bytes) -> cld2.Answer:
        answer = ask(text)
        return cld2.Answer(None, 0) if answer.label == label else answer

    try:
        vars(profiles)["load"], cld2.ask = (lambda: left), deaf
        yield bool(lanes and left.admitted[written].any())
    finally:
        vars(profiles)["load"], cld2.ask = load, ask


def print_strangers(sets: dict[str, list[tuple[str, str]]]) -> None:
    """Print what becomes of languages that are forgotten, each in turn."""
    for name, rows in sets.items():
        texts: dict[str, list[str]] = defaultdict(list)
        for true, text in rows:
            texts[grouped(true)].append(text)
        unknown, sure = {}, []
        for true, own in texts.items():
            with without(true) as has_others:
                if has_others:
                    found = detected(own)
                    und = np.array(found.labels) == "und"
                    unknown[true] = 100 * und.mean()
                    sure.append(100 * (~und & (found.confidence >= 9_000)).mean())
        if unknown:
            worst = sorted(unknown, key=lambda label: unknown[label])[:8]
            shown = ", ".join(f"{label} {unknown[label]:.0f}" for label in worst)
            mean = np.mean(list(unknown.values()))
            print(f"{name:<20} strangers: und {mean:5.1f}, sure of another {np.mean(sure):5.1f}, "
                  f"of {len(unknown)} languages; least: {shown}")  # fmt: skip


def print_fit(sets: dict[str, list[tuple[str, str]]]) -> None:
    """Print accuracy on known languages and "und" of unknown ones by what is asked of a fit."""
    asked = vars(verdicts)
    shipped = asked["_LEAST_FIT"], asked["_LEAST_FIT_LONG"]
    for least in (0, 200, 300, 400, 450, 500, 520, 540, 600, 700):
        asked["_LEAST_FIT_LONG"] = least
        asked["_LEAST_FIT"] = min(least, shipped[0])
        shown = []
        for name, rows in sets.items():
            labels = ours([text for _, text in rows])
            unknown = unknown_und(rows, labels)
            known = macro(rows, labels, _norwegian, KNOWN)
            shown.append(f"{name} {known:.2f}" if known >= 0 else name)
            shown[-1] += f" (und {unknown:.1f})" if unknown >= 0 else ""
        print(f"least fit {least:<4} {', '.join(shown)}")
        asked["_LEAST_FIT"], asked["_LEAST_FIT_LONG"] = shipped


def print_calibration(sets: dict[str, list[tuple[str, str]]]) -> None:
    """Print by tenths of confidence how many labels there are, and how many are right."""
    for name, rows in sets.items():
        found = detected([text for _, text in rows])
        right = np.array([
            grouped(true) == label
            for (true, _), label in zip(rows, found.labels.to_pylist(), strict=True)
        ])  # fmt: skip
        bins, error = found.confidence // 1000, 0.0
        shown = []
        for tenth in range(3, 10):
            there = bins == tenth
            if number := int(there.sum()):
                error += abs(right[there].sum() - found.confidence[there].sum() / 10_000)
                shown.append(f".{tenth}: {100 * right[there].mean():.0f} of {number}")
        total = int((bins >= 3).sum())
        print(f"{name:<20} calibration error {100 * error / total:4.1f} points; {', '.join(shown)}")


def print_speed(sets: dict[str, list[tuple[str, str]]], detectors: dict[str, Detector]) -> None:
    """Print articles of 2,400 characters by CPU-second."""
    joined: dict[str, str] = defaultdict(str)
    articles = []
    for true, text in sets["lingua_sentence"]:
        if plain(true) in KNOWN:
            joined[true] += text + " "
            if len(joined[true]) >= 2_400:
                articles.append(joined.pop(true)[:2_400])
    for name, ask in detectors.items():
        sample = articles * (10 if name == "ours" else 1)
        ask(sample[:1])
        start = time.process_time()
        ask(sample)
        speed = len(sample) / (time.process_time() - start)
        print(f"{name:<20}{speed:>10,.0f} articles of 2.4 KB by CPU-second ({len(sample)})")


def print_misses(rows: Sequence[tuple[str, str]]) -> None:
    """List texts whose label is wrong."""
    found = detected([text for _, text in rows])
    for (true, text), label, confidence in zip(
        rows, found.labels.to_pylist(), found.confidence.tolist(), strict=True
    ):
        if grouped(true) != label:
            print(f"{true:<4} {label:<4} {confidence / 10_000:.2f}  {text[:100]!r}")


if __name__ == "__main__":
    main()
