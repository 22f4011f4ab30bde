"""Is what was made right, the same everywhere, and made of what we say?"""
