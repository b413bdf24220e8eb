"""One line of the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """`ratio` is ours against the reference, the way round that `aim` says."""

    what: str
    figure: str
    reference: str
    reference_figure: str
    ratio: float
    aim: str
