"""The configuration: every option, its default, and what it means.

The descriptions are the reference: `configs/clean.toml` and the JSON Schema are made from them.
"""

from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, cast

#: What may be done with a span of a boilerplate class.
Action = Literal["remove", "metadata", "flag", "off"]


class Told(NamedTuple):
    """What an option means, the bounds of a number, and whether a text must not be empty."""

    about: str
    ge: int | None = None
    gt: int | None = None
    le: int | None = None
    lt: int | None = None
    filled: bool = False


# A share, from 0 to 1, is compared as an exact ratio: 0.7 means 7/10, not the nearest binary
# fraction.
Share = Decimal

#: The sets of rules that this version knows.
RULES = ("2026.1",)

#: Words in a row of which two texts are certain to find one another (`corpus.sharing.anchors`).
SHORTEST_PASSAGE = 15


class Input(NamedTuple):
    """How files become records."""

    encoding: Annotated[str, Told('charset of every input byte; "" finds out per file')] = ""
    encodings: Annotated[dict[str, str], Told('charset by file: {"old/*.csv" = "cp1251"}')] = {}
    delimiter: Annotated[str, Told('between CSV fields; "" takes it from the header line')] = ""
    max_document_mb: Annotated[int, Told("a larger record is set aside as failed", ge=1)] = 64


class Fields(NamedTuple):
    """Where a record keeps what; a dotted path leads into nested objects."""

    text: Annotated[str, Told("the article; a string or a list of paragraphs")] = "text"
    html: Annotated[str, Told("a page to extract the article from, without a text")] = "html"
    id: Annotated[str, Told("what documents are called in every output")] = "id"
    title: Annotated[str, Told("the headline; a copy of it in the text is boilerplate")] = "title"
    source: Annotated[str, Told("the site; by default the host of the url")] = "source"
    url: Annotated[str, Told("where the article was found")] = "url"
    date: Annotated[str, Told("when it was published; decides between copies")] = "date"


class Extract(NamedTuple):
    """Text from HTML (trafilatura, and the density of text)."""

    comments: Annotated[bool, Told("keep the readers' comments")] = False
    tables: Annotated[bool, Told("keep the text of tables")] = True
    focus: Annotated[
        Literal["balanced", "precision", "recall"],
        Told("balanced, precision or recall: what to prefer in doubt"),
    ] = "balanced"
    max_page_mb: Annotated[int, Told("a larger page is set aside as failed", ge=1)] = 16
    max_elements: Annotated[int, Told("so is one of more elements", ge=1_000)] = 100_000
    max_depth: Annotated[int, Told("so is a page nested deeper than this", ge=50)] = 2_000
    seconds: Annotated[int, Told("and one that takes longer, as a last resort", ge=1)] = 20


class Encoding(NamedTuple):
    """Damaged characters (ftfy)."""

    entities: Annotated[bool, Told("decode HTML entities such as &eacute; in plain text")] = True


class Boilerplate(NamedTuple):
    """What is not part of the article."""

    rules: Annotated[str, Told("the set of rules; pin it to keep results the same")] = RULES[-1]
    lexicons: Annotated[list[str], Told("lexicon files of your own, read after the shipped")] = []
    disable: Annotated[list[str], Told('rules to leave out: ["fr.newsletter-plea"]')] = []
    protect: Annotated[list[str], Told("patterns in any case; what they match is never cut")] = []
    learned: Annotated[
        str, Told('"auto" learns each source\'s own lines, "off" does not, or a lexicon')
    ] = "auto"
    max_share: Annotated[
        Share, Told("cut more of a text than this, and all its cuts become flags")
    ] = Decimal("0.5")
    odds: Annotated[
        int, Told("to one, that a line around a page's article is furniture, to cut it", ge=1)
    ] = 80
    actions: Annotated[
        dict[str, Action], Told('by class: {image_caption = "flag"}; remove, metadata, flag or off')
    ] = {}
    sources: Annotated[
        dict[str, dict[str, Action]],
        Told('the same for one source: {"example.org" = {byline = "off"}}'),
    ] = {}


class Learn(NamedTuple):
    """Lines that one source repeats."""

    min_articles: Annotated[int, Told("distinct articles that must hold the line", ge=3)] = 8
    min_share: Annotated[Share, Told("and their share of the source's articles")] = Decimal("0.01")


class Whitespace(NamedTuple):
    """Blanks, line ends and invisible characters."""

    blank_lines: Annotated[int, Told("empty lines kept between paragraphs", ge=0, le=3)] = 1


class Language(NamedTuple):
    """Which language a text is in (langdetect's profiles, and CLD2 where they leave a doubt)."""

    detect: Annotated[bool, Told('false saves the time: every kept text is "und"')] = True
    languages: Annotated[list[str], Told('choose among these only: ["fr", "en"]; [] is all')] = []
    filter: Annotated[bool, Told("remove documents that are in none of them")] = False
    min_letters: Annotated[int, Told('fewer letters than this are "und"', ge=1)] = 3


class Limits(NamedTuple):
    """When a document leaves the corpus, and when a run is not good enough."""

    min_chars: Annotated[int, Told("shorter cleaned texts are removed as too-short", ge=0)] = 1
    max_chars: Annotated[int, Told("longer ones as too-long; 0 is no limit", ge=0)] = 0
    max_failed: Annotated[Share, Told("exit 1 if a larger share failed")] = Decimal("0.02")
    max_removed: Annotated[Share, Told("exit 1 if a larger share was removed")] = Decimal("0.9")
    max_removed_per_source: Annotated[
        Share, Told("the same within a source that has 100 documents or more")
    ] = Decimal("0.98")


