"""Probes that read the truth of a statement from a language model's activations.

This is the room of chapter 2. The data is at hand here, from whichever source there is; the
rest is in the modules: `activations.truth.separability` decides by exact certificates whether two
classes can be separated, `activations.truth.probes` fits probes and estimates the directions of
truth, `activations.truth.evaluation` judges them, `activations.truth.experiments` and
`activations.truth.scale` make the chapter's tables, and `activations.truth.extract` takes
activations out of a language model.
"""

from typing import TYPE_CHECKING

from activations.truth.sources import (
    Activations,
    LanguageModel,
    available_models,
    available_source,
    load_activations,
    statements,
)
from activations.truth.statement_sets import (
    SETS,
    DataMissingError,
    DataUnusableError,
    SetKind,
    StatementSet,
    read_statements,
)

if TYPE_CHECKING:
    from activations.truth.probes import TTPD, MassMean

__all__ = [
    "SETS",
    "TTPD",
    "Activations",
    "DataMissingError",
    "DataUnusableError",
    "LanguageModel",
    "MassMean",
    "SetKind",
    "StatementSet",
    "available_models",
    "available_source",
    "load_activations",
    "read_statements",
    "statements",
]


def __getattr__(name: str) -> object:
    # scikit-learn takes most of a second to import, which those who only load data need not spend.
    if name in ("TTPD", "MassMean"):
        from activations.truth import probes

        return getattr(probes, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
