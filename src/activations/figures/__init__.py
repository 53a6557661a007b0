"""The figures of the book, one module a chapter, on one style.

Figures take arrays and return a `matplotlib.figure.Figure`. A chapter's module is imported when
it is first used, so that a page pays only for what it draws.
"""

from importlib import import_module
from types import ModuleType

__all__ = ["lines", "logistic", "mlp", "regions", "softmax", "style", "tables", "truth"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
