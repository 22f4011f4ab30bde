"""A maintainer's chores: what is locked, vendored, licensed, audited."""
