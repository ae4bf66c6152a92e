"""A table of texts, as a terminal and a notebook show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from jensen.basics.tables import html, text_lines

GAP = 2
WIDEST_LABEL = 0.4  # of the width


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A table of texts, its first column the labels.

    Attributes
    ----------
    titles
        Of the columns, the first one that of the labels.
    lines
        The cells of every line.
    caption
        What stands below; empty for nothing.
    divided
        After how many lines there is a gap; 0 for none.
    """

    titles: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    caption: str = ""
    divided: int = 0

    def text(self, width: int) -> str:
        """The lines, in blocks of as many columns as fit in ``width``."""
        room = int(WIDEST_LABEL * width)
        labels = [_cut(line[0], room) for line in (self.titles, *self.lines)]
        widths = [GAP + max(map(len, column)) for column in zip(self.titles, *self.lines, strict=True)]
        blocks = chunks(widths[1:], width - 2 - max(map(len, labels)))
        texts = [self._block(labels, block.start + 1, block.stop + 1) for block in blocks]
        return "\n\n".join([*texts, *filter(None, [self.below(width)])])

    def below(self, width: int) -> str:
        """The caption in lines of at most ``width``."""
        lines = [f"  {part}" for line in self.caption.split("\n") for part in wrap(line, width - 2)]
        return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")

    def _block(self, labels: list[str], begin: int, end: int) -> str:
        titles, *cells = (
            [label, *line[begin:end]] for label, line in zip(labels, (self.titles, *self.lines), strict=True)
        )
        lines = text_lines(titles, cells, num_left=1)
        lines.insert(1, "─" * max(map(len, lines)))
        if self.divided:
            lines.insert(2 + self.divided, "")
        return "\n".join(f"  {line}".rstrip() for line in lines)

    def html(self) -> str:
        """The same for a notebook."""
        below = f"<p><small>{escape(self.caption)}</small></p>" if self.caption else ""
        return html(self.titles, self.lines) + below


def chunks(widths: Sequence[int], room: int) -> list[range]:
    """Columns of these widths, one after the other, in blocks that fit in ``room``."""
    found, begin, used = [], 0, 0
    for i, width in enumerate(widths):
        if i > begin and used + width > room:
            found.append(range(begin, i))
            begin, used = i, 0
        used += width
    return [*found, range(begin, len(widths))]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
