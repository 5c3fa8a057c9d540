// Pictures of a network on the plane, drawn on canvases: what it answers at each point, what each
// unit answers, and its edges, as wide as their gradient or their weight.
import { forward, sigmoid } from "./math.js";
import { num } from "./numbers.js";

export const VIEW = 2.4; // the plane is shown from -VIEW to VIEW
const GRID = 40, SMALL = 20; // points a side, for the plane and for a unit
const SHADES = 128;
const THIN = 0.02; // of the largest: an edge below is a thin gray line

const GRID_POINTS = Float64Array.from({ length: 2 * GRID * GRID }, (_, i) => {
  const place = i >> 1, step = (2 * VIEW) / GRID;
  return i % 2 ? VIEW - step * (Math.floor(place / GRID) + 0.5)
    : -VIEW + step * ((place % GRID) + 0.5);
});

const parts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

// Colors of numbers from -1 (orange) over 0 (paper) to 1 (blue), packed as canvases want them.
export function shades(ui) {
  const [low, middle, high] = ["orange", "paper", "blue"].map((name) => parts(ui.color(name)));
  return Uint32Array.from({ length: 2 * SHADES + 1 }, (_, i) => {
    const at = i / SHADES - 1, end = at < 0 ? low : high, part = 0.88 * Math.abs(at) ** 0.8;
    const [r, g, b] = middle.map((m, k) => Math.round(m + part * (end[k] - m)));
    return (255 << 24) | (b << 16) | (g << 8) | r;
  });
}

const shade = (table, v) => table[Math.round(SHADES * (Math.min(1, Math.max(-1, v)) + 1)) || 0];

