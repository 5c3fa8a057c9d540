// The arithmetic of the widgets: activations, layers, losses, optimizers, random numbers, data,
// surfaces, ink. Each formula is bpkit's, and tests/test_widgets_math.py holds the two together.
// A matrix is a Float64Array, row by row; its sizes are passed beside it.

// ---- Activations (Chapter 8) ----------------------------------------------------------------

const ROOT = Math.sqrt(2 / Math.PI);
const CUBE = 0.044715;
const geluTanh = (x) => Math.tanh(ROOT * (x + CUBE * x * x * x));

export function sigmoid(x) {
  const small = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : small) / (1 + small);
}

const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

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
  leaky_relu: { of: (x) => (x > 0 ? x : 0.01 * x), slope: (x) => (x > 0 ? 1 : 0.01) },
  gelu: {
    of: (x) => 0.5 * x * (1 + geluTanh(x)),
    slope: (x) => {
      const t = geluTanh(x);
      return 0.5 * (1 + t) + 0.5 * ROOT * x * (1 - t * t) * (1 + 3 * CUBE * x * x);
    },
  },
  softplus: { of: softplus, slope: sigmoid },
};

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
export function layersOf(sizes, phi, init, random) {
  return sizes.slice(1).map((M, i) => {
    const D = sizes[i];
    const W = INITS[init](D, M, random);
    return { W, b: new Float64Array(M), D, M, phi: i < sizes.length - 2 ? phi : "linear" };
  });
}

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

// ---- Random numbers, the same as bpkit.widgets.draws gives ------------------------------------

// A counter, hashed: mulberry32 by Tommy Ettinger (public domain).
export function draws(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    normal,
    normals: (count) => Float64Array.from({ length: count }, normal),
    order: (count) => {
      const rows = Array.from({ length: count }, (_, i) => i);
      for (let i = count - 1; i > 0; i--) {
        const j = Math.floor(uniform() * (i + 1));
        [rows[i], rows[j]] = [rows[j], rows[i]];
      }
      return rows;
    },
  };
}

// ---- Initializations (Chapter 13): W (D, M) ---------------------------------------------------

const scaled = (deviation) => (D, M, random) => random.normals(D * M).map((x) => deviation(D) * x);

export const INITS = {
  he: scaled((D) => Math.sqrt(2 / D)),
  xavier: (D, M, random) => {
    const limit = Math.sqrt(6 / (D + M));
    return Float64Array.from({ length: D * M }, () => limit * (2 * random.uniform() - 1));
  },
  tiny: scaled(() => 0.01),
  huge: scaled(() => 3),
  zeros: (D, M) => new Float64Array(D * M),
};

// ---- Points in the plane, two classes, within about [-2, 2] (Chapter 11) ----------------------

// Where point i of n of a class lies before noise; classes 0 and 1 are halves of the set.
const PLACES = {
  blobs: (side) => [side, side],
  circles: (side, share) => {
    const radius = side < 0 ? 0.5 : 1.6;
    return [radius * Math.cos(2 * Math.PI * share), radius * Math.sin(2 * Math.PI * share)];
  },
  moons: (side, share, ends) => {
    const x = Math.cos(Math.PI * ends);
    const y = Math.sin(Math.PI * ends);
    return side < 0 ? [1.2 * (x - 0.5), 1.2 * (y - 0.25)] : [1.2 * (0.5 - x), 1.2 * (0.25 - y)];
  },
  spiral: (side, share, ends) => {
    const angle = 3 * Math.PI * ends;
    const radius = side * (0.1 + 1.7 * ends);
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  xor: (side, share, ends, random) => {
    const x = 0.2 + 1.6 * random.uniform();
    const y = 0.2 + 1.6 * random.uniform();
    return share < 0.5 ? [x, -side * y] : [-x, side * y];
  },
};
export const DATA = Object.keys(PLACES);

// X (count, 2) and y (count,), each 0 or 1; noise is the deviation added to each coordinate.
export function points(name, count, noise, seed) {
  const random = draws(seed);
  const half = Math.floor(count / 2);
  const X = new Float64Array(2 * count);
  const y = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const second = i >= half;
    const [k, n] = second ? [i - half, count - half] : [i, half];
    const [u, v] = PLACES[name](second ? 1 : -1, k / n, n > 1 ? k / (n - 1) : 0, random);
    X[2 * i] = u + noise * random.normal();
    X[2 * i + 1] = v + noise * random.normal();
    y[i] = second ? 1 : 0;
  }
  return { X, y };
}

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

// ---- Ink (Chapter 10): strokes of a pen to 64 pixels, as the book's digits were made ----------

const MARGIN = 2.2; // around the drawing, in points
const AREA = 140; // of ink: thin digits get a broad pen, as in the data

// strokes: lists of [x, y]. The drawing is fitted to 22 by 32 of 32 by 32 points, a point within
// reach of the pen is black, and a pixel is the share of black points in its block of 4 by 4.
export function ink(strokes) {
  const dots = strokes.flat();
  const pixels = new Float64Array(64);
  if (!dots.length) return pixels;
  const [xs, ys] = [0, 1].map((axis) => dots.map((dot) => dot[axis]));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const scale = Math.min((32 - 2 * MARGIN) / height, (22 - 2 * MARGIN) / width, 1e6);
  const fit = ([x, y]) => [
    16 + scale * (x - left - width / 2),
    16 + scale * (y - top - height / 2),
  ];
  const segments = strokes.flatMap((stroke) =>
    stroke.map((dot, i) => [fit(stroke[Math.max(i - 1, 0)]), fit(dot)]),
  );
  const long = ([[ax, ay], [bx, by]]) => Math.hypot(bx - ax, by - ay);
  const length = segments.reduce((sum, segment) => sum + long(segment), 0);
  const reach = Math.min(Math.max(AREA / (length || 1), 1.6), 3.4);
  const black = new Set();
  for (const segment of segments) {
    const [across, down] = [0, 1].map((axis) => segment.map((end) => end[axis]));
    const range = (ends) => [Math.min(...ends) - reach, Math.max(...ends) + reach];
    const [[west, east], [north, south]] = [range(across), range(down)];
    for (let row = Math.max(0, Math.floor(north)); row < Math.min(32, south); row++) {
      for (let column = Math.max(0, Math.floor(west)); column < Math.min(32, east); column++) {
        const near = distance2(column + 0.5, row + 0.5, segment) <= reach * reach;
        if (near) black.add(32 * row + column);
      }
    }
  }
  for (const i of black) pixels[8 * (i >> 7) + ((i % 32) >> 2)] += 1 / 16;
  return pixels;
}

// The square of the distance from (x, y) to a segment.
function distance2(x, y, [[ax, ay], [bx, by]]) {
  const [dx, dy] = [bx - ax, by - ay];
  const share = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
  const s = Math.min(Math.max(share, 0), 1);
  return (x - ax - s * dx) ** 2 + (y - ay - s * dy) ** 2;
}
