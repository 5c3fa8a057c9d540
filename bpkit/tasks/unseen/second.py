"""Wrong answers of a second kind: sloppy code, several mistakes at once, things mixed up."""

import math

import numpy as np

from bpkit.tasks.unseen import wrong


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@wrong("one_sided_difference", "the step is added to the value, not to x", "h_added_to_value")
def step_on_the_value(f, x, h):
    return ((f(x) + h) - f(x)) / h


@wrong("centered_difference", "printed, not returned", "none")
def printed(f, x, h):
    print((f(x + h) - f(x - h)) / (2 * h))


@wrong("complex_step_derivative", "a complex number is returned", "dtype")
def complex_result(f, x, h):
    return (f(x + 1j * h) - f(x - 1j * h)) / (2j * h) + 0j


@wrong(
    "second_difference",
    "a difference of centered differences, each over 2 h, sign and factor wrong",
    "factor",
    "sign",
)
def two_at_once_in_bend(f, x, h):
    return -2 * (f(x + h) - 2 * f(x) + f(x - h)) / h**2


@wrong("chain_of_three", "the slope comes first", "swapped outputs")
def slope_first(x, f, df, g, dg, h, dh):
    a, b = f(x), g(f(x))
    return df(x) * dg(a) * dh(b), h(b)


@wrong("chain_backward", "the slopes array is written into", "in place")
def spoils_slopes(slopes, upstream):
    total = upstream
    for k in range(len(slopes) - 1, -1, -1):
        slopes[k] *= total
        total = slopes[k]
    return np.append(slopes, upstream)


@wrong("chain_backward", "an array of integers", "dtype")
def integer_array(slopes, upstream):
    grads = np.zeros(len(slopes) + 1, dtype=int)
    grads[-1] = upstream
    for k in reversed(range(len(slopes))):
        grads[k] = grads[k + 1] * slopes[k]
    return grads


@wrong("forward_mode", "it returns inside the loop", "returns_in_loop")
def returns_too_early(x, dx, links):
    for f, df in links:
        dx = dx * df(x)
        x = f(x)
        return x, dx


@wrong("gauge_gradient", "the square is not differentiated, V alone", "square_left_out")
def reading_is_v(d, P):
    E = P / d**2
    return -2 * P / d**3 / (1 + E), 1 / d**2 / (1 + E)


@wrong("total_derivative", "the two paths multiply", "multiplied")
def paths_multiply(x, f, fx, fy, g, dg):
    y = g(x)
    return f(x, y), fx(x, y) * fy(x, y) * dg(x)


@wrong("savings_gradient", "a deposit's derivative is 1 for all", "deposits_all_one")
def deposits_do_not_grow(start, rate, deposits):
    balance, drate = start, 0.0
    for deposit in deposits:
        drate = balance + rate * drate
        balance = rate * balance + deposit
    return rate ** len(deposits), drate, np.ones(len(deposits))


@wrong("numeric_gradient", "an array of the wrong shape")
def flat_result(f, X, h):
    flat = X.ravel()
    out = []
    for k in range(X.size):
        step = np.zeros(X.size)
        step[k] = h
        up, down = (flat + step).reshape(X.shape), (flat - step).reshape(X.shape)
        out.append((f(up) - f(down)) / (2 * h))
    return np.array(out)


@wrong("numeric_gradient", "the copy is a view: all steps pile up in X", "factor")
def view_not_copy(f, X, h):
    dX = np.zeros(X.shape)
    for place in np.ndindex(X.shape):
        Z = X[:]
        Z[place] += h
        up = f(Z)
        Z[place] -= 2 * h
        dX[place] = (up - f(Z)) / (2 * h)
        Z[place] += h
    return dX / 2


@wrong("directional_check", "the two numbers are exchanged", "swapped outputs")
def claimed_first(f, dX, X, V, h):
    measured = (f(X + h * V) - f(X - h * V)) / (2 * h)
    claimed = (dX * V).sum()
    return claimed, measured


@wrong("vjp_from_jacobian", "inputs and outputs of J mixed up by reshape")
def reshaped_jacobian(dY, J):
    N, M, D = J.shape
    return np.einsum("nm,ndm->nd", dY, J.reshape(N, D, M))


