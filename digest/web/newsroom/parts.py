"""What a page of the newsroom may ask for by name, beside `visit` and `editor`; and numbers in addresses."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter, SkipValidation

from digest.tasks.edition_figures import FiguresBook
from digest.tasks.sending_worker import SendingWorker

TheWorker = NamedDependency[SkipValidation[SendingWorker]]
TheFigures = NamedDependency[SkipValidation[FiguresBook]]

#: No edition and no person has a larger number.
LARGEST = 2**31 - 1
#: The number of an edition or a person in a path; the number behind, or before, which a page of a table begins.
Number = Annotated[int, PathParameter(ge=1, le=LARGEST)]
After = Annotated[int, QueryParameter(ge=0, le=LARGEST)]
Before = Annotated[int, QueryParameter(ge=1, le=LARGEST)]
