// What the widgets start from: random numbers, weights, points in the plane, ink. They are those of
// bpkit.widgets.draws and digit, and tests/test_widgets_math.py holds them together.

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

// A layer is { W, b, D, M, phi }: affine, then the activation named phi.
export function layersOf(sizes, phi, init, random) {
  return sizes.slice(1).map((M, i) => {
    const D = sizes[i];
    const W = INITS[init](D, M, random);
    return { W, b: new Float64Array(M), D, M, phi: i < sizes.length - 2 ? phi : "linear" };
  });
}

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