@wrong("sum_backward", "ones, without the upstream gradient", "upstream_ignored")
def ones_only(dY, X, axis):
    return np.ones_like(X)


@wrong("transpose_backward", "the first two axes only are exchanged", "first_two")
def first_two(dY, axes):
    return np.swapaxes(dY, 0, 1)


@wrong("square_matmul_backward", "both at once are minus and transposed", "sign", "transpose")
def minus_and_transposed(dC, A, B):
    return -(dC @ B.T).T, -(A.T @ dC).T


@wrong("bilinear_backward", "dX and dY exchanged", "swapped outputs")
def xy_exchanged(dS, X, A, Y):
    up = dS[:, None]
    return up * (X @ A), (up * X).T @ Y, up * (Y @ A.T)


@wrong("affine_forward", "the bias is multiplied in", "bias_multiplied")
def bias_times(X, W, b):
    return (X @ W) * b


@wrong("affine_backward", "everything divided by N and the sign of db flipped", "factor", "sign")
def averaged_and_flipped(dY, X, W):
    N = len(dY)
    return dY @ W.T / N, X.T @ dY / N, -dY.sum(axis=0) / N


@wrong("affine_backward", "a dictionary", "count")
def as_dictionary(dY, X, W):
    return {"dX": dY @ W.T, "dW": X.T @ dY, "db": dY.sum(axis=0)}


@wrong("affine_backward", "float32 for speed", "dtype")
def single_precision(dY, X, W):
    dY, X, W = (a.astype(np.float32) for a in (dY, X, W))
    return dY @ W.T, X.T @ dY, dY.sum(axis=0)


@wrong("per_example_gradients", "each and the sum are divided by two", "factor")
def halves(dY, X):
    each = 0.5 * X[:, :, None] * dY[:, None, :]
    return each, each.sum(axis=0)


@wrong(
    "linear_backward", "dW transposed and db averaged over the sequences", "dW_transposed", "factor"
)
def two_slips(dY, X, W):
    return dY @ W, np.einsum("ntd,ntm->dm", X, dY), dY.mean(axis=0).sum(axis=0)


@wrong("relu_backward", "the mask is taken of the product", "mask_of_the_product")
def mask_of_product(dY, X):
    return np.where(dY * X > 0, dY, 0)


@wrong("leaky_relu_backward", "the upstream gradient is added", "operator")
def upstream_added(dY, X, slope):
    return dY + np.where(X > 0, 1.0, slope)


@wrong("sigmoid_backward", "the upstream gradient is forgotten", "upstream_ignored")
def no_upstream(dY, Y):
    return Y * (1 - Y)


@wrong("tanh_backward", "the output is returned", "independent")
def forward_again(dY, X):
    return np.tanh(X)


@wrong(
    "softplus_backward",
    "exp over one plus exp, with exp of minus X above",
    "inner_derivative_missing",
    "overflow",
)
def wrong_numerator(dY, X):
    e = np.exp(-X)
    return dY * e / (1 + e)


@wrong("gelu_backward", "x times the logistic approximation's slope", "sigmoid_form")
def other_gelu(dY, X):
    s = sigmoid(1.702 * X)
    return dY * (s + 1.702 * X * s * (1 - s))


@wrong("softmax_backward", "the sign is flipped and the batch averaged", "factor", "sign")
def minus_mean(dP, P):
    return -P * (dP - np.sum(dP * P, axis=1, keepdims=True)) / len(P)


@wrong("swiglu_backward", "the two gradients in the wrong order", "swapped outputs")
def b_first(dY, A, B):
    s = sigmoid(A)
    return dY * A * s, dY * B * (s + A * s * (1 - s))


@wrong("mse_loss", "one loss for each example", "per_example")
def per_example(Y, T):
    return ((Y - T) ** 2).mean(axis=1)


@wrong("mse_backward", "no 2 and over N only", "divided_by_N", "two_missing")
def half_and_n(Y, T):
    return (Y - T) / len(Y)


