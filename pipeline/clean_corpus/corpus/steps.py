"""What the plans of this package are made of: steps of tasks, of whatever kind a run makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

#: Megabytes that a task may take, where nobody says otherwise.
MEMORY = 1000

Files = Mapping[str, Sequence[str]]
Options = Mapping[str, Any]


class Made(Protocol):
    """A task, of which only the files it will write matter here."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """Give the path of each output by name."""


#: Makes a task: step, part, function, names of outputs; then inputs and options by name.
Make = Callable[..., Made]

#: Files and Options of a task; behind them the things that its payload lists.
Part = tuple[Any, ...]

Add = Callable[[Callable[..., Any], str, Iterable[Part]], dict[str, list[str]]]


def adder(steps: list[tuple[str, list[Any]]], make: Make) -> Add:
    """Make what puts a step of tasks behind the others in `steps`.

    It takes a task function, the names of its outputs, and the Part of each task; it gives the
    paths of the outputs by name.
    """

    def add(
        function: Callable[..., Any], outputs: str, tasks: Iterable[Part]
    ) -> dict[str, list[str]]:
        step, names = function.__name__, outputs.split()
        made = [
            make(step, part, function, names, inputs=inputs, options=options, payload=payload)
            for part, (inputs, options, *payload) in enumerate(tasks)
        ]
        steps.append((step, made))
        return {name: [task.outputs[name] for task in made] for name in names}

    return add