// A canvas of so many CSS pixels, sharp on a dense screen; returns its cleared context.
export function fitted(canvas, width, height) {
  const dense = Math.min(2, window.devicePixelRatio || 1);
  if (canvas.width !== Math.round(width * dense) || canvas.height !== Math.round(height * dense)) {
    canvas.width = Math.round(width * dense);
    canvas.height = Math.round(height * dense);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(dense, 0, 0, dense, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

function sheet(width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  return { canvas, context, image, pixels: new Uint32Array(image.data.buffer) };
}

// The answers at every point of the grid, as small images: of the network, which the page stretches
// over the plane, and of each unit.
export function answers() {
  const whole = sheet(GRID, GRID), units = sheet(8 * SMALL, 6 * SMALL);
  return {
    whole: whole.canvas,
    units: units.canvas,
    at: (layer, unit) => [unit * SMALL, layer * SMALL, SMALL, SMALL],
    draw(layers, table) {
      const { H } = forward(layers, GRID_POINTS, GRID * GRID), score = H.at(-1);
      for (let i = 0; i < GRID * GRID;
        i++) whole.pixels[i] = shade(table, 0.55 * (2 * sigmoid(score[i]) - 1));
      whole.context.putImageData(whole.image, 0, 0);
      H.forEach((values, layer) => {
        const M = values.length / (GRID * GRID), skip = GRID / SMALL;
        for (let unit = 0; unit < M; unit++) {
          let most = 1e-12;
          for (let i = unit; i < values.length; i += M) most = Math.max(most, Math.abs(values[i]));
          for (let row = 0; row < SMALL; row++) for (let column = 0; column < SMALL; column++) {
            const from = (row * skip * GRID + column * skip) * M + unit;
            units.pixels[(layer * SMALL + row) * 8 * SMALL + unit * SMALL + column] = shade(table,
              values[from] / most);
          }
        }
      });
      units.context.putImageData(units.image, 0, 0);
    },
  };
}

// The points, over the network's answer: class 1 round and blue, class 0 square and orange.
export function drawPoints(canvas, size, { X, y }, picked, cursor, look) {
  const context = fitted(canvas, size, size),
    to = (v, sign = 1) => ((sign * v + VIEW) / (2 * VIEW)) * size;
  context.lineWidth = 1.25;
  context.strokeStyle = look.paper;
  for (let i = 0; i < y.length; i++) {
    const [px, py] = [to(X[2 * i]), to(X[2 * i + 1], -1)];
    context.fillStyle = y[i] ? look.blue : look.orange;
    context.beginPath();
    if (y[i]) context.arc(px, py, 4.2, 0, 7);
    else context.rect(px - 3.8, py - 3.8, 7.6, 7.6);
    context.fill();
    context.stroke();
  }
  context.strokeStyle = look.ink;
  context.lineWidth = 2;
  if (picked >= 0 && picked < y.length) {
    context.beginPath();
    context.arc(to(X[2 * picked]), to(X[2 * picked + 1], -1), 9, 0, 7);
    context.stroke();
  }
  if (cursor) {
    const [px, py] = [to(cursor[0]), to(cursor[1], -1)];
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(px + 4 * dx, py + 4 * dy);
      context.lineTo(px + 12 * dx, py + 12 * dy);
    }
    context.stroke();
  }
}

// Where each unit stands: a list of columns of [x, y].
function places(counts, width, height) {
  const room = width > 84 * counts.length ? 84 : 44, step = (width - room) / (counts.length - 1);
  return counts.map((count, l) => {
    const gap = Math.min(58, (height - 14) / count);
    return Array.from({ length: count },
      (_, u) => [22 + l * step, height / 2 + (u - (count - 1) / 2) * gap]);
  });
}

// shown: what edges are as wide as, one array a layer, and whether it is a gradient; one: the values
// and gradients of the followed example; phase: how far what flows back has come.
export function drawNetwork(canvas, width, height,
  { layers, image, shown, norms, one, phase, look }) {
  const context = fitted(canvas, width, height), foot = 50;
  const counts = [layers[0].D, ...layers.map(({ M }) => M)],
    at = places(counts, width, height - foot);
  const most = Math.max(1e-300,
    ...shown.arrays.map((a) => a.reduce((m, x) => Math.max(m, Math.abs(x)), 0)));
  const wire = (l, d, m) => {
    const [x1, y1] = at[l][d], [x2, y2] = at[l + 1][m], middle = (x1 + x2) / 2;
    context.moveTo(x2, y2);
    context.bezierCurveTo(middle, y2, middle, y1, x1, y1);
  };
  const each = (visit) => layers.forEach(({ D, M }, l) => {
    for (let d = 0; d < D; d++) for (let m = 0; m < M;
      m++) visit(l, d, m, shown.arrays[l][d * M + m]);
  });
  context.strokeStyle = look.line;
  context.lineWidth = 1;
  context.beginPath();
  each((l, d, m, value) => { if (!(Math.abs(value) / most > THIN)) wire(l, d, m); });
  context.stroke();
  context.lineDashOffset = shown.gradient ? -(phase ?? 0) : 0;
  each((l, d, m, value) => {
    const part = Math.abs(value) / most;
    if (!(part > THIN)) return;
    const dashed = shown.gradient ? phase !== null && part > 0.12 : value < 0;
    context.strokeStyle = shown.gradient ? look.blue : value < 0 ? look.orange : look.ink;
    context.globalAlpha = 0.35 + 0.6 * part;
    context.lineWidth = 0.6 + 7 * part ** 0.8;
    context.setLineDash(dashed ? [7, 5] : []);
    context.beginPath();
    wire(l, d, m);
    context.stroke();
  });
  context.globalAlpha = 1;
  context.setLineDash([]);
  context.imageSmoothingEnabled = true;
  context.font = `11px ${look.font}`;
  const step = at[1][0][0] - at[0][0][0];
  at.forEach((column, l) => column.forEach(([x, y], u) => {
    const gap = column.length > 1 ? column[1][1] - column[0][1] : 58,
      half = Math.min(17, gap / 2 - 3);
    const felt = one ? Math.abs(one.felt[l][u]) / (one.most || 1) : 0;
    if (felt > 0.02) {
      context.fillStyle = look.blue;
      context.globalAlpha = 0.25 + 0.6 * felt;
      const ring = half + 2 + 5 * felt;
      context.fillRect(x - ring, y - ring, 2 * ring, 2 * ring);
      context.globalAlpha = 1;
    }
    context.drawImage(image.units, ...image.at(l, u), x - half, y - half, 2 * half, 2 * half);
    context.strokeStyle = look.ink;
    context.lineWidth = 1;
    context.strokeRect(x - half, y - half, 2 * half, 2 * half);
    if (one && step > 84 && half > 9) {
      context.textAlign = "left";
      write(context, num(one.values[l][u], 2), x + half + 8, y - 2, look.ink, look.paper);
      write(context, num(one.felt[l][u], 2), x + half + 8, y + 11, look.blue, look.paper);
    }
  }));
  norms.forEach((norm, l) => {
    const x = (at[l][0][0] + at[l + 1][0][0]) / 2, room = Math.min(90, Math.abs(step) * 0.86);
    const long = room * Math.min(1, Math.max(0.01, (Math.log10(norm || 1e-9) + 6) / 7));
    context.fillStyle = look.line;
    context.fillRect(x - room / 2, height - 22, room, 6);
    context.fillStyle = look.blue;
    context.fillRect(x - long / 2, height - 22, long, 6);
    context.textAlign = "center";
    write(context, step > 84 ? `‖dW${"₁₂₃₄₅"[l]}‖ = ${num(norm, 2)}` : num(norm, 1), x, height - 4,
      look.blue, look.paper);
  });
}

function write(context, text, x, y, color, paper) {
  context.strokeStyle = paper;
  context.lineWidth = 3;
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
}
