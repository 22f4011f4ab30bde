"""The book's Sphinx extension: one name in _config.yml, which sets up its parts."""
PARTS = ["chapters", "mathematics", "measured", "values", "directives", "drawing", "interview", "minutes", "practice", "progress", "reference", "layout", "python_in_page", "notebook_pages"]


def setup(app):
    for part in PARTS:
        app.setup_extension(f"{__name__}.{part}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
