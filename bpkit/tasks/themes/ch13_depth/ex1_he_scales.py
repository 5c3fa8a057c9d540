"""He's standard deviation for first weights. It counts the inputs that feed one output."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task


def he_scales(shapes):
    """He's standard deviation for each weight of a network with ReLU.

    shapes: a list of tuples, (D, M) for an affine layer, (O, C, kh, kw) for a convolution. Returns
    a list of as many numbers.
    """
    scales = []
    for shape in shapes:
        fan_in = shape[0]
        if len(shape) == 4:
            fan_in = shape[1] * shape[2] * shape[3]
        scales.append(np.sqrt(2 / fan_in))
    return scales


def network_shapes(draw):
    C, outputs, kh, kw, D, M = draw.sizes("C O kh kw D M", least=2, most=13)
    return {"shapes": [(outputs, C, kh, kw), (D, M), (M, D)]}


def he_by_counting(shapes):
    found = []
    for shape in shapes:
        outputs = shape[0] if len(shape) == 4 else shape[1]
        found.append((2 * outputs / np.prod(shape)) ** 0.5)
    return found


def he_from_weights(shapes):
    out = []
    for shape in shapes:
        W = np.zeros(shape)
        feeding = W[0].size if W.ndim == 4 else W[:, 0].size
        out.append(float(np.sqrt(2.0) / np.sqrt(feeding)))
    return out


def he_from_bpkit(shapes):
    return [(2 / bp.fans(shape)[0]) ** 0.5 for shape in shapes]


task(
    he_scales,
    chapter=13,
    title="How large the first weights are",
    minutes=8,
    points=1,
    returns="scales",
    inputs=network_shapes,
    statement="""
        If first weights are too small, signals die on their way through a deep network; too
        large, they explode. For ReLU, He's rule keeps their size: the standard deviation of a
        weight is the root of 2 over the number of inputs that feed one output. A matrix `(D, M)`
        takes `D` inputs to `M` outputs. A convolution's kernels `(O, C, kh, kw)` have `O` output
        channels, and each output pixel sees a window of `kh` times `kw` pixels in all `C` input
        channels.

        Write `he_scales(shapes)`. `shapes` is a list of such tuples; it returns a list with the
        standard deviation for each, a number.
        """,
    example="""
        >>> [float(s) for s in he_scales([(8, 3), (7, 2, 2, 2)])]
        [0.5, 0.5]
        """,
    variants=[
        he_by_counting,
        he_from_weights,
        {"np.sqrt(2 / fan_in)": "(fan_in / 2) ** -0.5"},
        {"shape[1] * shape[2] * shape[3]": "np.prod(shape[1:])"},
    ],
    oracle=he_from_bpkit,
    mistakes=[
        Mistake(
            "outputs_counted",
            "The outputs are counted, not the inputs",
            "An output is a sum over its inputs: their number is what makes it large.",
            {
                "fan_in = shape[0]": "fan_in = shape[1]",
                "shape[1] * shape[2] * shape[3]": "shape[0] * shape[2] * shape[3]",
            },
        ),
        Mistake(
            "matrix_outputs",
            "For matrices, the outputs are counted",
            "A matrix (D, M) takes D inputs to each output: the rows are counted.",
            {"fan_in = shape[0]": "fan_in = shape[1]"},
        ),
        Mistake(
            "kernel_outputs",
            "For kernels, the output channels are counted",
            "Kernels are (O, C, kh, kw): an output pixel is a sum over C channels, not over O.",
            {"shape[1] * shape[2] * shape[3]": "shape[0] * shape[2] * shape[3]"},
        ),
        Mistake(
            "window_forgotten",
            "The window of the kernel is not counted",
            "Each output pixel adds up kh times kw pixels in each of the C channels.",
            {"shape[1] * shape[2] * shape[3]": "shape[1]"},
        ),
        Mistake(
            "channels_forgotten",
            "The input channels of the kernel are not counted",
            "The window is seen in all C input channels, and all of them are added.",
            {"shape[1] * shape[2] * shape[3]": "shape[2] * shape[3]"},
        ),
        Mistake(
            "whole_kernel",
            "All numbers of the kernels are counted",
            "The O output channels are sums of their own; one output has C kh kw inputs.",
            {"shape[1] * shape[2] * shape[3]": "shape[0] * shape[1] * shape[2] * shape[3]"},
        ),
        Mistake(
            "kernel_as_matrix",
            "Kernels are treated like matrices",
            "A matrix has its inputs first; kernels are (O, C, kh, kw), with the outputs first.",
            {"len(shape) == 4": "False"},
        ),
        Mistake(
            "variance",
            "This is the variance, not the standard deviation",
            "The variance is 2 over the inputs; its root is the standard deviation.",
            {"np.sqrt(2 / fan_in)": "2 / fan_in"},
        ),
        Mistake(
            "one_for_two",
            "The 2 is missing",
            "ReLU drops half of what comes in; the 2 makes up for it.",
            {"2 / fan_in": "1 / fan_in"},
        ),
        Mistake(
            "root_of_two_alone",
            "The root is taken of the 2 alone",
            "It is taken of the whole variance, 2 over the inputs.",
            {"np.sqrt(2 / fan_in)": "np.sqrt(2) / fan_in"},
        ),
        Mistake(
            "upside_down",
            "The fraction is upside down",
            "The more products are added, the smaller each must be: the inputs stand below.",
            {"2 / fan_in": "fan_in / 2"},
        ),
        Mistake(
            "both_ways",
            "Inputs and outputs are counted together",
            "That is Xavier's rule; He's counts the inputs alone.",
            {
                "scales.append": "outputs = np.prod(shape) / fan_in * np.prod(shape[2:])\n"
                "        scales.append",
                "2 / fan_in": "2 / (fan_in + outputs)",
            },
        ),
        Mistake(
            "two_outside",
            "The 2 stands outside the root",
            "The variance is 2 over the inputs, so the root is taken of the 2 as well.",
            {"np.sqrt(2 / fan_in)": "2 / np.sqrt(fan_in)"},
        ),
        Mistake(
            "uniform_limit",
            "This is the limit of a uniform draw",
            "The root of 6 over the inputs is how far a uniform draw reaches; its standard "
            "deviation is smaller by the root of 3.",
            {"2 / fan_in": "6 / fan_in"},
        ),
    ],
    nudge="How many products are added up to make one number of the output?",
    sketch="""
        Go through the shapes. For a matrix, one output adds up as many products as there are
        rows. For kernels, the first axis counts the output channels; all the other axes together
        say how many products one output pixel adds up. Two over that number, and the root of it,
        is the standard deviation.
        """,
    skeleton="""
        def he_scales(shapes):
            scales = []
            for shape in shapes:
                fan_in = ...        # the products in one output
                scales.append(...)
            return scales
        """,
    notice="Variances add: a sum of n products with variance 2/n each has variance 2, and ReLU "
    "halves the mean square again.",
)
