// The arithmetic of single numbers: difference quotients, a chain, a fork, and the replay of a
// graph that bpkit recorded. tests/test_widgets_graph_math.py holds each formula against bpkit.

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
const logistic = (x) => {
  const small = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : small) / (1 + small);
};
const HUMP = Math.sqrt(2 / Math.PI), CUBIC = 0.044715 * HUMP;
const gate = (x) => 0.5 + 0.5 * Math.tanh(x * (HUMP + CUBIC * (x * x)));
const share = (up, mine, other) => (mine === other ? 0.5 * up : mine > other ? up : 0);

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
  tanh: { of: ([x]) => Math.tanh(x), back: (up, y) => [up * (1 - y * y)] },
  sigmoid: { of: ([x]) => logistic(x), back: (up, y) => [up * y * (1 - y)] },
  softplus: { of: ([x]) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), back: (up, y, [x]) => [up * logistic(x)] },
  relu: { of: ([x]) => Math.max(x, 0), back: (up, y, [x]) => [up * (x > 0 ? 1 : 0)] },
  leaky_relu: {
    of: ([x], { slope = 0.01 }) => Math.max(x, 0) + slope * Math.min(x, 0),
    back: (up, y, [x], { slope = 0.01 }) => [up * (x > 0 ? 1 : 0) + slope * up * (x <= 0 ? 1 : 0)],
  },
  gelu: {
    of: ([x]) => x * gate(x),
    back: (up, y, [x]) => [up * (gate(x) + y * (1 - gate(x)) * (2 * HUMP + 6 * CUBIC * (x * x)))],
  },
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
