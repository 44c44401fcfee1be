"""Configuration files: what is read, what is refused, and in which words."""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clean_corpus import clean, settings, toml
from clean_corpus.config import Config, Dedup, as_json, from_json, ratio
from clean_corpus.errors import ConfigError
from clean_corpus.settings import starter

CONFIGS = Path(__file__).parent.parent / "configs"


def refused(tmp_path: Path, text: str, *overrides: str) -> list[str]:
    """Load a bad file and give the lines of the message, without the folder."""
    path = tmp_path / "my.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        settings.load(str(path), overrides)
    return str(caught.value).replace(f"{tmp_path}/", "").split("\n")


def test_defaults_without_a_file() -> None:
    assert settings.load(None) == Config()


def test_clean_toml_is_generated_from_the_models() -> None:
    text = (CONFIGS / "clean.toml").read_text(encoding="utf-8")
    assert text == starter.toml(), "run: clean-corpus init --force configs/clean.toml"
    assert settings.load(str(CONFIGS / "clean.toml")) == Config()


def test_clean_toml_has_a_comment_for_every_option() -> None:
    lines = starter.toml().splitlines()
    for number, line in enumerate(lines):
        if " = " in line and not line.startswith("#"):
            assert "  # " in line or lines[number - 1].startswith("# ")
        assert len(line) <= 100


@pytest.mark.parametrize("name", ["news", "strict"])
def test_shipped_configs_are_small_deltas(name: str) -> None:
    path = CONFIGS / f"{name}.toml"
    loaded, default = as_json(settings.load(str(path))), as_json(Config())
    for section, options in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for option in options:
            assert loaded[section][option] != default[section][option], f"{section}.{option}"
    assert len(path.read_text(encoding="utf-8").splitlines()) < 25


def test_a_typo_names_file_line_and_the_option_meant(tmp_path: Path) -> None:
    text = "# mine\n[dedup]\ntreshold = 0.7\n"
    assert refused(tmp_path, text) == [
        "my.toml:3: dedup.treshold: unknown option. Did you mean 'threshold'?"
    ]


def test_an_option_of_another_section_is_found(tmp_path: Path) -> None:
    assert refused(tmp_path, "[dedup]\nmin_chars = 3\nthreshold = 0.5\n") == [
        "my.toml:2: dedup.min_chars: unknown option. Did you mean 'limits.min_chars'?"
    ]
    assert refused(tmp_path, "treshold = 0.5\n") == [
        "my.toml:1: treshold: unknown option. Did you mean 'dedup.threshold'?"
    ]


