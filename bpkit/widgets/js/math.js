// The arithmetic of the widgets: of single numbers, of recorded graphs, of layers, losses, optimizers
// and surfaces. Each formula is bpkit's; tests/test_widgets_math.py and test_widgets_graph_math.py
// hold them together. A matrix is a Float64Array, row by row; its sizes are passed beside it.

// ---- Activations (Chapter 8) ----------------------------------------------------------------

const ROOT = Math.sqrt(2 / Math.PI);
const CUBE = 0.044715;
const geluTanh = (x) => Math.tanh(ROOT * (x + CUBE * x * x * x));

export function sigmoid(x) {
  const small = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : small) / (1 + small);
}

const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

// Below 0 only a part of x comes through.
const leaky = (part) => ({
  of: (x) => (x > 0 ? x : part * x),
  slope: (x) => (x > 0 ? 1 : part),
});

// Each is a function `of` x and its `slope` at x.
export const ACTIVATIONS = {
  linear: { of: (x) => x, slope: () => 1 },
  step: { of: (x) => (x > 0 ? 1 : 0), slope: () => 0 },
  sigmoid: {
    of: sigmoid,
    slope: (x) => {
      const y = sigmoid(x);
      return y * (1 - y);
    },
  },
  tanh: {
    of: Math.tanh,
    slope: (x) => {
      const y = Math.tanh(x);
      return 1 - y * y;
    },
  },
  relu: { of: (x) => Math.max(x, 0), slope: (x) => (x > 0 ? 1 : 0) },
  leaky_relu: leaky(0.01),
  gelu: {
    of: (x) => 0.5 * x * (1 + geluTanh(x)),
    slope: (x) => {
      const t = geluTanh(x);
      return 0.5 * (1 + t) + 0.5 * ROOT * x * (1 - t * t) * (1 + 3 * CUBE * x * x);
    },
  },
  softplus: { of: softplus, slope: sigmoid },
};

// ---- Slopes (Chapter 1): r rounds each step, to float32 or not at all ----

const exact = (x) => x;

export const CURVES = {
  square: {
    of(w, r = exact) {
      const m = r(r(2 * w) - 3);
      return r(m * m);
    },
    slope: (w) => 4 * (2 * w - 3),
  },
  sin: { of: (w, r = exact) => r(Math.sin(w)), slope: Math.cos },
  exp: { of: (w, r = exact) => r(Math.exp(w)), slope: Math.exp },
};

// The secant's rise, run and slope, every step rounded to `dtype`.
export function secant(name, w, h, way, dtype) {
  const r = dtype === "float32" ? Math.fround : exact, f = CURVES[name].of;
  w = r(w);
  h = r(h);
  const centered = way === "centered";
  const from = centered ? f(r(w - h), r) : f(w, r), to = f(r(w + h), r);
  const rise = r(to - from), run = centered ? r(2 * h) : h;
  return { from, to, rise, run, slope: r(rise / run) };
}

export const slopeError = (name, w, h, way, dtype) =>
  Math.abs(secant(name, w, h, way, dtype).slope - CURVES[name].slope(w));

// The best of the steps 1, 0.1, …, 1e-16, and its error.
export function bestStep(name, w, way, dtype) {
  let best = null;
  for (let k = 0; k <= 16; k++) {
    const h = Number(`1e-${k}`), error = slopeError(name, w, h, way, dtype);
    if (best === null || error < best.error) best = { h, error };
  }
  return best;
}

// ---- A chain (Chapter 2): w -> g = 2w -> m = g - 3 -> L = m² ----

// Values, local slopes, and dL by each value; the machine number `broken` (1 to 3) gives `stuck`.
export function chainNumbers(w, broken) {
  const stuck = [2, -1, 1], values = [w], local = [];
  const machines = [[(x) => 2 * x, () => 2], [(x) => x - 3, () => 1], [(x) => x * x, (x) => 2 * x]];
  machines.forEach(([of, slope], i) => {
    const x = values[i], dead = broken === i + 1;
    values.push(dead ? stuck[i] : of(x));
    local.push(dead ? 0 : slope(x));
  });
  const grads = [0, 0, 0, 1];
  for (let i = 2; i >= 0; i--) grads[i] = grads[i + 1] * local[i];
  return { values, local, grads };
}

// ---- A fork (Chapter 3): one weight prices two houses, L = (2w - 3)² + (3w - 5)² ----

export const HOUSES = [[2, 3], [3, 5]];