@wrong("mae_backward", "the absolute difference", "value_for_slope")
def the_distance(Y, T):
    return np.abs(Y - T) / Y.size


@wrong("huber_backward", "the loss, entry by entry", "value_for_slope")
def the_loss_itself(Y, T, delta):
    e = np.abs(Y - T)
    return np.where(e <= delta, 0.5 * e**2, delta * (e - 0.5 * delta)) / e.size


@wrong("bce_with_logits_backward", "target minus probability", "sign")
def wrong_way_round(logits, targets):
    return (targets - sigmoid(np.clip(logits, -500, 500))) / len(logits)


@wrong("logsumexp", "log of the sum of the logits")
def no_exponentials(logits):
    return np.log(np.abs(logits.sum(axis=1)))


@wrong("softmax", "the maximum is subtracted after the exponential")
def maximum_too_late(logits):
    e = np.exp(np.clip(logits, -700, 700))
    e = e - e.max(axis=1, keepdims=True)
    return e / e.sum(axis=1, keepdims=True)


@wrong("cross_entropy", "base two", "factor")
def in_bits(logits, labels):
    z = logits - logits.max(axis=1, keepdims=True)
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(z)), labels].mean() / math.log(2)


@wrong("softmax_cross_entropy_backward", "the sign flipped and no mean", "not_averaged", "sign")
def flipped_sum(logits, labels):
    return np.eye(logits.shape[1])[labels] - softmax(logits)


@wrong("label_smoothing_backward", "smoothing and its rest exchanged", "weights_exchanged")
def shares_exchanged(logits, labels, smoothing):
    N, K = logits.shape
    T = np.eye(K)[labels] * smoothing + (1 - smoothing) / K
    return (softmax(logits) - T) / N


@wrong("weighted_cross_entropy_backward", "weights squared", "power")
def weights_squared(logits, labels, weights):
    w = weights[labels]
    g = softmax(logits) - np.eye(len(weights))[labels]
    return g * (w**2)[:, None] / w.sum()


@wrong("two_layer_forward", "the logits come first", "swapped outputs")
def logits_first(X, W1, b1, W2, b2):
    H = np.maximum(X @ W1 + b1, 0)
    return H @ W2 + b2, H


@wrong("two_layer_backward", "the gradients of the two layers exchanged", "swapped outputs")
def layers_exchanged(X, W1, b1, W2, b2, labels):
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    d2 = (softmax(H @ W2 + b2) - np.eye(len(b2))[labels]) / len(X)
    d1 = d2 @ W2.T * (Z > 0)
    return H.T @ d2, d2.sum(0), X.T @ d1, d1.sum(0)


@wrong("two_layer_backward", "1/N twice", "averaged_twice")
def averaged_twice(X, W1, b1, W2, b2, labels):
    N = len(X)
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    d2 = (softmax(H @ W2 + b2) - np.eye(len(b2))[labels]) / N
    d1 = d2 @ W2.T * (Z > 0)
    return X.T @ d1 / N, d1.sum(0) / N, H.T @ d2 / N, d2.sum(0) / N


@wrong("accuracy", "answers counted from 1", "count")
def classes_from_one(logits, labels):
    answers = logits.argmax(axis=1) + 1
    return answers, np.mean(answers - 1 == labels)


@wrong("one_epoch", "the step goes uphill", "uphill")
def climbs(X, labels, W, b, order, batch_size, lr):
    for k in range(0, len(X), batch_size):
        rows = order[k : k + batch_size]
        d = (softmax(X[rows] @ W + b) - np.eye(len(b))[labels[rows]]) / len(rows)
        W, b = W + lr * X[rows].T @ d, b + lr * d.sum(0)
    return W, b


@wrong("tied_backward", "the factor 2 is missing", "two_missing")
def no_two(X, W, b, c):
    H = np.tanh(X @ W + b)
    dY = (H @ W.T + c - X) / X.size
    dZ = dY @ W * (1 - H**2)
    return X.T @ dZ + dY.T @ H, dZ.sum(0), dY.sum(0)


@wrong("sgd_step", "only the step", "step_alone")
def step_only(w, g, lr):
    return -lr * g


