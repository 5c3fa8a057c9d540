// Activations: one of seven with its slope, and ten layers of it. Each layer shows where its sums
// fall and which slopes they meet; below, how much of the gradient is left on its way back.
import {
  widget, plot, slider, button, row, handle, svg, h, set, within, oneOf, clamp,
} from "./draw.js";
import { draws } from "./data.js";
import { ACTIVATIONS, backward, forward } from "./math.js";
import { num } from "./numbers.js";

const NAMES = { step: "step", sigmoid: "sigmoid", tanh: "tanh", relu: "ReLU",
  leaky_relu: "leaky ReLU", gelu: "GELU", softplus: "softplus" };
const DEPTH = 10, UNITS = 24, ROWS = 24, BINS = 25, REACH = 6;

const rms = (a) => Math.sqrt(a.reduce((sum, x) => sum + x * x, 0) / a.length);

// The sums of every layer and the size of the gradient at the input of each, then at the output.
const start = { seed: null };
export function flowing({ activation, spread, scale, seed }) {
  if (start.seed !== seed) {
    const random = draws(seed);
    const next = (count) => random.normals(count);
    Object.assign(start, { seed, X: next(ROWS * UNITS),
      W: Array.from({ length: DEPTH }, () => next(UNITS * UNITS)), dH: next(ROWS * UNITS) });
  }
  const layers = start.W.map((W) => ({
    W: W.map((w) => (scale * w) / Math.sqrt(UNITS)), b: new Float64Array(UNITS), D: UNITS, M: UNITS,
      phi: activation,
  }));
  const kept = forward(layers, start.X.map((x) => spread * x), ROWS);
  const sizes = [...backward(layers, kept, start.dH).map(({ dX }) => rms(dX)), rms(start.dH)];
  return { Z: kept.Z, sizes, left: sizes[0] / sizes[DEPTH] };
}

function verdict(left) {
  if (left === 0) return "The gradient dies: none of it reaches the input.";
  const fate = left < 0.01 ? "fades" : left > 100 ? "bursts" : "lives";
  return `The gradient ${fate}: at the input it is ${num(left)} times what came in.`;
}

export function words(state) {
  const list = (numbers) => numbers.map((x) => num(x, 2)).join(", ");
  const { Z, sizes, left } = flowing(state), { slope } = ACTIVATIONS[state.activation];
  return [
    `Activations: ${NAMES[state.activation]}; inputs of spread ${num(state.spread)}, ` +
      `weights of scale ${num(state.scale)}, ten layers of ${UNITS} units.`,
    verdict(left),
    `Its size at the output, then at the input of layers 10 to 1: ${list(sizes.reverse())}.`,
    `The slopes met in layers 1 to 10 (root mean square): ${list(Z.map((z) => rms(z.map(slope))))}.`,
  ].join("\n");
}

// How many of the numbers fall into each of BINS bins over [-REACH, REACH]; the ends take the rest.
function histogram(Z) {
  const counts = new Array(BINS).fill(0);
  for (const z of Z) counts[clamp(Math.floor(((z + REACH) / (2 * REACH)) * BINS), 0, BINS - 1)
    || 0] += 1;
  return counts;
}
const center = (bin) => -REACH + (2 * REACH * (bin + 0.5)) / BINS;

// The seven as buttons, each with its curve.
function gallery(put) {
  const buttons = Object.keys(NAMES).map((name) => {
    const { of } = ACTIVATIONS[name];
    const points = Array.from({ length: 41 }, (_, i) => [-3 + (6 * i) / 40, of(-3 + (6 * i) / 40)]);
    const low = Math.min(...points.map(([, y]) => y)), high = Math.max(...points.map(([, y]) => y));
    const d = points.map(([x, y], i) =>
      `${i ? "L" : "M"}${((x + 3.1) * 6.8).toFixed(1)} ${(21 - (18 * (y - low)) / (high - low)).toFixed(1)}`).join("");
    const made = button("", () => put({ activation: name }), { class: "bpw-one" });
    made.node.append(svg("svg", { width: 42, height: 24, "aria-hidden": "true" },
      svg("path", { d, class: "bpw-spark" })), h("span", { text: NAMES[name] }));
    return { name, ...made };
  });
  return { node: h("div", { class: "bpw-seven", role: "group", "aria-label": "activation" },
    ...buttons.map((b) => b.node)),
    show: (picked) => buttons.forEach((b) => b.show(b.name === picked)) };
}

