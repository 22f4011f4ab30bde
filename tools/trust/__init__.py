"""Can the checks of the exercises be believed? They are attacked."""
