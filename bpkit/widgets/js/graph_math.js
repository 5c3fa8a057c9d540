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
