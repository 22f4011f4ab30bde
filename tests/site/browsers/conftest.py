"""These run by `make test-browsers`, not by `make test`: they want two more browsers."""
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent), str(HERE.parents[2] / "tools")]
collect_ignore_glob = [] if os.environ.get("PG_BROWSERS") else ["test_*.py"]
