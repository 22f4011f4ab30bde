"""Two answers to an exercise that browsers type into its page."""

WRONG = "def bernoulli_score(theta, x):\n    p = 1 / (1 + np.exp(-theta))\n    return p - x\n"
RIGHT = """def bernoulli_score(theta, x):
    p = 1 / (1 + np.exp(-np.abs(theta)))
    return x - (p if theta >= 0 else 1 - p)
"""
