"""Rules of the house that hold for the package as a whole."""

import ast
import dataclasses
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import activations

SOURCE = Path(activations.__file__).parent
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(activations.__path__, "activations.")
)

#: What each floor may import of the package; a floor never imports one above it.
ROOMS = {"_arguments", "logistic", "softmax", "lines", "mlp", "truth", "regions"}
FLOORS = [ROOMS, {"experiments"}, {"figures", "build_info"}]


def floor(module):
    """Return on which floor a module stands."""
    parts = module.split(".")[1:]
    if {"experiments", "scale"} & set(parts):
        return 1
    return next(n for n, names in enumerate(FLOORS) if parts[0] in names)


def imports(path):
    """Return the modules that a file imports, at the top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def public(module):
    """Yield the public functions and classes that a module defines."""
    for name in module.__all__:
        thing = inspect.getattr_static(module, name, None)
        defined = inspect.isroutine(thing) or inspect.isclass(thing)
        if defined and thing.__module__ == module.__name__:
            yield thing


@pytest.mark.parametrize("name", ["activations", "activations.regions"])
def test_the_package_is_quick_to_import(name):
    heavy = ["torch", "sklearn", "matplotlib", "pandas", "scipy", "sympy", "mpmath", "joblib"]
    code = f"import sys, {name}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_asking_for_the_data_source_does_not_load_torch():
    code = (
        "import sys; from activations.truth import available_source; available_source();"
        "print('torch' in sys.modules or 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name):
    path = SOURCE.joinpath(*name.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for wanted in imports(path):
        if wanted.startswith("activations.") and wanted.count(".") >= 1:
            below = wanted if importlib.util.find_spec(wanted.rpartition(".")[0]) else name
            if below.split(".")[1] in {room for rooms in FLOORS for room in rooms}:
                assert floor(below) <= floor(name), wanted


@pytest.mark.parametrize("name", MODULES)
def test_nobody_imports_pyplot(name):
    path = SOURCE.joinpath(*name.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    assert not any("pyplot" in wanted for wanted in imports(path))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_lists_what_it_offers(name):
    module = importlib.import_module(name)
    assert module.__doc__
    assert len(set(module.__all__)) == len(module.__all__)
    for offered in module.__all__:
        assert getattr(module, offered) is not None


def is_record(thing):
    """Tell whether a class only holds results, so that its examples are its makers'."""
    return dataclasses.is_dataclass(thing) or (
        inspect.isclass(thing) and issubclass(thing, tuple | Exception)
    )


def test_every_public_function_and_class_has_an_example_that_runs():
    finder = doctest.DocTestFinder(recurse=False)
    without = []
    count = 0
    for name in MODULES:
        for thing in public(importlib.import_module(name)):
            examples = [e for found in finder.find(thing, thing.__name__) for e in found.examples]
            count += len(examples)
            if not examples and not is_record(thing):
                without.append(f"{name}.{thing.__name__}")
    assert without == []
    assert count > 100


def test_no_module_hides_a_function_of_its_name():
    for name in MODULES:
        parent = importlib.import_module(name.rpartition(".")[0])
        leaf = name.rpartition(".")[2]
        assert not callable(getattr(parent, leaf, None)) or inspect.ismodule(getattr(parent, leaf))


def test_the_examples_in_the_readme_run():
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    names = {}
    for example in re.findall(r"```python\n(.*?)```", readme, re.DOTALL):
        exec(example, names)
    assert len(names["regions"]) >= names["regions"].n_linear_regions > 1000
    assert names["cities"].source == "embedded"
