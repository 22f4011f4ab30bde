"""Rollouts, scores and gradient estimators for the book *Learning to Act*."""
