"""Small images side by side, and tables of counts."""

import numpy as np

from bpkit.figures.style import COLORS, INK, SMALL, TEXT, WIDTH, canvas, house, tint


@house()
def images(pixels, titles=None, wrong=None, columns=None, title=None):
    """Small gray pictures in a grid, dark on light, each with a caption. Chapter 10.

    pixels: (N, H, W), or (N, H*H) for square ones; titles: N captions; wrong: (N,), true where the
    caption is to be marked, by a thick frame and a cross. Raises ValueError, with the shape.

    >>> fig = images(np.eye(3)[None], titles=["a diagonal"])
    """
    pixels = np.asarray(pixels, float)
    if pixels.ndim == 2 and int(pixels.shape[1] ** 0.5) ** 2 == pixels.shape[1]:
        pixels = pixels.reshape(len(pixels), int(pixels.shape[1] ** 0.5), -1)
    if pixels.ndim != 3 or len(pixels) == 0:
        raise ValueError(
            f"images: pixels is {pixels.shape}; it must be (N, H, W) or (N, H*H), N ≥ 1"
        )
    n = len(pixels)
    wrong = np.zeros(n, bool) if wrong is None else np.asarray(wrong, bool)
    for what, given in (("titles", titles), ("wrong", wrong)):
        if given is not None and len(given) != n:
            raise ValueError(f"images: {n} pictures but {len(given)} {what}")
    columns = min(n, columns or 8)
    rows = -(-n // columns)
    side = WIDTH / max(columns, 4)
    height = rows * (
        side * pixels.shape[1] / pixels.shape[2] + (0.1 if titles is not None else -0.05)
    )
    fig, axes = canvas(rows, columns, height + (0.35 if title else 0), side * columns)
    if title:
        fig.suptitle(title, x=0.01, ha="left")
    for k, ax in enumerate(np.atleast_1d(axes).flat):
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
        if k >= n:
            ax.axis("off")
            continue
        ax.imshow(pixels[k], cmap="gray_r", vmin=pixels.min(), vmax=pixels.max())
        ax.spines[:].set(
            visible=True,
            color=COLORS["vermilion"] if wrong[k] else "#C4C4C4",
            lw=3 if wrong[k] else 0.8,
        )
        if titles is not None:
            caption = ("✗ " if wrong[k] else "") + str(titles[k])
            ax.set_title(
                caption, size=SMALL, pad=5, loc="center", weight="bold" if wrong[k] else "normal"
            )
    return fig


@house()
def confusion(counts, labels=None, title=None):
    """How often each true class was answered as each class. Chapter 10.

    What is off the diagonal is wrong: it is orange and bold.
    counts: (K, K) whole numbers, true classes in rows, answers in columns; labels: K names.
    Raises ValueError, with the shape.

    >>> fig = confusion([[5, 1], [0, 7]], labels=["cat", "dog"])
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"confusion: counts is {counts.shape}; it must be (K, K)")
    k = len(counts)
    labels = range(k) if labels is None else labels
    if len(labels) != k:
        raise ValueError(f"confusion: counts is {counts.shape} but there are {len(labels)} labels")
    side = min(0.46, (WIDTH - 1) / k)
    fig, ax = canvas(height=side * k + 0.75 + (0.35 if title else 0), width=max(side * k + 1, 3))
    wrong = np.where(np.eye(k, dtype=bool), 0, counts)
    shades = np.full((k, k, 3), 0.965)
    for row, column in np.ndindex(k, k):
        count = counts[row, column]
        right = row == column
        top = counts.diagonal().max() if right else wrong.max()
        if count:
            color = COLORS["blue"] if right else COLORS["orange"]
            shades[row, column] = tint(color, 0.15 + (0.3 if right else 0.55) * count / top)
        ax.text(
            column,
            row,
            str(count),
            ha="center",
            va="center_baseline",
            size=TEXT,
            color=INK if count else "#A0A0A0",
            weight="bold" if count and not right else "normal",
        )
    ax.imshow(shades)
    ax.set_xticks(range(k), labels, size=TEXT)
    ax.set_yticks(range(k), labels, size=TEXT)
    ax.set(title=title, xlabel="answered", ylabel="true")
    ax.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    ax.grid(False)
    ax.grid(which="minor", axis="both", color="white", lw=1.5)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    return fig
