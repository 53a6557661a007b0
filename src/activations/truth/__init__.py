"""Probes that read the truth of a statement from a language model's activations.

This is the room of chapter 2. The data is at hand here; the rest is in the modules:
`activations.truth.separability` decides by exact certificates whether two classes can be
separated, `activations.truth.probes` fits probes and estimates the directions of truth, and
`activations.truth.experiments` makes the chapter's tables.
"""

from activations.truth.archive import (
    HOW_TO_GET,
    MODELS,
    Activations,
    ArchiveModel,
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

__all__ = [
    "HOW_TO_GET",
    "MODELS",
    "SETS",
    "Activations",
    "ArchiveModel",
    "DataMissingError",
    "DataUnusableError",
    "SetKind",
    "StatementSet",
    "available_source",
    "load_activations",
    "read_statements",
    "statements",
]
