"""The gradient at every place of a chain, from its local slopes.

Walked backward, each gradient is the one after it times one slope.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task


def chain_backward(slopes, upstream):
    """The gradient at every link of a chain, from its local slopes.

    slopes (K,): slopes[k] is the derivative of x[k + 1] with respect to x[k]. upstream, a number:
    the derivative of the loss with respect to x[K], the last. Returns grads (K + 1,): grads[k] is
    the derivative of the loss with respect to x[k].
    """
    grads = np.zeros(len(slopes) + 1)
    grads[-1] = upstream
    for k in reversed(range(len(slopes))):
        grads[k] = grads[k + 1] * slopes[k]
    return grads


def local_slopes(draw):
    return {"slopes": draw.real(draw.size("K", least=3)), "upstream": draw.real()}


def backward_by_products(slopes, upstream):
    return np.array([upstream * np.prod(slopes[k:]) for k in range(len(slopes) + 1)])


def backward_by_list(slopes, upstream):
    grads = [upstream]
    for slope in slopes[::-1]:
        grads.insert(0, slope * grads[0])
    return np.array(grads)


def backward_from_bpkit(slopes, upstream):
    x = [bp.Tensor(2.0)]
    for slope in slopes:
        x.append(x[-1] * float(slope))
    x[-1].backward(upstream, keep=True)
    return np.array([node.grad for node in x])


task(
    chain_backward,
    chapter=2,
    title="A chain, backward",
    minutes=8,
    points=2,
    returns="grads",
    inputs=local_slopes,
    statement="""
        A number runs through a chain of `K` links: `x[0]` becomes `x[1]`, and so on up to `x[K]`,
        from which a loss is made. `slopes` `(K,)` holds the local slopes: `slopes[k]` is the
        derivative of `x[k + 1]` with respect to `x[k]`. `upstream` is a number: the derivative of
        the loss with respect to `x[K]`.

        Write `chain_backward(slopes, upstream)`, which returns `grads` `(K + 1,)`: `grads[k]` is
        the derivative of the loss with respect to `x[k]`, for every place in the chain.
        """,
    example="""
        >>> chain_backward(np.array([2.0, 3.0, 5.0]), 10.0).tolist()
        [300.0, 150.0, 50.0, 10.0]
        """,
    variants=[
        {"return grads": "return np.cumprod(np.append(slopes, upstream)[::-1])[::-1]"},
        {"range(len(slopes))": "range(slopes.size)", "grads[k] =": "grads[k] +="},
        backward_by_products,
        backward_by_list,
    ],
    oracle=backward_from_bpkit,
    mistakes=[
        Mistake(
            "upstream_ignored",
            "The upstream gradient is left out",
            "The sweep starts from 1 at the end of the chain; it must start from what arrives "
            "there, upstream.",
            {"= upstream": "= 1.0"},
        ),
        Mistake(
            "forward",
            "The products grow from the start of the chain",
            "The gradient enters at the end, x[K], and is multiplied by one more slope at each "
            "step toward x[0].",
            {
                "grads[-1] = upstream": "grads[0] = upstream",
                "reversed(range(len(slopes)))": "range(len(slopes))",
                "grads[k] = grads[k + 1]": "grads[k + 1] = grads[k]",
            },
        ),
        Mistake(
            "reversed_result",
            "The gradients stand in reverse",
            "grads[0] belongs to x[0], the start of the chain; here it belongs to its end.",
            {"return grads": "return grads[::-1]"},
        ),
        Mistake(
            "not_turned_back",
            "The products are not turned round again",
            "On the way back the last link comes first, so its product does too; in grads it "
            "stands last before upstream.",
            {"return grads": "return np.append(grads[-2::-1], upstream)"},
        ),
        Mistake(
            "one_link",
            "Each gradient has passed one link alone",
            "From x[k] to the loss the way goes through all the links after it, so the gradient of "
            "the next place is multiplied, not upstream alone.",
            {"grads[k + 1] * ": "upstream * "},
        ),
        Mistake(
            "added",
            "The slopes are added",
            "Each link stretches the change that the link before it made: slopes in a row "
            "multiply.",
            {"* slopes[k]": "+ slopes[k]"},
        ),
        Mistake(
            "divided",
            "Divided by the slopes instead of multiplied",
            "Going back does not undo the links: a change of x[k] is stretched by slopes[k] before "
            "it reaches x[k + 1], so the gradient is too.",
            {"* slopes[k]": "/ slopes[k]"},
        ),
        Mistake(
            "neighbors_slope",
            "Each step uses the slope of the link before",
            "Between x[k] and x[k + 1] stands the link with slopes[k]; here slopes[k - 1] is used, "
            "and at the start the last one.",
            {"* slopes[k]": "* slopes[k - 1]"},
        ),
        Mistake(
            "slopes_reversed",
            "The slopes are used from the wrong end",
            "The first step back passes the last link, so the last slope comes first.",
            {"* slopes[k]": "* slopes[-1 - k]"},
        ),
        Mistake(
            "upstream_each_time",
            "upstream is multiplied in at every link",
            "It enters once, at the end of the chain; after that each link multiplies by its own "
            "slope alone.",
            {"* slopes[k]": "* slopes[k] * upstream"},
        ),
        Mistake(
            "end_left_out",
            "The gradient at the end of the chain is left out",
            "A chain of K links has K + 1 places; the gradient at the last, x[K], is upstream.",
            {"return grads": "return grads[:-1]"},
        ),
        Mistake(
            "start_left_out",
            "The gradient at the start of the chain is left out",
            "A chain of K links has K + 1 places; the first link must be passed as well.",
            {"return grads": "return grads[1:]"},
        ),
        Mistake(
            "stops_early",
            "The sweep stops before the first link",
            "The gradient at x[0] is still 0: the first link, between x[0] and x[1], is not "
            "passed.",
            {"range(len(slopes))": "range(1, len(slopes))"},
        ),
        Mistake(
            "loop_forward",
            "The loop runs from the start to the end",
            "A gradient needs that of the next place, which is not there yet (it is still 0); the "
            "loop must run backward.",
            {"reversed(range(len(slopes)))": "range(len(slopes))"},
        ),
        Mistake(
            "local_slopes",
            "The local slopes are returned, with upstream at the end",
            "A local slope is one link's; the gradient at x[k] is the product of all the slopes "
            "after it, and of upstream.",
            {"grads[k + 1] * ": ""},
        ),
    ],
    nudge="At which place of the chain is a gradient known from the beginning, and which one can "
    "be found next from it?",
    sketch="""
        One gradient is given: at the last place it is upstream. One step before, a change is
        stretched by the last link before it gets there, so the gradient is that link's slope
        times the one already known. Go on like this to the start, and keep every number on the
        way: K links, K + 1 numbers.
        """,
    skeleton="""
        def chain_backward(slopes, upstream):
            grads = np.zeros(len(slopes) + 1)
            grads[-1] = ...
            for k in ...:                   # from the last link to the first
                grads[k] = ... * slopes[...]
            return grads
        """,
    notice="One multiplication a link, and all gradients are there, since each reuses the one "
    "after it. Long products of slopes below 1 vanish, above 1 they explode: chapter 13.",
)