@wrong("early_stopping", "an epoch too much in both", "counted_from_one")
def from_one(losses, patience):
    best = 0
    for t, loss in enumerate(losses):
        if loss < losses[best]:
            best = t
        if t - best >= patience:
            break
    return t + 1, best + 1


@wrong("exact_step", "the rate and the weights exchanged", "swapped outputs")
def rate_first(X, y, w):
    g = 2 * X.T @ (X @ w - y) / len(y)
    lr = g @ g / (2 * np.mean((X @ g) ** 2))
    return lr, w - lr * g


@wrong(
    "momentum_step",
    "minus in the velocity and plus in the step, rate forgotten",
    "independent",
    "term",
)
def no_rate(w, g, v, lr, beta):
    v = beta * v - g
    return w + v, v


@wrong("nesterov_step", "beta once more on the gradient", "gradient_fades_too")
def beta_everywhere(w, g, v, lr, beta):
    v = beta * v + g
    return w - lr * beta * (g + v), v


@wrong("rmsprop_step", "eps in the root and the rate forgotten", "eps_inside", "rate_missing")
def eps_and_rate(w, g, s, lr, decay, eps):
    s = decay * s + (1 - decay) * g**2
    return w - g / np.sqrt(s + eps), s


@wrong("adam_step", "v is a mean of m squared")
def square_of_the_mean(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * m**2
    return w - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@wrong("adamw_step", "the decay is divided by the root too", "decay_divided")
def decay_divided(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * (mh + weight_decay * w) / (np.sqrt(vh) + eps), m, v


@wrong("cosine_schedule", "the floor is added, not kept as the lowest", "floor_added")
def floor_added(lr, floor, warmup, total):
    t = np.arange(total)
    x = (t - warmup) / (total - warmup)
    return np.where(t < warmup, lr * (t + 1) / warmup, floor + lr * (1 + np.cos(np.pi * x)) / 2)


@wrong("amsgrad_step", "with Adam's correction of m")
def corrected_m(w, g, m, v, top, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    top = np.maximum(top, v)
    return w - lr * m / (1 - beta1) / (np.sqrt(top) + eps), m, v, top


@wrong("he_scales", "inputs and outputs averaged, as Glorot does", "both_ways")
def glorot(shapes):
    out = []
    for s in shapes:
        window = math.prod(s[2:])
        out.append(math.sqrt(2 / ((s[0] + s[1]) * window)) if len(s) > 2 else math.sqrt(2 / sum(s)))
    return out


@wrong("clip_by_norm", "the largest entry is taken for the length", "largest_entry")
def largest_entry(grads, limit):
    size = max(np.abs(g).max() for g in grads)
    return [g * limit / size if size > limit else g for g in grads]


@wrong("residual_backward", "da lacks what later blocks make of it", "da_from_the_top")
def da_from_the_top(dY, X, a):
    top, T = dY, []
    for scale in a:
        T.append(np.tanh(X))
        X = X + scale * T[-1]
    for k in reversed(range(len(a))):
        dY = dY * (1 + a[k] * (1 - T[k] ** 2))
    return dY, np.array([np.sum(top * t) for t in T])


@wrong("dropout_forward", "the mask is added", "operator")
def mask_added(X, keep, rate):
    return (X + keep) / (1 - rate)


@wrong("batch_norm_forward", "gamma and beta exchanged", "gamma_beta_exchanged")
def gamma_and_beta(X, gamma, beta, running_mean, running_var, momentum, eps):
    m, v = X.mean(0), X.var(0)
    Y = beta * (X - m) / np.sqrt(v + eps) + gamma
    rm = (1 - momentum) * running_mean + momentum * m
    return Y, rm, (1 - momentum) * running_var + momentum * X.var(0, ddof=1)


@wrong("batch_norm_backward", "dbeta and dgamma exchanged", "swapped outputs")
def beta_before_gamma(dY, X, gamma, eps):
    std = np.sqrt(X.var(0) + eps)
    Z = (X - X.mean(0)) / std
    d = dY * gamma
    return (d - d.mean(0) - Z * (d * Z).mean(0)) / std, dY.sum(0), (dY * Z).sum(0)


@wrong("layer_norm_backward", "eps is forgotten", "eps_missing")
def no_eps(dY, X, gamma, eps):
    std = X.std(1, keepdims=True)
    Z = (X - X.mean(1, keepdims=True)) / std
    d = dY * gamma
    dX = (d - d.mean(1, keepdims=True) - Z * (d * Z).mean(1, keepdims=True)) / std
    return dX, (dY * Z).sum(0), dY.sum(0)


@wrong("conv2d_forward", "rows and columns of the image exchanged in the stride", "operator")
def bias_per_window(X, W, b, stride):
    rows = (X.shape[2] - W.shape[2]) // stride + 1
    columns = (X.shape[3] - W.shape[3]) // stride + 1
    Y = np.zeros((len(X), len(W), rows, columns))
    for i, j in np.ndindex(rows, columns):
        r, s = i * stride, j * stride
        window = X[:, :, r : r + W.shape[2], s : s + W.shape[3]]
        Y[:, :, i, j] = np.einsum("nchw,ochw->no", window, W) * b
    return Y


@wrong("avg_pool_backward", "pixels outside all windows receive as well")
def spread_everywhere(dY, X, size, stride):
    total = dY.sum(axis=(2, 3), keepdims=True) / (X.shape[2] * X.shape[3])
    return np.broadcast_to(total, X.shape).copy()


@wrong("rnn_step", "the input's product lacks the bias but the state is doubled", "supposed")
def state_doubled(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx + 2 * (h @ Wh) + b)


@wrong("rnn_backward", "the way back runs one step short", "first_step_left_out")
def stops_before_the_first(dH, X, H, h0, Wx, Wh):
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))
    dh = np.zeros_like(h0)
    for t in range(X.shape[1] - 1, 0, -1):
        dz = (dH[:, t] + dh) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += H[:, t - 1].T @ dz
        db += dz.sum(0)
        dh = dz @ Wh.T
    return dWx, dWh, db, dh


@wrong("lstm_step_backward", "the candidate's slope is that of a sigmoid", "candidate_as_gate")
def candidate_as_a_gate(dh, dc, z, c):
    i, f, o, g = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    t = np.tanh(f * c + i * g)
    total = dc + dh * o * (1 - t**2)
    parts = [total * g * i * (1 - i), total * c * f * (1 - f), dh * t * o * (1 - o)]
    return np.hstack([*parts, total * i * g * (1 - g)]), total * f


@wrong("gru_step", "tanh for the gates", "gates_tanh")
def tanh_gates(zx, zh, h):
    xr, xu, xn = np.split(zx, 3, axis=1)
    hr, hu, hn = np.split(zh, 3, axis=1)
    r, u = np.tanh(xr + hr), np.tanh(xu + hu)
    return u * h + (1 - u) * np.tanh(xn + r * hn)


@wrong("embedding_backward", "counts of tokens, not gradients", "uses_counted")
def token_counts(dY, ids, count):
    dW = np.zeros((count, dY.shape[-1]))
    for token in ids.ravel():
        dW[token] += 1
    return dW


@wrong("attention_backward", "dv with the weights not transposed", "p_not_transposed")
def dv_plain(dO, q, k, v):
    T, d = q.shape
    S = np.where(np.tri(T, dtype=bool), q @ k.T / np.sqrt(d), -np.inf)
    P = softmax(S)
    dP = dO @ v.T
    dS = P * (dP - (dP * P).sum(axis=1, keepdims=True)) / np.sqrt(d)
    return dS @ k, dS.T @ q, P @ dO


@wrong("jacobian_vector_product", "the slope is taken at V", "supposed")
def slope_at_v(X, V, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    return H @ W2 + b2, (V @ W1 * (1 - np.tanh(V @ W1 + b1) ** 2)) @ W2


@wrong("hessian_vector_product", "p in place of p times 1 - p", "p_alone")
def p_alone(w, v, X, y):
    p = sigmoid(X @ w)
    return X.T @ (p * (X @ v)) / len(X)
