"""What the annotations say. For type checkers alone: at run time NumPy's own typing would cost milliseconds."""

from typing import Any, TypeAlias

from numpy.typing import ArrayLike, DTypeLike, NDArray  # noqa: F401      the first two for the modules that ask here

Array: TypeAlias = NDArray[Any]

__all__ = ["Array", "ArrayLike", "DTypeLike"]
