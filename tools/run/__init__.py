"""What a reader's own commands need, some of it before anything is installed."""
