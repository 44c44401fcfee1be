"""Measure how bytes become text, and what the encoding stage does to clean and damaged text.

    python benchmarks/encoding.py DATA_FOLDER [--part decode|ftfy|speed|news] [--sample 4]

DATA_FOLDER holds JSON Lines files (also .gz):

- `enc_char_dataset` {file, encoding, b64}: files in legacy charsets.
- `lid_*` {lang, text}: one of `--sample` texts is encoded anew in the charsets of its language
  (`CHARSETS`), unless they cannot hold it, or it stays ASCII, or it is damaged: its bytes are UTF-8
  or hold controls. Printed: exact texts of 100, by detector. chardet, charset_normalizer and
  resiliparse are measured too if they are installed.
- `enc_ftfy_cases` {label, original, fixed, expect}: from ftfy's own tests, negatives among them.
- `news_*` {lang, text}: MB of UTF-8 by CPU-second, for the stage and for ftfy with the same
  settings, whose output must be the same; with `--part news`, every change is listed.
"""

from __future__ import annotations

import argparse
import base64
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from ftfy import fix_and_explain
from jsonl import objects

from clean_corpus import config
from clean_corpus.decode import decode
from clean_corpus.decode.charsets import codec
from clean_corpus.stages import encoding
from clean_corpus.text import Batch, apply, code_points

#: Legacy charsets by language: what its pages and files were written in before UTF-8.
CHARSETS = {
    "cp1252": "fr en es it pt de nl da sv fi nb ca id is",
    "latin-1": "fr es de sv",
    "iso8859-15": "fr fi et",
    "mac-roman": "fr de it",
    "cp850": "fr de",
    "cp1250": "pl cs hu sk sl hr ro",
    "iso8859-2": "pl cs hu sk",
    "cp1251": "ru uk bg mk be sr",
    "koi8-r": "ru",
    "cp866": "ru",
    "iso8859-5": "ru bg",
    "cp1253": "el",
    "cp1254": "tr",
    "cp1255": "he",
    "cp1256": "ar fa ur",
    "cp1257": "lt lv et",
    "gb18030": "zh",
    "cp932": "ja",
    "euc-jp": "ja",
    "euc-kr": "ko",
    "big5": "zh",
    "tis-620": "th",
}
_C1 = re.compile("[\x80-\x9f]")
_LENGTHS = {"sentence": (20, 200), "paragraph": (200, 1_000), "document": (1_000, 100_000)}


class Text(NamedTuple):
    """Bytes, the text that they hold, and the group that they are counted in."""

    data: bytes
    text: str
    group: str


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--part", choices=["decode", "ftfy", "speed", "news"])
    parser.add_argument("--sample", type=int, default=4, help="one of so many texts of lid_*")
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "decode": lambda: report_decoding(given.data, given.sample),
        "ftfy": lambda: report_cases(given.data),
        "speed": lambda: report_speed(given.data),
        "news": lambda: report_changes(given.data),
    }
    for name, report in parts.items():
        if given.part in {None, name}:
            report()


def legacy(data: Path, sample: int) -> Iterator[Text]:
    """Give the files of the legacy set, and the texts of the language sets in legacy charsets."""
    for path in sorted(data.glob("enc_char_dataset*")):
        for row in objects(path):
            file = base64.b64decode(row["b64"])
            yield Text(file, file.decode(row["encoding"]).removeprefix("\ufeff"), "files")
    for path in sorted(data.glob("lid_*")):
        for number, row in enumerate(objects(path)):
            if number % sample == 0:
                yield from reencoded(row["text"], row["lang"])


def reencoded(text: str, language: str) -> Iterator[Text]:
    """Give a text in the charsets of its language that can hold it."""
    length = next((n for n, (low, high) in _LENGTHS.items() if low <= len(text) < high), None)
    for charset, languages in CHARSETS.items():
        if length and language in languages.split() and not text.isascii():
            try:
                data = text.encode(charset)
            except UnicodeEncodeError:
                continue
            if is_utf8(data) or _C1.search(text):
                continue
            yield Text(data, text, length)
            yield Text(data, text, f"{length} {charset}")


