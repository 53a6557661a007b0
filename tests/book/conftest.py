"""Make `chapters` and the book's small extensions importable."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
CONF = HERE.parents[1] / "conf"
sys.path[:0] = [str(HERE), str(CONF), str(CONF / "_ext")]
