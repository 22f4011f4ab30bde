"""These run by `make test-browsers`, not by `make test`: they want two more browsers."""

import os

collect_ignore_glob = [] if os.environ.get("PG_BROWSERS") else ["test_*.py"]
