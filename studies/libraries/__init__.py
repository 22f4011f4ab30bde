"""Other people's libraries under audit, a module for each: `make libraries`."""