def is_utf8(data: bytes) -> bool:
    """Tell whether legacy bytes can be read as UTF-8 as well, as those of mojibake can."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def detectors() -> dict[str, Callable[[bytes], str]]:
    """Give what turns bytes into text, by name; those of the others that are installed."""
    found: dict[str, Callable[[bytes], str]] = {"ours": lambda data: decode(data).text}

    def named(detect: Callable[[bytes], str | None]) -> Callable[[bytes], str]:
        def read(data: bytes) -> str:
            charset = detect(data) or "utf-8"
            try:
                text = data.decode(charset)
            except (UnicodeDecodeError, LookupError):
                text = data.decode(codec(charset) or "utf-8", "replace")
            return text.removeprefix("\ufeff")

        return read

    if find_spec("chardet"):
        import chardet

        found["chardet"] = named(lambda data: chardet.detect(data)["encoding"])
    if find_spec("charset_normalizer"):
        import charset_normalizer

        found["charset_normalizer"] = named(
            lambda data: charset_normalizer.detect(data)["encoding"]
        )
    if find_spec("resiliparse"):
        from resiliparse.parse.encoding import detect_encoding

        found["resiliparse"] = named(detect_encoding)
    return found


def report_decoding(data: Path, sample: int) -> None:
    """Print how many texts are exact, by group and detector."""
    texts = list(legacy(data, sample))
    tried = Counter(text.group for text in texts)
    right: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: defaultdict[str, float] = defaultdict(float)
    readers = detectors()
    seen: dict[tuple[str, bytes], str] = {}
    for name, read in readers.items():
        for text in texts:
            if (name, text.data) not in seen:
                start = time.process_time()
                seen[name, text.data] = read(text.data)
                seconds[name] += time.process_time() - start
            right[name][text.group] += seen[name, text.data] == text.text
    print(f"exact texts of 100{'':<12}{'texts':>7}" + "".join(f"{name:>20}" for name in readers))
    for group, number in tried.items():
        shares = "".join(f"{100 * right[name][group] / number:>20.1f}" for name in readers)
        worse = any(right["ours"][group] < right[name][group] for name in readers)
        print(f"{group:<30}{number:>7}{shares}{'  below' if worse and number >= 30 else ''}")
    print(f"{'CPU seconds':<37}" + "".join(f"{seconds[name]:>20.1f}" for name in readers))


def repaired(texts: list[str]) -> tuple[list[str], pa.Table, pa.LargeStringArray, float]:
    """Take texts through the stage: what it leaves, its edits, the texts, CPU seconds."""
    column = pa.array(texts, pa.large_string())
    none = pa.nulls(len(texts), pa.string())
    stage = encoding.stage(config.Encoding())
    start = time.process_time()
    edits = stage(Batch(column, none, none, none))
    seconds = time.process_time() - start
    return apply(column, edits).to_pylist(), edits, column, seconds


def by_ftfy(text: str) -> str:
    """Take a text line by line through ftfy with the settings of the stage."""
    fixer = encoding.fixer_config(True)
    return "".join(fix_and_explain(line, fixer).text for line in text.splitlines(keepends=True))


def report_cases(data: Path) -> None:
    """Print the cases that the stage does not mend as ftfy's tests want it."""
    for path in sorted(data.glob("enc_ftfy_cases*")):
        cases = list(objects(path))
        left = repaired([case["original"] for case in cases])[0]
        wrong = 0
        for case, text in zip(cases, left, strict=True):
            wanted = {case["fixed"], case.get("fixed-encoding"), by_ftfy(case["original"])}
            if text not in wanted and case["expect"] == "pass":
                wrong += 1
                print(f"  {case['label']}: {case['original']!r} became {text!r}")
        negatives = [c for c in cases if c["original"] == c["fixed"]]
        changed = [c for c in negatives if left[cases.index(c)] != c["original"]]
        print(f"{path.name}: {len(cases)} cases, {wrong} wrong; "
              f"{len(negatives)} negatives, {len(changed)} changed")  # fmt: skip


def report_speed(data: Path) -> None:
    """Print MB of UTF-8 by CPU-second for the stage and for ftfy, and whether they agree."""
    repaired(["warm"])
    sets = {
        path.name.split(".")[0]: [r["text"] or "" for r in objects(path)] for path in news(data)
    }
    for path in sorted(data.glob("lid_lingua_sentence*")) + sorted(data.glob("lid_news*")):
        scripts = defaultdict(list)
        for row in objects(path):
            scripts[row["lang"]].append(row["text"])
        for language in ("ru", "el", "ar", "he", "hi", "th", "zh", "ja", "ko", "vi"):
            sets[f"{language} {path.name.split('.')[0][4:]}"] = scripts[language] * 20
    print(
        f"{'MB of UTF-8 by CPU-second':<28}{'MB':>7}{'stage':>8}{'ftfy':>8}{'edits':>8}  different"
    )
    for name, texts in sets.items():
        size = sum(len(text.encode()) for text in texts) / 1e6
        if not size:
            continue
        left, edits, _, seconds = repaired(texts)
        part = range(0, len(texts), max(1, len(texts) // 200))
        start = time.process_time()
        wanted = {i: by_ftfy(texts[i]) for i in part}
        ftfy = time.process_time() - start
        checked = sum(len(texts[i].encode()) for i in part) / 1e6
        different = sum(left[i] != wanted[i] for i in part)
        print(f"{name:<28}{size:>7.2f}{size / max(seconds, 1e-6):>8.0f}{checked / ftfy:>8.1f}"
              f"{edits.num_rows:>8}  {different} of {len(part)}")  # fmt: skip


def news(data: Path) -> list[Path]:
    """List the sets of news."""
    return sorted(data.glob("news_*"))


def report_changes(data: Path) -> None:
    """List every change that the stage makes to news, the equal ones once."""
    for path in news(data):
        texts = [row["text"] or "" for row in objects(path)]
        _, edits, column, _ = repaired(texts)
        spans = zip(*(ends.tolist() for ends in code_points(column, edits)), strict=True)
        found: Counter[tuple[str, str, str, str]] = Counter()
        for edit, (start, end) in zip(edits.to_pylist(), spans, strict=True):
            text = texts[edit["doc"]]
            around = text[max(0, start - 15) : start] + "[]" + text[end : end + 15]
            found[edit["class"], text[start:end], edit["replacement"], around] += 1
        print(f"{path.name}: {edits.num_rows} changes in {len(texts)} texts")
        for (class_, old, new, around), number in sorted(found.items()):
            print(f"  {number:>4} {class_:<14} {old!r:<12} {new!r:<8} {around!r}")


if __name__ == "__main__":
    main()