const STYLE = `
.bpw-activations .bpw-seven { display: grid; grid-template-columns: repeat(7, 1fr); gap: 6px;
  margin-bottom: 8px; }
.bpw-activations .bpw-one { display: grid; justify-items: center; padding: 4px 0;
  font-size: 12.5px; gap: 0; min-width: 0; }
.bpw-activations .bpw-spark { fill: none; stroke: currentColor; stroke-width: 2; }
.bpw-activations .bpw-pair { display: flex; flex-wrap: wrap; gap: 8px 14px; }
.bpw-activations .bpw-fate { font-size: 15px; font-weight: 650; margin: 6px 0 0; }
@container (max-width: 560px) { .bpw-activations .bpw-seven {
  grid-template-columns: repeat(4, 1fr); } .bpw-activations .bpw-one { font-size: 11px; }
  .bpw-activations .bpw-fate { min-height: 4.4em; } }
.bpw-activations .bpw-bin { fill: color-mix(in srgb, var(--green) var(--part),
  color-mix(in srgb, var(--muted) 40%, var(--paper))); }
.bpw-activations .bpw-dull { fill: var(--muted); }`;

// The ten columns: where the sums of each layer fall, a bar for each bin, green where the slope is.
function tower() {
  const node = svg("svg",
    { role: "img", "aria-label": "where the sums of ten layers fall, and the slopes they meet" });
  const axes = svg("path", { class: "grid" });
  const bright = Array.from({ length: BINS }, () => svg("path", { class: "bpw-bin" }));
  const labels = Array.from({ length: DEPTH },
    () => [svg("text", { class: "mid small muted" }), svg("text", { class: "mid small on blue" })]);
  const caption = svg("text",
    { class: "muted", y: 13, text: "the sums of each layer; green is slope" });
  node.append(axes, ...bright, ...labels.flat(), caption);
  return {
    node,
    size(width, height) { set(node, { width, height, viewBox: `0 0 ${width} ${height}` }); },
    draw(counts, sizes, slope, X, height, roomy) {
      const top = 24, tall = height - top - 36, step = tall / BINS, half = (X(1) - X(0)) * 0.44,
        most = counts.map((count) => Math.max(...count));
      const middle = (l) => (X(l) + X(l + 1)) / 2;
      bright.forEach((path, bin) => {
        const y = (top + (BINS - 1 - bin) * step).toFixed(1), high = (step - 0.6).toFixed(1);
        const d = counts.map((count, l) => {
          const w = 2 * half * Math.sqrt(count[bin] / most[l]);
          return w ? `M${(middle(l) - w / 2).toFixed(1)} ${y}h${w.toFixed(1)}v${high}h${(-w).toFixed(1)}Z` : "";
        }).join("");
        const part = (100 * clamp(slope(center(bin)), 0, 1)).toFixed(1);
        set(path, { d, style: `--part: ${part}%` });
      });
      set(axes, { d: labels.map((_, l) => `M${middle(l)} ${top}V${top + tall}`).join("") });
      labels.forEach(([label, factor], l) => {
        set(label, { x: middle(l), y: height - 18, text: roomy ? `layer ${l + 1}` : l + 1 });
        const ratio = sizes[l + 1] ? sizes[l] / sizes[l + 1] : 0;
        set(factor, { x: middle(l), y: height - 3,
          text: roomy || l % 2 ? `×${num(ratio, 2)}` : "" });
      });
    },
  };
}

