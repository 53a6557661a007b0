"""Settings for all tests."""

import os

from hypothesis import settings

# A commit passes or fails by what it changes: CI draws the same examples every time, while a run
# by hand goes on looking for new ones.
settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
