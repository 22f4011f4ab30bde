"""Self-checking exercises: `check(your_function)` says what is wrong, `hint(your_function)` helps without the answer."""
from .display import Hint, Result
from .engine import check, hint

__all__ = ["Hint", "Result", "check", "hint"]
