"""What the extension `package` leaves out of the package's pages."""

import package
import pytest


@pytest.mark.parametrize(
    ("name", "skipped"),
    [("set_fit_request", True), ("fit", None), ("set_params", None), ("is_request", None)],
)
def test_only_methods_that_scikit_learn_adds_are_left_out(name, skipped):
    assert package.skip(None, "method", name, object(), False, None) is skipped