def test_an_option_like_no_other_gets_the_list(tmp_path: Path) -> None:
    assert refused(tmp_path, "[whitespace]\nzzz = 3\n") == [
        "my.toml:2: whitespace.zzz: unknown option. There are: blank_lines."
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[dedup]\nnear = 'yes'", '2: dedup.near: must be true or false, not "yes".'),
        ("[run]\nworkers = '4'", '2: run.workers: must be a whole number, not "4".'),
        ("[run]\nworkers = 1.5", "2: run.workers: must be a whole number, not 1.5."),
        ("[run]\nworkers = -1", "2: run.workers: must be at least 0, not -1."),
        (
            "[limits]\nmax_chars = 9999999999",
            "2: limits.max_chars: must be at most 2147483647, not 9999999999.",
        ),
        ("[dedup]\nrecall = 1", "2: dedup.recall: must be less than 1, not 1."),
        ("[whitespace]\nblank_lines = 9", "2: whitespace.blank_lines: must be at most 3, not 9."),
        ("[dedup]\nthreshold = 1.5", "2: dedup.threshold: must be at most 1, not 1.5."),
        ("[dedup]\nthreshold = 0", "2: dedup.threshold: must be more than 0, not 0."),
        (
            "[dedup]\nthreshold = 'high'",
            '2: dedup.threshold: must be a number from 0 to 1, not "high".',
        ),
        ("[dedup]\nthreshold = nan", "2: dedup.threshold: must be a number from 0 to 1, not NaN."),
        ("[dedup]\nthreshold = ''", '2: dedup.threshold: must be a number from 0 to 1, not "".'),
        (
            "[dedup]\nthreshold = true",
            "2: dedup.threshold: must be a number from 0 to 1, not true.",
        ),
        ("[run]\nworkers = true", "2: run.workers: must be a whole number, not true."),
        ("[boilerplate]\nactions = 3", "2: boilerplate.actions: must be a table, not 3."),
        ("[input.encodings]\na = 3", "2: input.encodings.a: must be a text in quotes, not 3."),
        ("[fields]\ntext = 3", "2: fields.text: must be a text in quotes, not 3."),
        (
            "[dedup]\nkeep = 'longest'",
            '2: dedup.keep: must be a list such as ["one", "two"], not "longest".',
        ),
        ("dedup = 3", "1: dedup: must be a table, not 3."),
        ("[output]\nclean_field = ''", "2: output.clean_field: must not be empty."),
        (
            "[output]\nmode = 'marks'",
            "2: output.mode: must be one of remove, mark, ids, not \"marks\". Did you mean 'mark'?",
        ),
        (
            "[dedup]\nkeep = ['source', 'first']",
            '2: dedup.keep: must be one of source, earliest, latest, longest, not "first".',
        ),
        (
            "[boilerplate.sources.'example.org']\nbyline = 'of'",
            (
                """2: boilerplate.sources."example.org".byline: must be one of remove, metadata, """
                """flag, off, not "of". Did you mean 'off'?"""
            ),
        ),
        (
            "[dedup]\nbands = 200",
            (
                "2: dedup.bands: 200 bands cannot be made of 128 permutations. "
                "Lower dedup.bands or raise dedup.permutations."
            ),
        ),
        (
            "[boilerplate.actions]\nimage_captions = 'flag'",
            "2: boilerplate.actions.image_captions: unknown class. Did you mean 'image_caption'?",
        ),
        (
            "stages = ['encodings']",
            "1: stages: unknown stage 'encodings'. Did you mean 'encoding'?",
        ),
        (
            "stages = ['boilerplate', 'zzz']",
            "1: stages: unknown stage 'zzz'. There are: encoding, boilerplate, whitespace.",
        ),
        ("stages = ['encoding', 'encoding']", "1: stages: 'encoding' is listed twice."),
        (
            "stages = ['nowhere.at_all:mend']",
            (
                "1: stages: 'nowhere.at_all:mend' cannot be imported (No module named 'nowhere'). "
                "Install it, or set PYTHONPATH."
            ),
        ),
        ("stages = ['string:mend']", "1: stages: 'string:mend' is not a function of string."),
        (
            "[input]\nencoding = 'latin-99'",
            "2: input.encoding: unknown charset 'latin-99'. Write it like cp1252.",
        ),
        ("[input]\ndelimiter = '::'", "2: input.delimiter: must be one character, not '::'."),
        (
            "[limits]\nmin_chars = 9\nmax_chars = 5",
            "3: limits.max_chars: no text has at least 9 characters and at most 5.",
        ),
        (
            "[language]\nfilter = true",
            "2: language.filter: needs the languages to keep. Set language.languages.",
        ),
        (
            "[language]\nlanguages = ['fr']\nfilter = true\ndetect = false",
            "3: language.filter: needs the languages of the texts. Set language.detect = true.",
        ),
        (
            "[output]\nclean_field = 'text'",
            "2: output.clean_field: the text and `clean` need different names. Rename one of them.",
        ),
        (
            "[run]\nexecutor = 'ray'",
            '2: run.executor: ray needs run.address; "local" starts a cluster.',
        ),
        (
            "[boilerplate]\nlexicons = ['no.toml']",
            "2: boilerplate.lexicons: no.toml is not there. Check the path.",
        ),
        (
            "[boilerplate]\nlearned = 'atuo'",
            (
                '2: boilerplate.learned: atuo is not there. Write "auto", "off" or the path of a '
                "lexicon."
            ),
        ),
    ],
)
def test_a_wrong_value_is_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, text) == [f"my.toml:{message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules = '1'", "rules: there is no rule set '1'. There is: 2026.1."),
        ("disable = ['common.nothing']", "disable: there is no rule 'common.nothing'."),
        ("protect = ['(']", "protect: "),
    ],
)
def test_rules_that_are_not_there(tmp_path: Path, text: str, message: str) -> None:
    (line,) = refused(tmp_path, f"[boilerplate]\n{text}\n")
    assert line.startswith(f"my.toml:2: boilerplate.{message}")


