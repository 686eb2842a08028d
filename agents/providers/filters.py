"""Chains of FFmpeg's filters: frames in, frames out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from av.error import BlockingIOError as NothingYet
from av.error import EOFError as AtItsEnd
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

Filter = tuple[str, str]
"""The name of a filter and its options, as FFmpeg writes them."""


class Filters:
    """One chain, which `chain_for` tells for the first frame; the others are like that one."""

    def __init__(self, chain_for: Callable[[Any], Sequence[Filter]]) -> None:
        self._chain_for = chain_for
        self._graph: Graph | None = None
        self.is_done = False

    def of(self, frames: Iterable[Any]) -> Iterator[Any]:
        """Yield what the chain makes of all the frames."""
        for frame in frames:
            yield from self.push(frame)
        yield from self.end()

    def push(self, frame: Any) -> Iterator[Any]:
        """Yield what has come out since, with one frame more gone in; nothing once the chain has ended."""
        if self.is_done:
            return
        if self._graph is None:
            self._graph = self._built(frame)
        yield from self._fed(self._graph, frame)

    def end(self) -> Iterator[Any]:
        """Yield what still comes out when nothing more goes in."""
        if self._graph is not None and not self.is_done:
            yield from self._fed(self._graph, None)

    def _fed(self, graph: Graph, frame: Any) -> Iterator[Any]:
        try:
            graph.push(frame)
            while True:
                yield graph.pull()
        except NothingYet:
            return
        except AtItsEnd:
            self.is_done = True

    def _built(self, frame: Any) -> Graph:
        graph = Graph()
        steps = [graph.add(name, options) for name, options in self._chain_for(frame)]
        sink = graph.add("buffersink" if isinstance(frame, VideoFrame) else "abuffersink")
        graph.link_nodes(_source(graph, frame), *steps, sink).configure()
        return graph


def _source(graph: Graph, frame: Any) -> FilterContext:
    """Return where frames like this one go in."""
    if isinstance(frame, VideoFrame):
        return graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
    return graph.add_abuffer(
        sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout, time_base=frame.time_base
    )