class Dedup(NamedTuple):
    """Exact and near-duplicates (MinHash), shared passages and texts inside others."""

    exact: Annotated[bool, Told("remove texts that are equal but for white space")] = True
    near: Annotated[bool, Told("remove texts whose shingles are nearly the same")] = True
    threshold: Annotated[Share, Told("Jaccard from which two are copies", gt=0)] = Decimal("0.55")
    witness: Annotated[Share, Told("least Jaccard of a removed text with the one kept", gt=0)] = (
        Decimal("0.4")
    )
    shingle: Annotated[int, Told("words in a shingle", ge=1, le=16)] = 3
    permutations: Annotated[int, Told("length of a signature, at most", ge=16, le=1024)] = 128
    bands: Annotated[int, Told("of a signature; 0 follows from the next option", ge=0, le=512)] = 0
    recall: Annotated[Share, Told("of pairs just at the threshold, to be found", gt=0, lt=1)] = (
        Decimal("0.995")
    )
    seed: Annotated[
        int, Told("of the permutations, as datasketch draws them", ge=0, lt=1 << 32)
    ] = 1
    hash: Annotated[Literal["fast", "sha1"], Told("sha1 gives datasketch's own values")] = "fast"
    keep: Annotated[
        list[Literal["source", "earliest", "latest", "longest"]],
        Told("which copy stays: the first that decides"),
    ] = ["source", "earliest", "longest"]
    prefer: Annotated[list[str], Told("sources in order of preference, for keep = source")] = []
    clusters: Annotated[
        Literal["witness", "components"],
        Told("witness: each removed text is a copy of a kept one; no chains"),
    ] = "witness"
    max_bucket: Annotated[
        int, Told("in larger buckets, signatures choose the pairs that are verified", ge=8)
    ] = 128
    passages: Annotated[
        Literal["off", "report", "remove"],
        Told("what other sources have too; remove leaves it to the first"),
    ] = "report"
    passage_words: Annotated[
        int, Told("words that such a passage has at least", ge=SHORTEST_PASSAGE)
    ] = 16
    contained: Annotated[
        Literal["off", "report", "remove"],
        Told("texts that stand in a longer one, abridged or embedded"),
    ] = "report"
    containment: Annotated[
        Share, Told("share of a text's shingles that the longer one has", gt=0)
    ] = Decimal("0.8")


class Output(NamedTuple):
    """What is written."""

    mode: Annotated[
        Literal["remove", "mark", "ids"],
        Told("mark keeps every document; ids writes ids and no records"),
    ] = "remove"
    to: Annotated[
        Literal["", "jsonl", "jsonl.gz", "jsonl.zst", "parquet"],
        Told('one file of this format; "" keeps the names and formats of the input'),
    ] = ""
    clean_field: Annotated[str, Told("the object added to each record", filled=True)] = "clean"


class Run(NamedTuple):
    """How the work is carried out; no option here changes a result."""

    executor: Annotated[Literal["local", "ray"], Told("where tasks run")] = "local"
    address: Annotated[str, Told('of the Ray cluster; always explicit, "local" starts one')] = ""
    workers: Annotated[int, Told("processes; 0 is one for each core at hand", ge=0)] = 0
    memory: Annotated[
        int, Told("megabytes that a process may take to find copies, about", ge=100)
    ] = 1000
    retries: Annotated[int, Told("of a task whose worker died", ge=0)] = 2


class Config(NamedTuple):
    """Everything a run can be told."""

    stages: Annotated[
        list[str], Told('in this order; "mypkg.mod:function" adds one of your own (str to str)')
    ] = ["encoding", "boilerplate", "whitespace"]
    input: Input = Input()
    fields: Fields = Fields()
    extract: Extract = Extract()
    encoding: Encoding = Encoding()
    boilerplate: Boilerplate = Boilerplate()
    learn: Learn = Learn()
    whitespace: Whitespace = Whitespace()
    language: Language = Language()
    limits: Limits = Limits()
    dedup: Dedup = Dedup()
    output: Output = Output()
    run: Run = Run()


def ratio(share: Decimal) -> tuple[int, int]:
    """Give a share as numerator and denominator: thresholds are compared as integers."""
    fraction = Fraction(share)
    return fraction.numerator, fraction.denominator


_Options = TypeVar("_Options")


def is_section(value: object) -> bool:
    """Tell options of one table, or all of them, from the value of one option."""
    return hasattr(value, "_fields")


def as_json(options: Any) -> dict[str, Any]:
    """Give a section, or the configuration, as plain JSON values: for keys, summaries, workers."""
    return {name: _plain(value) for name, value in options._asdict().items()}


def _plain(value: Any) -> Any:
    if is_section(value):
        return as_json(value)
    return float(value) if isinstance(value, Decimal) else value


def from_json(kind: type[_Options], values: Mapping[str, Any]) -> _Options:
    """Make a section, or the configuration, of plain values, which `settings.checked` finds right.

    What is left out has its default; who changes a list or table in it changes no default.
    """
    defaults = cast("Any", kind)._field_defaults
    given = deepcopy({**as_json(kind()), **values})
    return kind(**{name: _typed(defaults[name], value) for name, value in given.items()})


def _typed(default: Any, value: Any) -> Any:
    if is_section(default):
        return from_json(type(default), value)
    return Decimal(str(float(value))) if isinstance(default, Decimal) else value
