"""A run on a Ray cluster of two nodes gives the same bytes as one on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sample_records
from clean_corpus.config import Config, from_json
from clean_corpus.errors import ConfigError
from clean_corpus.run import flow
from clean_corpus.run.plan import clean_files
from clean_corpus.run.ray import Ray

ray = pytest.importorskip("ray", reason="the extra [ray] is not installed")

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def address() -> Iterator[str]:
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    yield cluster.address
    ray.shutdown()
    cluster.shutdown()


def test_two_nodes_give_the_same_bytes(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "PIECE", 8_000)
    source = sample_records.write(tmp_path / "news.jsonl", sample_records.records(80))
    limits = {"max_failed": 1, "max_removed": 1}
    for name, run in (("here", {}), ("there", {"executor": "ray", "address": address})):
        clean_files(
            [str(source)], tmp_path / name, from_json(Config, {"limits": limits, "run": run})
        )
    assert sample_records.content(tmp_path / "here") == sample_records.content(tmp_path / "there")


def test_the_address_is_always_explicit() -> None:
    with pytest.raises(ConfigError, match=r"run\.address"):
        Ray("")
