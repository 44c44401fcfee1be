"""Run tasks on a Ray cluster whose nodes all see the output folder (the extra `ray`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from clean_corpus.errors import ConfigError, MissingExtra
from clean_corpus.run.executors import Failure, attempt

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: Tasks handed to Ray for each core, so that none waits for the driver.
_AHEAD = 2


class Ray:
    """Run tasks as Ray core tasks; Ray restarts those whose node or worker was lost."""

    def __init__(self, address: str) -> None:
        if not address:
            raise ConfigError(
                "run.address: the Ray executor needs one. Set it to the address of the cluster's "
                "head node, or to 'local' for a cluster on this machine only."
            )
        try:
            import ray
        except ImportError as error:
            raise MissingExtra("The Ray executor", "ray") from error
        self._ray: Any = ray
        # Always explicit: without an address Ray follows a stale file of some earlier cluster.
        self._ours = not ray.is_initialized()
        if self._ours:
            ray.init(address=address, include_dashboard=False, log_to_driver=False)

    def map(
        self, function: Callable[[_Item], _Result], items: Iterable[_Item], *, retries: int
    ) -> Iterator[tuple[_Item, _Result | Failure]]:
        """Call the function on each item, on whichever node is free."""
        remote = self._ray.remote(num_cpus=1, max_retries=retries)(_call)
        source = iter(items)
        waiting: dict[Any, _Item] = {}
        ahead = _AHEAD * max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        while True:
            for item in islice(source, ahead - len(waiting)):
                waiting[remote.remote(function, item)] = item
            if not waiting:
                return
            (ready,), _ = self._ray.wait(list(waiting), num_returns=1)
            item = waiting.pop(ready)
            try:
                yield item, self._ray.get(ready)
            except self._ray.exceptions.RayError as error:
                yield item, Failure(None, str(error))

    def close(self) -> None:
        """Leave the cluster, if this executor joined it."""
        if self._ours:
            self._ray.shutdown()


def _call(function: Callable[[_Item], _Result], item: _Item) -> _Result | Failure:
    """Keep one task to one core, as the local workers do."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    return attempt(function, item)