// For each house g, m, L and the path's product; the loss; the slope that adding or assigning leaves.
export function forkNumbers(w, mode) {
  const paths = HOUSES.map(([x, t]) => {
    const g = w * x, m = g - t;
    return { x, t, g, m, L: m * m, local: [1, 2 * m, 1, x], product: 2 * m * x };
  });
  const held = [0];
  for (const { product } of paths) held.push(mode === "add" ? held.at(-1) + product : product);
  return { paths, loss: paths[0].L + paths[1].L, held, truth: paths[0].product + paths[1].product };
}

// ---- A recorded graph of numbers (Chapter 4): each primitive, and what it passes to its inputs ----

const power = (x, to) => (to === 2 ? x * x : to === 1 ? x : x ** to);
const share = (up, mine, other) => (mine === other ? 0.5 * up : mine > other ? up : 0);

const bend = ({ of, slope }) => ({
  of: ([x]) => of(x),
  back: (up, y, [x]) => [up * slope(x)],
});

// of: inputs and parameters to a value; back: upstream, value, inputs, parameters to one gradient an input.
export const PRIMITIVES = {
  add: { of: ([a, b]) => a + b, back: (up) => [up, up] },
  sub: { of: ([a, b]) => a - b, back: (up) => [up, -up] },
  mul: { of: ([a, b]) => a * b, back: (up, y, [a, b]) => [up * b, up * a] },
  div: { of: ([a, b]) => a / b, back: (up, y, [, b]) => [up / b, (-up * y) / b] },
  power: {
    of: ([a, b]) => power(a, b),
    back: (up, y, [a, b]) => [up * b * power(a, b === 0 ? 1 : b - 1), up * y * Math.log(a === 0 ? 1 : a)],
  },
  to_power: { of: ([x], { to }) => power(x, to), back: (up, y, [x], { to }) => [to ? up * to * power(x, to - 1) : 0 * up] },
  neg: { of: ([x]) => -x, back: (up) => [-up] },
  exp: { of: ([x]) => Math.exp(x), back: (up, y) => [up * y] },
  log: { of: ([x]) => Math.log(x), back: (up, y, [x]) => [up / x] },
  log1p: { of: ([x]) => Math.log1p(x), back: (up, y, [x]) => [up / (1 + x)] },
  sqrt: { of: ([x]) => Math.sqrt(x), back: (up, y) => [(0.5 * up) / y] },
  sin: { of: ([x]) => Math.sin(x), back: (up, y, [x]) => [up * Math.cos(x)] },
  cos: { of: ([x]) => Math.cos(x), back: (up, y, [x]) => [-up * Math.sin(x)] },
  abs: { of: ([x]) => Math.abs(x), back: (up, y, [x]) => [up * Math.sign(x)] },
  tanh: bend(ACTIVATIONS.tanh),
  sigmoid: bend(ACTIVATIONS.sigmoid),
  softplus: bend(ACTIVATIONS.softplus),
  relu: bend(ACTIVATIONS.relu),
  leaky_relu: {
    of: ([x], { slope = 0.01 }) => leaky(slope).of(x),
    back: (up, y, [x], { slope = 0.01 }) => [up * leaky(slope).slope(x)],
  },
  gelu: bend(ACTIVATIONS.gelu),
  maximum: { of: ([a, b]) => Math.max(a, b), back: (up, y, [a, b]) => [share(up, a, b), share(up, b, a)] },
  minimum: { of: ([a, b]) => Math.min(a, b), back: (up, y, [a, b]) => [share(up, b, a), share(up, a, b)] },
};

// Every value and every report of the backward sweep, in the form of bpkit.widgets.replays.
export function replay({ blocks, order }, leaves) {
  const given = [...leaves], values = [], inputs = [];
  blocks.forEach((block, b) => {
    inputs[b] = (block.args ?? []).map((x) => (typeof x === "number" ? values[x] : x.is));
    values[b] = block.leaf ? given.shift() : PRIMITIVES[block.rule].of(inputs[b], block);
  });
  const terms = blocks.map(() => []), held = blocks.map(() => 0), waiting = blocks.map(() => 0);
  for (const b of order) for (const s of blocks[b].from) waiting[s]++;
  held[order[0]] = 1;
  const reports = order.map((b) => {
    const { rule, args } = blocks[b], up = held[b], passes = [];
    const passed = PRIMITIVES[rule].back(up, values[b], inputs[b], blocks[b]);
    const local = PRIMITIVES[rule].back(1, values[b], inputs[b], blocks[b]);
    args.forEach((to, k) => {
      if (typeof to !== "number" || !blocks[to].asks) return;
      terms[to].push(passed[k]);
      held[to] = terms[to].length > 1 ? held[to] + passed[k] : passed[k];
      waiting[to]--;
      passes.push({ to, local: local[k], passed: passed[k], terms: [...terms[to]], held: held[to], waiting: waiting[to] });
    });
    return [b, up, passes];
  });
  return { values, reports };
}

