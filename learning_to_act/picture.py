"""One Matplotlib figure that is drawn again and again, fast: only what moved.

It leans on habits that Matplotlib does not promise (`viewLim`, `stale`, what a figure's children are). Its tests hold
them with the oldest release that pyproject.toml allows and with the newest, in `make test-matrix`.
"""

import base64
import inspect
import io

from .plots import book_style


class Picture:
    """One figure, drawn again and again; without pyplot, so that nothing is shown twice or left open.

    `draw(ax, **values)` draws it; if that returns a function, later positions call only that. What lies below the
    artists that it changes is kept as pixels and the rest is drawn on top: the same picture, in a fraction of the time.
    """

    def __init__(self, draw, figsize):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        with book_style():
            self.canvas = FigureCanvasAgg(Figure(figsize, dpi=100, layout="none"))
        self.draw, self.update, self.below, self.top, self.order = draw, None, None, [], None

    def __call__(self, values):
        """Draw at these values; return the axes' titles."""
        figure, update, self.update = self.canvas.figure, self.update, None  # after an error: from scratch
        with book_style():
            if update is None:
                update = self._draw_anew(values)
            else:
                update(**values)
                alone = len(figure.get_children()) == 2  # its patch and one Axes
                self._draw_moved(figure.axes[0]) if alone else self._draw_all()
        self.update = update
        return "; ".join(filter(None, (ax.get_title() for ax in figure.axes)))

    def _draw_anew(self, values):
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        self.canvas.figure.clear()
        self.top = []
        update = self.draw(self.canvas.figure.add_subplot(), **values)
        if callable(update):
            must_accept(update, "the function that draw returned", **values)
        ConstrainedLayoutEngine().execute(self.canvas.figure)  # not during updates: it would double their time
        self._draw_all()
        return update if callable(update) else None

    def _draw_all(self, top=()):
        """Draw the whole figure but for the artists of `top`."""
        for artist in self.top:
            artist.set_animated(False)
        for artist in top:
            artist.set_animated(True)
        self.below, self.top = None, list(top)
        self.canvas.draw()

    def _draw_moved(self, ax):
        """Draw what `update` changed and all that lies above it; if the frame itself changed, draw everything."""
        ax.viewLim  # noqa: B018  (works out the limits if anything changed them)
        names = [
            label for label in (ax.xaxis.label, ax.yaxis.label) if label.get_text()
        ]  # an empty one is always stale
        if any(a.stale for a in (ax.patch, ax.xaxis, ax.yaxis, *names, *ax.spines.values())) or ax.child_axes:
            return self._draw_all()
        hidden = {ax.patch} | ({ax.xaxis, ax.yaxis} if not ax.axison else set())
        hidden |= set() if ax.axison and ax.get_frame_on() else set(ax.spines.values())
        order = sorted((a for a in ax.get_children() if a not in hidden), key=lambda a: a.zorder)  # as Axes.draw does
        top = order[next((i for i, a in enumerate(order) if a.stale), len(order)) :]
        if self.below is None or (order, names) != self.order or len(top) > len(self.top):
            self._draw_all(top)
            self.order, self.below = (order, names), self.canvas.copy_from_bbox(self.canvas.figure.bbox)
        self.canvas.restore_region(self.below)
        for artist in self.top:
            artist.draw(self.canvas.get_renderer())

    def encoded(self, kind="png", colors=None):
        """The picture as base64: PNG for a live figure, WebP of few colours to be stored."""
        import numpy as np
        from PIL import Image

        pixels, file = np.asarray(self.canvas.buffer_rgba())[..., :3], io.BytesIO()
        (few_colors(pixels, colors) if colors else Image.fromarray(pixels)).save(
            file, kind, lossless=True, compress_level=1
        )  # WebP, PNG
        return base64.b64encode(file.getvalue()).decode()


def few_colors(pixels, count):
    """An image of at most `count` colours. (H, W, 3) uint8. The commonest half of them are exact.

    So an area keeps its colour, which means something in this book; Pillow's own choices turn light blue into light
    green. The other half are those farthest from all chosen before: the smooth edges of lines.
    """
    import numpy as np
    from PIL import Image

    code = pixels.astype(np.int32) @ np.array([65536, 256, 1], np.int32)
    code, which, often = np.unique(code, return_inverse=True, return_counts=True)
    every = np.stack([code >> 16, code >> 8 & 255, code & 255], axis=1)  # (K, 3)
    chosen = list(np.argsort(-often, kind="stable")[: count // 2])
    far = np.min([((every - every[k]) ** 2).sum(axis=1) for k in chosen], axis=0)  # squared, to the nearest chosen one
    while len(chosen) < count and far.any():
        chosen.append(far.argmax())
        far = np.minimum(far, ((every - every[chosen[-1]]) ** 2).sum(axis=1))
    nearest = np.argmin([((every - every[k]) ** 2).sum(axis=1) for k in chosen], axis=0)
    image = Image.frombytes("P", pixels.shape[1::-1], nearest[which].astype(np.uint8).tobytes())
    image.putpalette(every[chosen].astype(np.uint8).tobytes())
    return image


def must_accept(function, what, *args, **values):
    """TypeError unless `function` can be called so."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # some built-in functions do not say
        return
    try:
        signature.bind(*args, **values)
    except TypeError as error:
        wanted = ", ".join(["ax"] * len(args) + list(values))
        raise TypeError(
            f"{what} must accept ({wanted}), as the sliders are named; it has {signature}: {error}"
        ) from None
