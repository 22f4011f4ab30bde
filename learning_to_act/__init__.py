"""What teaches in the book *Learning to Act*: the checks of the exercises, the explorables, `explore` and the plots.

The library beside it, `policy_gradient`, knows nothing of this package.
"""