// ---- Matrices and layers (Chapters 6, 7 and 10) ---------------------------------------------

// A (N, D) times B (D, M): (N, M). `out` may be given, to be filled and returned.
export function matmul(A, B, N, D, M, out = new Float64Array(N * M)) {
  out.fill(0);
  for (let n = 0; n < N; n++) {
    for (let d = 0; d < D; d++) {
      const a = A[n * D + d];
      for (let m = 0; m < M; m++) out[n * M + m] += a * B[d * M + m];
    }
  }
  return out;
}

export function transpose(A, N, D) {
  const out = new Float64Array(N * D);
  for (let n = 0; n < N; n++) for (let d = 0; d < D; d++) out[d * N + n] = A[n * D + d];
  return out;
}

export function sumRows(A, N, M) {
  const out = new Float64Array(M);
  for (let i = 0; i < N * M; i++) out[i % M] += A[i];
  return out;
}

// X (N, D) @ W (D, M) + b (M,).
export function dense(X, W, b, N, D, M, out) {
  const Y = matmul(X, W, N, D, M, out);
  for (let i = 0; i < N * M; i++) Y[i] += b[i % M];
  return Y;
}

// From dY (N, M): dX = dY @ W.T, dW = X.T @ dY, db = dY summed over its rows.
export function denseBack(dY, X, W, N, D, M) {
  return {
    dX: matmul(dY, transpose(W, D, M), N, M, D),
    dW: matmul(transpose(X, N, D), dY, D, N, M),
    db: sumRows(dY, N, M),
  };
}

// A layer is { W, b, D, M, phi }: affine, then the activation named phi.
// The input H and the sum Z of every layer; the output is the last entry of H.
export function forward(layers, X, N) {
  const kept = { N, H: [X], Z: [] };
  for (const { W, b, D, M, phi } of layers) {
    const Z = dense(kept.H.at(-1), W, b, N, D, M);
    kept.Z.push(Z);
    kept.H.push(phi === "linear" ? Z : Z.map(ACTIVATIONS[phi].of));
  }
  return kept;
}

// From the gradient at the output: for each layer dW, db, dZ, and dX at its input.
export function backward(layers, { N, H, Z }, dH) {
  const grads = [];
  for (let i = layers.length - 1; i >= 0; i--) {
    const { W, D, M, phi } = layers[i];
    const { slope } = ACTIVATIONS[phi];
    const dZ = phi === "linear" ? dH : dH.map((d, j) => d * slope(Z[i][j]));
    grads.unshift({ dZ, ...denseBack(dZ, H[i], W, N, D, M) });
    dH = grads[0].dX;
  }
  return grads;
}

export const norm = (a) => Math.sqrt(a.reduce((sum, x) => sum + x * x, 0));

// ---- Losses (Chapter 9): each a mean over the batch, with its gradient ------------------------

export function mse(z, t) {
  const dz = z.map((x, i) => (2 / z.length) * (x - t[i]));
  return { loss: z.reduce((sum, x, i) => sum + (x - t[i]) ** 2, 0) / z.length, dz };
}

export function bceWithLogits(z, t) {
  const dz = z.map((x, i) => (sigmoid(x) - t[i]) / z.length);
  return { loss: z.reduce((sum, x, i) => sum + softplus(x) - x * t[i], 0) / z.length, dz };
}

// z: the logits of one example. The largest is taken out first: nothing overflows.
export function logSoftmax(z) {
  const top = Math.max(...z);
  const log = Math.log(z.reduce((sum, x) => sum + Math.exp(x - top), 0));
  return z.map((x) => x - top - log);
}

// Logits (N, K) and N labels. In one step: dz = (p - y) / N.
export function softmaxCrossEntropy(z, labels, K) {
  const N = labels.length;
  const dz = new Float64Array(z.length);
  let loss = 0;
  for (let n = 0; n < N; n++) {
    const logs = logSoftmax(z.slice(n * K, (n + 1) * K));
    loss -= logs[labels[n]] / N;
    logs.forEach((log, k) => (dz[n * K + k] = (Math.exp(log) - (k === labels[n])) / N));
  }
  return { loss, dz };
}

// The same for one example, step by step as it is first written down; it overflows.
export function unfusedCrossEntropy(z, label) {
  const e = z.map(Math.exp);
  const sum = e.reduce((a, b) => a + b, 0);
  const p = e.map((x) => x / sum);
  const dp = p.map((x, k) => (k === label ? -1 / x : 0));
  const along = dp.reduce((total, d, k) => total + d * p[k], 0);
  return { e, sum, p, loss: -Math.log(p[label]), dp, dz: p.map((x, k) => x * (dp[k] - along)) };
}

