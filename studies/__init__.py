"""The long runs whose results the labs plot: `make studies`, or `python -m studies.NAME`."""