def test_every_mistake_is_named_in_the_order_of_lines(tmp_path: Path) -> None:
    text = "[run]\nworkers = 'all'\n[dedup]\nbands = 999\ntreshold = 1\n[limits]\nmin_chars = -1\n"
    lines = refused(tmp_path, text, "output.mode=drop")
    assert [line.split(": ")[:2] for line in lines] == [
        ["my.toml:2", "run.workers"],
        ["my.toml:4", "dedup.bands"],
        ["my.toml:5", "dedup.treshold"],
        ["my.toml:7", "limits.min_chars"],
        ["--set", "output.mode"],
    ]


def test_a_contradiction_is_not_told_of_a_value_that_is_wrong_anyway(tmp_path: Path) -> None:
    assert len(refused(tmp_path, "[dedup]\npermutations = 'many'\nbands = 200\n")) == 1


def test_a_contradiction_names_the_key_that_was_written(tmp_path: Path) -> None:
    assert refused(tmp_path, "[fields]\n\ntext = 'clean'\n") == [
        "my.toml:3: fields.text: the text and `clean` need different names. Rename one of them."
    ]


def test_what_is_not_toml_names_the_line(tmp_path: Path) -> None:
    assert refused(tmp_path, "[dedup]\nthreshold = \n")[0].startswith("my.toml:2: not TOML: ")
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        settings.load("nowhere.toml")


def test_overrides_win_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("[dedup]\nthreshold = 0.9\n[boilerplate.actions]\nbyline = 'off'\n")
    config = settings.load(
        str(path),
        [
            "dedup.threshold=0.7",
            "output.mode = mark",
            'dedup.keep=["longest"]',
            "fields.text=body.main",
            'boilerplate.sources."example.org"={byline="flag"}',
            "fields.id=007",
        ],
    )
    assert config.dedup.threshold == Decimal("0.7")
    assert config.output.mode == "mark"
    assert config.dedup.keep == ["longest"]
    assert config.fields.text == "body.main"
    assert config.fields.id == "007"
    assert config.boilerplate.actions == {"byline": "off"}
    assert config.boilerplate.sources == {"example.org": {"byline": "flag"}}


@pytest.mark.parametrize("override", ["dedup.threshold", "=3", "a b=1"])
def test_an_override_that_is_none(override: str) -> None:
    with pytest.raises(ConfigError, match=r"is not KEY=VALUE\. Write --set"):
        settings.load(None, [override])