// ---- Optimizers (Chapters 11 and 12): p -= lr * direction ------------------------------------

// g: entry i of the gradient, then the arrays kept beside it; t: the step, from 1.
const DIRECTIONS = {
  sgd: (g) => g,
  momentum: (g, [v], i, { momentum }) => (v[i] = momentum * v[i] + g),
  nesterov: (g, [v], i, { momentum }) => {
    v[i] = momentum * v[i] + g;
    return g + momentum * v[i];
  },
  rmsprop: (g, [s], i, { decay, eps }) => {
    s[i] += (1 - decay) * (g * g - s[i]);
    return g / (Math.sqrt(s[i]) + eps);
  },
  adam: (g, [m, s], i, { beta1, beta2, eps }, t) => {
    m[i] = beta1 * m[i] + g;
    s[i] = beta2 * s[i] + g * g;
    const mean = (1 - beta1) / (1 - beta1 ** t);
    const root = Math.sqrt((1 - beta2) / (1 - beta2 ** t));
    return ((mean / root) * m[i]) / (Math.sqrt(s[i]) + eps / root);
  },
};
export const OPTIMIZERS = Object.keys(DIRECTIONS);
const DEFAULTS = { momentum: 0.9, decay: 0.99, beta1: 0.9, beta2: 0.999, eps: 1e-8 };

// Returns step(params, grads, lr): lists of Float64Arrays, the first changed in place.
export function optimizer(name, settings = {}) {
  const memory = new Map();
  const all = { ...DEFAULTS, ...settings };
  let t = 0;
  return (params, grads, lr) => {
    t += 1;
    params.forEach((p, k) => {
      if (!memory.has(p)) memory.set(p, [new Float64Array(p.length), new Float64Array(p.length)]);
      const kept = memory.get(p);
      p.forEach((_, i) => (p[i] -= lr * DIRECTIONS[name](grads[k][i], kept, i, all, t)));
    });
  };
}

// One step on some rows of X (count, D) and y, 0 or 1; the network gives one logit. Chapter 10.
export function learn(layers, X, y, rows, step, lr) {
  const { D } = layers[0];
  const batch = new Float64Array(rows.length * D);
  rows.forEach((row, n) => batch.set(X.subarray(row * D, row * D + D), n * D));
  const kept = forward(layers, batch, rows.length);
  const { loss, dz } = bceWithLogits(kept.H.at(-1), Float64Array.from(rows, (row) => y[row]));
  const grads = backward(layers, kept, dz);
  step(layers.flatMap(({ W, b }) => [W, b]), grads.flatMap(({ dW, db }) => [dW, db]), lr);
  return { loss, grads };
}

// The largest rate at which each converges on a bowl whose greatest curvature is lambda.
export const EDGES = {
  sgd: (lambda) => 2 / lambda,
  momentum: (lambda, beta) => (2 * (1 + beta)) / lambda,
  nesterov: (lambda, beta) => (2 * (1 + beta)) / (1 + 2 * beta) / lambda,
};

// ---- Surfaces over the plane (Chapters 11 and 12): value, gradient, second derivatives --------

const bowl = (a, b) => ({
  of: (x, y) => 0.5 * (a * x * x + b * y * y),
  grad: (x, y) => [a * x, b * y],
  curve: () => [a, 0, b],
});

export const SURFACES = {
  bowl: bowl(1, 3),
  ravine: bowl(1, 20),
  tilted: {
    of: (x, y) => 0.25 * (x + y) ** 2 + 5 * (x - y) ** 2,
    grad: (x, y) => [0.5 * (x + y) + 10 * (x - y), 0.5 * (x + y) - 10 * (x - y)],
    curve: () => [10.5, -9.5, 10.5],
  },
  saddle: {
    of: (x, y) => 0.5 * (x * x - y * y) + 0.25 * y ** 4,
    grad: (x, y) => [x, y * y * y - y],
    curve: (x, y) => [1, 0, 3 * y * y - 1],
  },
  banana: {
    of: (x, y) => (1 - x) ** 2 + 5 * (y - x * x) ** 2,
    grad: (x, y) => [2 * (x - 1) - 20 * x * (y - x * x), 10 * (y - x * x)],
    curve: (x, y) => [2 - 20 * y + 60 * x * x, -20 * x, 10],
  },
};

// The largest eigenvalue of the second derivatives [xx, xy, yy].
export function sharpness([xx, xy, yy]) {
  return 0.5 * (xx + yy) + Math.hypot(0.5 * (xx - yy), xy);
}
