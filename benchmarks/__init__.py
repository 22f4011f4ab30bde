"""The book beside others, and its own limits: `make bench`, or `python -m benchmarks.NAME`.

One thread: the libraries read this when they are imported, and this file comes before all that it measures.
"""

import os

THREADS = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")}
os.environ.update(THREADS)
