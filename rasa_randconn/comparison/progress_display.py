"""Shows how far runs are: one live bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Iterable, List, Optional, Sequence, Type

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from rasa_randconn.comparison.console import clock, say
from rasa_randconn.comparison.time_left import TimeLeft, duration

SECONDS_BETWEEN_LINES = 20.0
"""The shortest time between two lines where there is no live bar."""


class ProgressDisplay:
    """Shows what is running, how long all has taken, and how long it will still take.

    Use it as a context manager. In a terminal the last lines change while it is
    entered. In a file or a pipe every line is whole and stays, and there are no control
    characters.
    """

    def __init__(self, console: Console) -> None:
        """Prepares the display.

        Args:
            console: Where everything is printed.
        """
        self._console = console
        self._started = self._last_line = time.monotonic()
        self._bar = _TitledBar(console) if console.is_interactive else None

    def __enter__(self) -> ProgressDisplay:
        """Begins to show; the time counts from now."""
        self._started = self._last_line = time.monotonic()
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        """Removes the bar."""
        if self._bar is not None:
            self._bar.stop()

    def say(self, text: str, style: Optional[str] = None) -> None:
        """Prints a line that stays.

        Args:
            text: The line.
            style: Its style, such as `red`.
        """
        say(self._console, text, style)
        self._last_line = time.monotonic()

    def show(
        self, running: Sequence[str], done: int, total: Optional[int], left: TimeLeft
    ) -> None:
        """Shows the state of affairs, if it is time to.

        Args:
            running: What is running, a line each.
            done: How much of `total` is done.
            total: The length of the bar; `None` if it is unknown.
            left: How long everything will still take.
        """
        now = time.monotonic()
        times = f"{duration(now - self._started)} so far, {left}"
        if self._bar is not None:
            self._bar.show(running, done, total, times)
        elif now - self._last_line >= SECONDS_BETWEEN_LINES:
            self.say(f"{clock()} {'; '.join([*running, times])}")


class _TitledBar(Progress):
    """A bar of `rich` with lines above it."""

    def __init__(self, console: Console) -> None:
        self._titles: List[str] = []
        super().__init__(
            BarColumn(),
            TextColumn("{task.description}"),
            console=console,
            # whoever waits for a process refreshes, so that no thread has to
            auto_refresh=False,
            transient=True,
        )
        self._all = self.add_task("", total=None)

    def show(
        self, titles: Sequence[str], done: int, total: Optional[int], times: str
    ) -> None:
        self._titles = list(titles)
        task = self.tasks[0]
        task.total = total
        self.update(self._all, completed=done, description=times, refresh=True)

    def get_renderables(self) -> Iterable[RenderableType]:
        for title in self._titles:
            yield Text(title, no_wrap=True, overflow="ellipsis")
        yield self.make_tasks_table(self.tasks)
