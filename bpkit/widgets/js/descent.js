// Descent: five ways down a surface, racing from one start. The rate is dragged along an axis on
// which theory has put its marks: beyond 2/λ plain descent grows instead of shrinking.
import {
  widget, plot, slider, button, choice, row, handle, drag, arrows, svg, h, set, within, oneOf,
  clamp, reduced,
} from "./draw.js";
import { EDGES, SURFACES, optimizer, sharpness } from "./math.js";
import { fitted } from "./network.js";
import { num } from "./numbers.js";

const STEPS = 120, FAR = 10, WIDE = 2.4, TALL = 1.6;
const RATES = [0.001, 2];
const RACERS = {
  sgd: { name: "descent", look: "blue", mark: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z" },
  momentum: { name: "momentum", look: "vermilion dash", mark: "M-5-5H5V5H-5Z" },
  nesterov: { name: "Nesterov", look: "green", mark: "M0-6.5L6 5H-6Z" },
  rmsprop: { name: "RMSProp", look: "purple dash", mark: "M0-7L6 0L0 7L-6 0Z" },
  adam: { name: "Adam", look: "orange", mark: "M0 6.5L6-5H-6Z" },
};
const NAMES = { bowl: "bowl", ravine: "ravine", tilted: "tilted ravine", saddle: "saddle",
  banana: "banana" };
const STARTS = { bowl: [-2, 1.2], ravine: [-2, 0.9], tilted: [-1.6, 0.5], saddle: [-2, 0.02],
  banana: [-0.7, 1.2] };
const BOTTOM = { bowl: [0, 0], ravine: [0, 0], tilted: [0, 0], saddle: [0, 1], banana: [1, 1] };

// The places of one racer, [x, y, value], from the start on; it ends where the racer flies away.
export function raced(name, { surface, x, y, lr, momentum }) {
  const { of, grad } = SURFACES[surface], p = Float64Array.of(x, y),
    step = optimizer(name, { momentum });
  const places = [[x, y, of(x, y)]];
  for (let t = 0; t < STEPS; t++) {
    step([p], [Float64Array.from(grad(p[0], p[1]))], lr);
    if (!(Math.abs(p[0]) < FAR && Math.abs(p[1]) < FAR)) break;
    places.push([p[0], p[1], of(p[0], p[1])]);
  }
  return places;
}

const curvature = (surface) => sharpness(SURFACES[surface].curve(...BOTTOM[surface]));

const near = (x) => num(Math.abs(x) < 1e-9 ? 0 : x); // below, rounding errors decide

export function words(state) {
  const lambda = curvature(state.surface),
    edge = (name) => num(EDGES[name](lambda, state.momentum));
  return [
    `Descent: ${NAMES[state.surface]} from (${num(state.x)}, ${num(state.y)}), rate ${num(state.lr)}, ` +
      `momentum ${num(state.momentum)}, after ${state.step} steps.`,
    `The greatest curvature at the bottom is λ = ${num(lambda)}: plain descent needs a rate below ` +
      `2/λ = ${edge("sgd")}, momentum below ${edge("momentum")}, Nesterov below ${edge("nesterov")}.`,
    ...Object.entries(RACERS).map(([key, { name }]) => {
      const places = raced(key, state), at = places[state.step];
      return at ? `${name}: at (${near(at[0])}, ${near(at[1])}), height ${near(at[2])}.`
        : `${name}: flew away at step ${places.length}.`;
    }),
  ].join("\n");
}

// The surface as bands of height on a canvas, painted once for each surface, size and theme.
function ground() {
  const canvas = h("canvas", { "aria-hidden": "true" });
  let painted = "";
  return {
    canvas,
    paint(surface, width, height, paper, ink) {
      const now = [surface, width, height, paper].join();
      if (painted === now) return;
      painted = now;
      const context = fitted(canvas, width, height), dense = canvas.width / width;
      const image = context.createImageData(canvas.width, canvas.height),
        { of } = SURFACES[surface];
      const [low, high] = [paper,
        ink].map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
      const band = (px, py) => {
        const value = of(WIDE * ((2 * px) / canvas.width - 1),
          -TALL * ((2 * py) / canvas.height - 1));
        return 2.2 * Math.log2(1 + 6 * (value + 0.25));
      };
      for (let py = 0; py < canvas.height; py++) for (let px = 0; px < canvas.width; px++) {
        const level = Math.floor(band(px, py)),
          line = level !== Math.floor(band(px + dense, py))
          || level !== Math.floor(band(px, py + dense));
        const part = clamp(0.018 * level, 0, 0.24) + (line ? 0.12 : 0),
          at = 4 * (py * canvas.width + px);
        for (let k = 0; k < 3; k++) image.data[at + k] = low[k] + part * (high[k] - low[k]);
        image.data[at + 3] = 255;
      }
      context.putImageData(image, 0, 0);
    },
  };
}

// The axis of rates, with the theory's marks and a handle.
function rates(ui) {
  const node = svg("svg", { role: "group", "aria-label": "learning rate" });
  const axis = svg("path", { class: "axis" }), wrong = svg("rect", { class: "bpw-wrong" });
  const title = svg("text", { class: "muted", y: 13, text: "learning rate: drag" }),
    warning = svg("text", { class: "small on vermilion end" });
  const ticks = [0.001, 0.01, 0.1,
    1].map((v) => [v, svg("text", { class: "small muted mid", text: num(v) })]);
  const edges = Object.keys(EDGES).map((name) => {
    const line = svg("path", { class: `curve ${RACERS[name].look}` }),
      mark = svg("path", { class: `fill ${RACERS[name].look}`, d: RACERS[name].mark });
    return { name, line, mark };
  });
  node.append(wrong, title, warning, axis, ...ticks.map(([, t]) => t),
    ...edges.flatMap(({ line, mark }) => [line, mark]));
  const [low, high] = RATES.map(Math.log10);
  let width = 1;
  const X = (lr) => 14 + ((Math.log10(lr) - low) / (high - low)) * (width - 28);
  const knob = handle(node,
    { label: "learning rate", min: low, max: high, step: 0.01, color: "ink", r: 9,
    text: (v) => num(10 ** v),
    get: () => Math.log10(ui.state.lr),
      put: (v) => ui.put({ lr: Number((10 ** v).toPrecision(3)) }),
      to: (x) => low + ((x - 14) / (width - 28)) * (high - low) });
  const value = svg("text", { class: "mid strong" });
  node.append(knob.node, value);
  return {
    node,
    draw(wide, { lr, momentum }, lambda) {
      width = wide;
      set(node, { width, height: 92, viewBox: `0 0 ${width} 92` });
      set(axis, { d: `M14 58H${width - 14}` });
      for (const [v, text] of ticks) set(text, { x: X(v), y: 88 });
      const from = X(clamp(EDGES.sgd(lambda), ...RATES));
      set(wrong, { x: from, y: 44, width: Math.max(0, width - 14 - from), height: 28 });
      set(warning, { x: width - 14, y: 13,
        text: `beyond 2/λ = ${num(EDGES.sgd(lambda))} plain descent grows` });
      set(title, { display: width < 430 ? "none" : null });
      for (const { name, line, mark } of edges) {
        const edge = EDGES[name](lambda, momentum), x = X(clamp(edge, ...RATES)),
          inside = edge <= RATES[1];
        set(line, { d: inside ? `M${x} 36V74` : "" });
        set(mark, { transform: `translate(${x},32)`, display: inside ? null : "none" });
      }
      knob.at(X(lr), 58, Math.log10(lr));
      set(value, { x: clamp(X(lr), 24, width - 24), y: 88, text: num(lr) });
      for (const [v, text] of ticks) set(text,
        { display: Math.abs(X(v) - X(lr)) < 38 ? "none" : null });
    },
  };
}

const STYLE = `
.bpw-descent .bpw-pair { display: flex; flex-wrap: wrap; gap: 8px 14px; margin: 6px 0; }
.bpw-descent .bpw-map { position: relative; touch-action: none; }
.bpw-descent .bpw-map canvas { border-radius: 8px; }
.bpw-descent .bpw-map svg { position: absolute; inset: 0; overflow: hidden; touch-action: none;
  cursor: crosshair; }
.bpw-descent .bpw-wrong { fill: var(--vermilion); fill-opacity: .16; }
.bpw-descent .bpw-racers { display: grid; gap: 3px; margin: 4px 0; }
.bpw-descent .bpw-racers button { display: grid; grid-template-columns: 26px 7em 1fr;
  align-items: center; text-align: left; width: 100%; padding: 1px 8px; min-height: 27px;
  background: var(--paper); color: var(--ink); border-color: var(--line); box-shadow: none; }
.bpw-descent .bpw-racers button[aria-pressed="false"] { opacity: .45; }
.bpw-descent .bpw-racers .num { text-align: right; font-weight: 400; font-size: 13px; }
.bpw-descent .bpw-start { fill: none; stroke: var(--ink); stroke-width: 2; }
.bpw-descent .bpw-halo { fill: none; stroke: var(--paper); stroke-width: 5; stroke-opacity: .8;
  stroke-linejoin: round; }`;

function build(ui) {
  const { state } = ui, land = ground(), strip = rates(ui);
  const over = svg("svg", { "aria-hidden": "true" });
  const star = svg("path", { class: "bpw-start" }),
    low = svg("path", { class: "bpw-start", d: "M-6-6L6 6M-6 6L6-6" });
  const runners = Object.entries(RACERS).map(([key, { look, name, mark }]) => {
    const halo = svg("path", { class: "bpw-halo" }),
      path = svg("path", { class: `curve ${look}`, "stroke-width": 2 });
    const dot = svg("path",
      { class: `fill ${look}`, d: mark, stroke: "var(--paper)", "stroke-width": 1.5,
      "stroke-dasharray": "none" });
    over.append(halo, path, dot);
    const value = h("span", { class: "num" });
    const made = button("",
      () => ui.put({ shown: state.shown.includes(key) ? state.shown.filter((k) => k !== key)
      : [...state.shown, key] }));
    made.node.append(svg("svg",
      { width: 18, height: 16, viewBox: "-9 -8 18 16", "aria-hidden": "true" },
      svg("path", { class: `fill ${look}`, d: mark })), h("span", { text: name }), value);
    return { key, halo, path, dot, value, show: made.show, node: made.node };
  });
  over.append(star, low);
  over.append(...runners.map(({ dot }) => dot));
  const chart = plot({ label: "height over the steps", x: [0, STEPS], y: [1e-8, 100], logY: true,
    xLabel: "step", yLabel: "height over the bottom", margin: { left: 40, right: 8 } });
  for (const runner of runners) runner.line = chart.curve(RACERS[runner.key].look);
  const cursor = svg("path", { class: "curve gray dots", "stroke-width": 1.5 });
  chart.above.append(cursor);
  const surfaces = choice("Surface", Object.entries(NAMES),
    (surface) => ui.put({ surface, x: STARTS[surface][0], y: STARTS[surface][1] }));
  const momentum = slider("momentum", { min: 0, max: 0.99, step: 0.01 },
    (x) => ui.put({ momentum: x }));
  const steps = slider("step", { min: 0, max: STEPS, step: 1 },
    (x) => { racing = false; ui.put({ step: Math.round(x) }); });
  let racing = false, clock = 0;
  const race = button("Race", () => {
    racing = !racing;
    if (!racing) return ui.redraw();
    clock = state.step >= STEPS ? 0 : state.step;
    if (reduced()) { racing = false; return ui.put({ step: STEPS }); }
    ui.loop((dt) => {
      if (!racing) return false;
      clock += 30 * dt;
      racing = clock < STEPS;
      ui.put({ step: Math.min(STEPS, Math.floor(clock)) });
      return racing;
    });
    ui.redraw();
  });
  const list = h("div", { class: "bpw-racers", role: "group", "aria-label": "racers" },
    ...runners.map((r) => r.node));
  const map = h("div", { class: "bpw-map", role: "application", tabindex: 0 }, land.canvas, over),
    right = h("div", {}, list, chart.node);
  let wide = 1, tall = 1;
  const X = (x) => ((x + WIDE) / (2 * WIDE)) * wide, Y = (y) => ((TALL - y) / (2 * TALL)) * tall;
  const start = (x, y) =>
    ui.put({ x: Number(clamp(x, -WIDE, WIDE).toFixed(2)),
    y: Number(clamp(y, -TALL, TALL).toFixed(2)) });
  drag(map, map, { move: (px, py) =>
    start((2 * WIDE * px) / wide - WIDE, TALL - (2 * TALL * py) / tall) });
  arrows(map, (dx, dy) => start(state.x + 0.05 * dx, state.y + 0.05 * dy));
  ui.body.append(h("style", { text: STYLE }), row(surfaces),
    h("div", { class: "bpw-pair" }, map, right), strip.node, row(race, steps, momentum));

  return (s) => {
    const side = ui.width >= 640, lambda = curvature(s.surface),
      bottom = SURFACES[s.surface].of(...BOTTOM[s.surface]);
    wide = side ? Math.round(ui.width * 0.58) : ui.width;
    tall = Math.round((wide * TALL) / WIDE);
    set(over, { width: wide, height: tall, viewBox: `0 0 ${wide} ${tall}` });
    const here = `(${num(s.x)}, ${num(s.y)})`, style = `width: ${wide}px; height: ${tall}px`;
    set(map, { style, "aria-label": `${NAMES[s.surface]}; arrow keys move the start, now ${here}` });
    land.paint(s.surface, wide, tall, ui.color("paper"), ui.color("ink"));
    const rest = side ? ui.width - wide - 14 : ui.width;
    list.style.width = `${rest}px`;
    chart.size(rest, side ? Math.max(130, tall - 165) : 170);
    for (const { key, halo, path, dot, value, line, show } of runners) {
      const places = raced(key, s), on = s.shown.includes(key), now = places.slice(0, s.step + 1),
        at = now.at(-1), gone = places.length <= s.step;
      const d = on ? now.map(([x, y], i) =>
        `${i ? "L" : "M"}${X(x).toFixed(1)} ${Y(y).toFixed(1)}`).join("") : "";
      set(halo, { d });
      set(path, { d });
      set(dot, { transform: `translate(${X(at[0]).toFixed(1)},${Y(at[1]).toFixed(1)})`,
        display: on ? null : "none" });
      line.points(on ? places.map(([, , v], t) => [t, Math.max(v - bottom, 1e-9)]) : []);
      set(value, { text: gone ? `✗ away at step ${places.length}` : num(at[2] - bottom, 2) });
      show(on);
    }
    set(star, { d: `M${X(s.x) - 11} ${Y(s.y)}a11 11 0 1 0 22 0a11 11 0 1 0-22 0Z` });
    set(low, { transform: `translate(${X(BOTTOM[s.surface][0])},${Y(BOTTOM[s.surface][1])})` });
    set(cursor, { d: `M${chart.X(s.step)} ${chart.Y(1e-8)}V${chart.Y(100)}` });
    strip.draw(ui.width, s, lambda);
    surfaces.show(s.surface);
    momentum.show(s.momentum);
    steps.show(s.step);
    set(race.node, { text: racing ? "Pause" : "Race" });
  };
}

export default widget({
  name: "Descent",
  fields: {
    surface: oneOf(...Object.keys(NAMES)), x: within(-WIDE, WIDE), y: within(-TALL, TALL),
      lr: within(...RATES), momentum: within(0, 0.99),
    step: (n) => (Number.isInteger(n) && n >= 0
      && n <= STEPS ? "" : `a whole number from 0 to ${STEPS}`),
    shown: (list) => (Array.isArray(list)
      && list.every((key) => key in RACERS) ? "" : `some of ${Object.keys(RACERS).join(", ")}`),
  },
  build,
  words,
});