def test_errors_in_overrides_name_the_flag() -> None:
    with pytest.raises(ConfigError) as caught:
        settings.load(None, ["dedup.treshold=0.7"])
    assert str(caught.value) == ("--set: dedup.treshold: unknown option. Did you mean 'threshold'?")
    with pytest.raises(ConfigError, match=r"^--set: nosuch: unknown option"):
        settings.load(None, ["nosuch.x=1"])
    with pytest.raises(ConfigError, match=r"^--set: dedup.passage_words: must be at least 15"):
        settings.load(None, ["dedup.passage_words=14"])
    with pytest.raises(ConfigError, match=r"^--set: dedup.seed: must be less than 4294967296"):
        settings.load(None, [f"dedup.seed={1 << 32}"])


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^--set: fields\.text: must be a text in quotes"):
        settings.load(None, ["fields.text=\udcff"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("dedup.threshold='sNaN'", 'dedup.threshold: must be a number from 0 to 1, not "sNaN".'),
        ("dedup.threshold='1e-999999999'", "dedup.threshold: must be more than 0, not"),
        (f"dedup.threshold={'9' * 5000}", "dedup.threshold: must be a number from 0 to 1, not"),
        (f"extract.seconds={'9' * 5000}", "extract.seconds: must be a whole number, not"),
        (f"extract.seconds={'[' * 5000}", "extract.seconds: must be a whole number, not"),
        (f"extract.seconds=0x{'f' * 5000}", "the options cannot be written as JSON"),
        (r'input.encoding="a\u0000"', "input.encoding: unknown charset 'a\\x00'."),
    ],
)
def test_what_no_number_or_name_can_be_is_no_bug(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings.load(None, [override])
    assert str(caught.value).removeprefix("--set: ").startswith(message)


def test_a_file_with_a_number_of_thousands_of_digits(tmp_path: Path) -> None:
    (line,) = refused(tmp_path, f"a = {'9' * 5000}")
    assert line.startswith("my.toml:1: not TOML: ")


def test_who_changes_a_list_changes_no_default() -> None:
    config = settings.load(None)
    config.stages.clear()
    config.boilerplate.actions["byline"] = "off"
    assert settings.load(None) == settings.of({}) != config


def test_options_that_nobody_checked_are_checked() -> None:
    odd: Any = {"threshold": 0.7}
    assert settings.of(Config(dedup=odd)).dedup.threshold == Decimal("0.7")
    shares: Any = 0.7  # as a ratio this float is no 7/10
    dedup = settings.of(Config(dedup=Dedup(threshold=shares))).dedup
    assert ratio(dedup.threshold) == (7, 10)
    wrong: Any = 7
    cases: list[tuple[Any, str]] = [
        (Config(dedup=Dedup(threshold=wrong)), "dedup.threshold: must be at most 1, not 7."),
        (Config(stages=wrong), 'stages: must be a list such as ["one", "two"], not 7.'),
        (Config(dedup=wrong), "dedup: must be a table, not 7."),
        ({"input": {"encodings": {("a", "b"): "utf-8"}}}, "the options cannot be written as JSON"),
    ]
    for config, message in cases:
        with pytest.raises(ConfigError) as caught:
            clean([], config)
        assert str(caught.value).startswith(message)


def test_a_configuration_comes_back_from_json() -> None:
    config = settings.load(None, ["dedup.threshold=0.7", "boilerplate.actions={byline='off'}"])
    assert from_json(Config, as_json(config)) == config
    assert json.loads(json.dumps(as_json(config))) == as_json(config)


def test_a_file_nested_too_deeply(tmp_path: Path) -> None:
    assert refused(tmp_path, f"a = {'[' * 5000}") == [
        "my.toml: not TOML: nested too deeply. Mend it."
    ]


def test_paths_of_the_file_are_relative_to_its_folder(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text("")
    path = tmp_path / "my.toml"
    path.write_text("[boilerplate]\nlexicons = ['ours.toml']\nlearned = 'ours.toml'\n")
    boilerplate = settings.load(str(path)).boilerplate
    assert boilerplate.lexicons == [str(tmp_path / "ours.toml")]
    assert boilerplate.learned == str(tmp_path / "ours.toml")


def test_a_share_is_an_exact_ratio() -> None:
    config = settings.load(None, ["dedup.threshold=0.7"])
    assert ratio(config.dedup.threshold) == (7, 10)


def test_lines_of_keys() -> None:
    text = (
        'a.b = 1\n[t]\nx = """\n[no]\ny = 1\n"""\nz = [\n  1,\n]\n'
        "[[rule]]\nid = 'one'\n[[rule]]\nid = 'two'\n[s.'d.e']\nk = 2 # [c]\n"
    )
    document = toml.parse(text, "f.toml")
    assert document.where(("a", "b")) == "f.toml:1"
    assert document.where(("t", "z")) == "f.toml:7"
    assert document.where(("rule", 1, "id")) == "f.toml:13"
    assert document.where(("s", "d.e", "k")) == "f.toml:15"
    assert document.where(("t", "unknown")) == "f.toml:2"
    assert document.where(("no",)) == "f.toml:1"
