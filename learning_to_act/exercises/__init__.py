"""The exercises: a module for each chapter, called like the chapter, with EXERCISES. `checks.registry` finds them.

Code knows a chapter by its slug. Its number is its place in _toc.yml, which an installed package does not have: so it
stands here once more, for the order of the exercises and the names of the chapter's files.
`make chapter` writes it, and `tools.check.contract` holds it to _toc.yml.
"""

NUMBERS = {
    "values-or-probabilities": 1,
    "the-theorem": 2,
    "the-log-derivative-trick": 3,
    "continuous-actions": 4,
    "in-the-interview": 5,
    "critics": 6,
    "trust-regions": 7,
    "language-models": 8,
}
