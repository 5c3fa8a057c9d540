"""Answers to the tasks on chains."""

from functools import reduce

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("chain_of_three", "all derivatives are taken at x", "all_at_x")
def all_at_x(x, f, df, g, dg, h, dh):
    y = h(g(f(x)))
    slope = df(x) * dg(x) * dh(x)
    return y, slope


@wrong("chain_of_three", "the derivatives are added", "added")
def added(x, f, df, g, dg, h, dh):
    a = f(x)
    b = g(a)
    return h(b), df(x) + dg(a) + dh(b)


@wrong("chain_of_three", "each derivative is taken where its function came out", "at_outputs")
def at_outputs(x, f, df, g, dg, h, dh):
    a = f(x)
    b = g(a)
    c = h(b)
    return c, df(a) * dg(b) * dh(c)


@wrong("chain_of_three", "the derivatives are composed", "nested")
def composed(x, f, df, g, dg, h, dh):
    return h(g(f(x))), dh(dg(df(x)))


@right("chain_of_three")
def by_dual_numbers(x, f, df, g, dg, h, dh):
    pair = (x, 1.0)
    for function, slope in ((f, df), (g, dg), (h, dh)):
        pair = function(pair[0]), slope(pair[0]) * pair[1]
    return pair


@right("chain_of_three")
def nested(x, f, df, g, dg, h, dh):
    def gf(t):
        return g(f(t))

    return [h(gf(x)), np.prod([dh(gf(x)), dg(f(x)), df(x)])]


@wrong("chain_backward", "the first gradient is missing", "start_left_out")
def without_the_first(slopes, upstream):
    grads = [upstream]
    for slope in slopes[:0:-1]:
        grads.insert(0, grads[0] * slope)
    return np.array(grads)


@wrong(
    "chain_backward", "the gradients stand in the order in which they are found", "reversed_result"
)
def not_turned(slopes, upstream):
    grads = [upstream]
    for slope in reversed(slopes):
        grads.append(grads[-1] * slope)
    return np.array(grads)


@wrong("chain_backward", "the products run from the front", "forward")
def from_the_front(slopes, upstream):
    grads = np.empty(len(slopes) + 1)
    grads[0] = upstream
    for k, slope in enumerate(slopes):
        grads[k + 1] = grads[k] * slope
    return grads


@wrong("chain_backward", "the last gradient is 1, not the upstream", "upstream_ignored")
def starts_with_one(slopes, upstream):
    grads = np.ones(len(slopes) + 1)
    for k in range(len(slopes) - 1, -1, -1):
        grads[k] = slopes[k] * grads[k + 1]
    return grads


@right("chain_backward")
def by_logs_of_products(slopes, upstream):
    K = len(slopes)
    return np.array([upstream * np.prod(slopes[k:]) for k in range(K + 1)])


@right("chain_backward")
def by_accumulate(slopes, upstream):
    factors = np.concatenate([[upstream], slopes[::-1]])
    return np.multiply.accumulate(factors)[::-1]


@wrong("forward_mode", "the derivative is taken after the value moved", "value_first")
def value_first(x, dx, links):
    for f, df in links:
        x = f(x)
        dx = df(x) * dx
    return x, dx


@wrong("forward_mode", "all slopes are taken at the start", "at_start")
def slopes_at_start(x, dx, links):
    value, moved = x, dx
    for f, df in links:
        value = f(value)
        moved *= df(x)
    return value, moved


@wrong("forward_mode", "dx is ignored", "start_ignored")
def begins_with_one(x, dx, links):
    y, dy = x, 1.0
    for function, derivative in links:
        y, dy = function(y), derivative(y) * dy
    return y, dy


@wrong("forward_mode", "the last link alone gives the derivative", "last_link_only")
def last_link_only(x, dx, links):
    dy = dx
    for f, df in links:
        dy = df(x) * dx
        x = f(x)
    return x, dy


@right("forward_mode")
def by_reduce(x, dx, links):
    return reduce(lambda p, link: (link[0](p[0]), p[1] * link[1](p[0])), links, (x, dx))


@wrong("gauge_gradient", "the sign of the slope of E with respect to d is lost", "minus_lost")
def brighter_when_far(d, P):
    E = P / d**2
    V = np.log(1 + E)
    dV = 2 * V
    dE = dV / (1 + E)
    return dE * 2 * P / d**3, dE / d**2


@wrong("gauge_gradient", "the slope of the logarithm is 1 / E", "log_without_one")
def log_of_e(d, P):
    E = P / d**2
    V = np.log(1 + E)
    dE = 2 * V / E
    return dE * -2 * P / d**3, dE / d**2


@wrong("gauge_gradient", "the square's slope is V, without the 2", "factor")
def no_two(d, P):
    light = P / (d * d)
    volt = np.log1p(light)
    through = volt / (1 + light)
    dP = through / (d * d)
    dd = through * (-2 * P * d**-3)
    return dd, dP


@wrong("gauge_gradient", "the power of d is 2 in the slope of 1 / d**2", "power_kept")
def power_kept(d, P):
    E = P / d**2
    common = 2 * np.log(1 + E) / (1 + E)
    return common * (-2 * P / d**2), common / d**2


@right("gauge_gradient")
def one_formula(d, P):
    q = d * d + P
    V = np.log(q) - 2 * np.log(d)
    return -4 * P * V / (d * q), 2 * V / q


@right("gauge_gradient")
def by_complex_step(d, P):
    def r(d, P):
        return np.log(1 + P / d**2) ** 2

    h = 1e-30
    return r(d + 1j * h, P).imag / h, r(d, P + 1j * h).imag / h
