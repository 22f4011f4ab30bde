"""The exercises, a module for each chapter: CHAPTER, its page's name, and EXERCISES. `checks.registry` finds them."""