function build(ui) {
  const seven = gallery(ui.put);
  const shape = plot({ label: "the activation and its slope", x: [-REACH, REACH], y: [-1.4, 2.4],
    xLabel: "$z$", margin: { left: 26, right: 6 } });
  const bins = Array.from({ length: BINS },
    () => shape.inside.appendChild(svg("rect", { class: "bpw-dull", "fill-opacity": 0.3 })));
  const slope = shape.curve("green dash"), curve = shape.curve("ink");
  const names = [shape.text("strong"), shape.text("on green strong")];
  const reach = svg("path", { class: "curve gray", "stroke-width": 3 });
  shape.above.append(reach);
  const knob = handle(shape.node,
    { label: "spread of the input", min: 0.05, max: 5, step: 0.05, color: "blue",
    get: () => ui.state.spread, put: (spread) => ui.put({ spread: Number(spread.toFixed(2)) }),
      to: (x) => shape.invX(x) / ui.state.scale });
  const says = shape.text("small on blue strong end");
  shape.above.append(knob.node);

  const layers = tower();
  const back = plot({ label: "the size of the gradient on its way back", x: [0, DEPTH],
    y: [1e-12, 1e6], logY: true, yLabel: "← the gradient's size on its way back",
    xLabel: "after layer", margin: { left: 40, right: 8 } });
  const area = back.inside.appendChild(svg("path", { class: "tint blue" }));
  const river = back.curve("blue");
  const level = back.inside.insertBefore(svg("path",
    { class: "curve gray dots", "stroke-width": 1.5 }), area);
  const dots = Array.from({ length: DEPTH + 1 },
    () => back.inside.appendChild(svg("circle", { class: "fill blue", r: 4 })));
  const fate = h("p", { class: "bpw-fate" });
  const scale = slider("scale of the weights", { min: 0.25, max: 4, scale: "log", step: 0.005 },
    (x) => ui.put({ scale: Number(x.toFixed(2)) }));
  const again = button("Other weights", () => ui.put({ seed: (ui.state.seed + 1) % 1000 }));
  const right = h("div", {}, layers.node, back.node);
  ui.body.append(h("style", { text: STYLE }), seven.node,
    h("div", { class: "bpw-pair" }, shape.node, right), fate, row(scale, again));

  return (s) => {
    const phi = ACTIVATIONS[s.activation], found = flowing(s), counts = found.Z.map(histogram);
    const side = ui.width >= 680, width = side ? Math.round(ui.width * 0.36) : ui.width,
      rest = side ? ui.width - width - 14 : ui.width;
    shape.size(width, side ? 380 : 250);
    curve.of(phi.of, s.activation, 240);
    slope.of(phi.slope, s.activation, 240);
    const most = Math.max(...counts[0]);
    const base = shape.Y(-1.4), wide = (shape.X(REACH) - shape.X(-REACH)) / BINS;
    bins.forEach((bin, i) => {
      const tall = (counts[0][i] / most) * (base - shape.Y(-0.4));
      set(bin, { x: shape.X(-REACH) + i * wide, y: base - tall, width: wide - 1, height: tall });
    });
    const edge = clamp(s.spread * s.scale, 0, REACH);
    set(reach, { d: `M${shape.X(-edge)} ${base}H${shape.X(edge)}` });
    knob.at(shape.X(edge), base, s.spread);
    set(says, { x: shape.X(REACH) - 4, y: base - 14, text: `spread ${num(s.spread)}` });
    set(names[0], { x: shape.X(-REACH) + 4, y: 36, text: NAMES[s.activation] });
    set(names[1], { x: shape.X(-REACH) + 4, y: 54, text: "its slope" });

    back.size(rest, 190);
    layers.size(rest, 190);
    layers.draw(counts, found.sizes, phi.slope, back.X, 190, rest > 560);
    const points = found.sizes.map((size, i) =>
      [back.X(i), size > 0 ? clamp(back.Y(size), -50, 400) : back.Y(1e-12) + 20]);
    river.points(found.sizes.map((size, i) => [i, Math.max(size, 1e-14)]));
    const shore = points.map(([x, y]) => `L${x.toFixed(1)} ${y.toFixed(1)}`).join(""), bed = back.Y(1e-12);
    set(area, { d: `M${back.X(0)} ${bed}${shore}L${back.X(DEPTH)} ${bed}Z` });
    set(level, { d: `M${back.X(0)} ${back.Y(1)}H${back.X(DEPTH)}` });
    dots.forEach((dot, i) => set(dot, { cx: points[i][0], cy: points[i][1] }));
    set(fate, { text: verdict(found.left) });
    seven.show(s.activation);
    scale.show(s.scale);
  };
}

export default widget({
  name: "Activations",
  fields: {
    activation: oneOf(...Object.keys(NAMES)),
    spread: within(0.05, 5),
    scale: within(0.25, 4),
    seed: within(0, 999),
  },
  build,
  words,
});
