"""Lengths of images and windows, and a mistake that is made both ways."""

from bpkit.tasks.spec import Mistake


def image_sizes(draw):
    """Lengths of images and kernels: X's shape, W's, the number of positions, the stride.

    Windows overlap along at least one axis, and a row lies in no window. Lengths that have no name
    of their own must not look like those that have one: 4 and even widths are no primes.
    """
    kh, kw = draw.sizes("kh kw", least=2, most=5)
    N, C, kernels = draw.sizes("N C O", most=11)
    stride = draw.whole(2, max(2, max(kh, kw) - 1))
    rows, columns = draw.choice([(2, 4), (4, 2)]) if draw.small is None else (2, 2)
    X = (N, C, kh + stride * (rows - 1) + 1, even(kw + stride * (columns - 1)))
    return X, (kernels, C, kh, kw), (rows, columns), stride


def even(length):
    return length + length % 2


def flipped_once(how):
    """The kernel turned along one axis; how: the piece of the reference that names it."""
    ways = (("rows", "[:, :, ::-1]"), ("columns", "[:, :, :, ::-1]"))
    return [
        Mistake(
            f"{name}_flipped",
            f"The kernel's {name} are flipped",
            "Entry (y, x) of the kernel lies on pixel (y, x) of the window, in both directions.",
            {f"({how}, W,": f"({how}, W{turn},"},
        )
        for name, turn in ways
    ]


def pool_sizes(draw):
    """The shape of X, the number of positions, the window's size and the stride."""
    size = draw.size("size", least=3, most=5)
    N, C = draw.sizes("N C", least=2 if draw.small is None else 1, most=7)
    stride = draw.whole(2, size - 1)
    rows, columns = draw.choice([(2, 4), (4, 2)]) if draw.small is None else (1, 2)
    X = (N, C, size + stride * (rows - 1) + 1, even(size + stride * (columns - 1)))
    return X, (rows, columns), size, stride
