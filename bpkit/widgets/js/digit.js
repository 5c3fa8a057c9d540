// Draw a digit: strokes on a pad become 64 pixels; a network of bpkit says what it sees, and the
// gradient of one class's log probability comes back to the pixels.
import { widget, button, row, drag, arrows, svg, h, set, clamp } from "./draw.js";
import { ink } from "./data.js";
import { backward, forward, logSoftmax } from "./math.js";
import { fitted } from "./network.js";
import { num } from "./numbers.js";

const PAD = 100, MOST_DOTS = 2000;

// Bytes to layers; `weights` is a DataView of float64, W then b of each layer.
const unpacked = new WeakMap();
function network(sizes, weights) {
  if (unpacked.has(weights)) return unpacked.get(weights);
  const all = Float64Array.from({ length: weights.byteLength / 8 },
    (_, i) => weights.getFloat64(8 * i, true));
  let from = 0;
  const layers = sizes.slice(1).map((M, i) => {
    const D = sizes[i], W = all.subarray(from, from + D * M),
      b = all.subarray(from + D * M, (from += (D + 1) * M));
    return { W, b, D, M, phi: i < sizes.length - 2 ? "relu" : "linear" };
  });
  unpacked.set(weights, layers);
  return layers;
}

// The pixels, the probabilities, the class that is shown, and the gradient of its log probability.
export function seen({ strokes, sizes, weights, target }) {
  const layers = network(sizes, weights), pixels = ink(strokes), kept = forward(layers, pixels, 1);
  const p = logSoftmax(kept.H.at(-1)).map(Math.exp),
    shown = target < 0 ? p.indexOf(Math.max(...p)) : target;
  const [{ dX }] = backward(layers, kept, p.map((q, k) => (k === shown) - q));
  return { pixels, p, shown, gradient: dX };
}

export function words(state) {
  const { pixels, p, shown, gradient } = seen(state);
  const [first, second, third] = [...p.keys()].sort((a, b) => p[b] - p[a] || a - b);
  const up = gradient.indexOf(Math.max(...gradient)),
    down = gradient.indexOf(Math.min(...gradient));
  const place = (i) => `row ${(i >> 3) + 1}, column ${(i % 8) + 1}`;
  const rows = Array.from({ length: 8 },
    (_, r) => Array.from(pixels.slice(8 * r, 8 * r + 8),
    (v) => String(Math.floor(10 * v + 0.5)).padStart(2)).join(" "));
  return [
    `DrawDigit:${pixels.some((v) => v) ? "" : " nothing is drawn; still,"} the network sees a ${first}, ` +
      `with probability ${num(p[first])}; ` +
      `then ${second} (${num(p[second])}) and ${third} (${num(p[third])}).`,
    `For a ${shown}, ink matters most at ${place(up)}, ` +
      `where it raises the log probability by ${num(gradient[up])} a unit, ` +
      `and at ${place(down)}, where it changes it by ${num(gradient[down])}.`,
    "The ink in tenths, row by row:",
    ...rows,
  ].join("\n");
}

const STYLE = `
.bpw-drawdigit .bpw-three { display: grid;
  grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 6px 16px; justify-items: start;
  }
.bpw-drawdigit .bpw-pad { border: 1px solid var(--line); border-radius: 8px; cursor: crosshair;
  background: var(--paper); }
.bpw-drawdigit .bpw-head { font-size: 13px; margin-bottom: 4px; color: var(--muted); }
.bpw-drawdigit .bpw-answer { font-size: 17px; font-weight: 650; min-height: 1.5em; margin: 8px 0 0;
  }
.bpw-drawdigit .bpw-bars { display: grid; gap: 2px; width: 100%; }
.bpw-drawdigit .bpw-bars button { display: grid; grid-template-columns: 1.4em 1fr 4.9em;
  align-items: center; gap: 6px; width: 100%; min-height: 0; padding: 0 6px;
  border: 1.5px solid transparent; background: transparent; box-shadow: none; color: var(--ink);
  text-align: left; }
.bpw-drawdigit .bpw-bars button[aria-checked="true"] { border-color: var(--blue);
  background: var(--faint); color: var(--ink); }
.bpw-drawdigit .bpw-bar { height: 10px; border-radius: 3px; background: var(--muted);
  min-width: 1px; }
.bpw-drawdigit .bpw-best .bpw-bar { background: var(--ink); }
.bpw-drawdigit .bpw-bars .num { text-align: right; font-weight: 400; }
@container (max-width: 420px) { .bpw-drawdigit .bpw-answer { min-height: 3em; } }
.bpw-drawdigit .bpw-sign { stroke-width: 2; fill: none; }`;

function build(ui) {
  const { state } = ui;
  const pad = h("canvas", { class: "bpw-pad", tabindex: 0, role: "application" });
  const cells = Array.from({ length: 64 },
    () => [svg("rect", {}), svg("rect", { class: "fill ink" }),
    svg("path", { class: "bpw-sign" })]);
  const eye = svg("svg", { role: "img", "aria-label": "the 64 pixels and their gradient" },
    ...cells.flat());
  const title = h("div", { class: "bpw-head" });
  const bars = Array.from({ length: 10 }, (_, k) => {
    const bar = h("span", { class: "bpw-bar" }), value = h("span", { class: "num" });
    const made = button("", () => ui.put({ target: state.target === k ? -1 : k }),
      { role: "radio", "aria-label": `gradient for a ${k}` });
    made.node.append(h("span", { text: k }), bar, value);
    return { node: made.node, bar, value };
  });
  const answer = h("p", { class: "bpw-answer", role: "status" });
  const lift = (changes) => { down = false; ui.put(changes); };
  const back = () => lift({ strokes: state.strokes.slice(0, -1) });
  const undo = button("Undo a stroke", back);
  const clear = button("Clear", () => lift({ strokes: [], target: -1 }));
  const help = h("span",
    { class: "muted", text: "Keys: arrows move the pen, Space lowers or lifts it." });
  let pen = [50, 50], down = false, look = null;

  const dots = () => state.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  const begin = (at) => ui.put({ strokes: [...state.strokes, [at]] });
  // The last dot follows the pen; it stays behind once it is 1.5 from the one before.
  const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  function go(at) {
    const last = state.strokes.at(-1);
    if (!last) return begin(at);
    const [before, end] = last.slice(-2);
    if (apart(at, end ?? before) === 0) return;
    const stays = !end || apart(before, end) >= 1.5;
    if (stays && dots() >= MOST_DOTS) return;
    const stroke = [...(stays ? last : last.slice(0, -1)), at];
    ui.put({ strokes: [...state.strokes.slice(0, -1), stroke] });
  }
  const place = (x, y) =>
    [x, y].map((v) => Math.round(clamp((PAD * v) / pad.clientWidth, 0, PAD) * 10) / 10);
  drag(pad, pad, { start: (x, y) => { down = false; begin((pen = place(x, y))); },
    move: (x, y) => go((pen = place(x, y))) });
  arrows(pad, (dx, dy) => {
    pen = [pen[0] + 2 * dx, pen[1] - 2 * dy].map((v) => clamp(v, 0, PAD));
    if (down) go(pen);
    ui.redraw();
  });
  set(pad, { onkeydown: (event) => {
    if (![" ", "Enter", "Backspace"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Backspace") back();
    else if ((down = !down)) begin(pen);
    ui.redraw();
  }, onfocus: () => ui.redraw(), onblur: () => ui.redraw() });

  ui.onTheme(() => { look = null; });
  ui.body.append(h("style", { text: STYLE }),
    h("div", { class: "bpw-three" },
      h("div", {}, h("div", { class: "bpw-head", text: "draw here" }), pad),
      h("div", {}, title, eye),
      h("div", { style: "width: 100%" },
        h("div", { class: "bpw-head", text: "what it sees; pick one to aim at" }),
        h("div", { class: "bpw-bars", role: "radiogroup", "aria-label": "digits" },
        ...bars.map((b) => b.node)))),
    answer, row(clear, undo, help));

  function paint(size) {
    look ??= Object.fromEntries(["ink", "line", "blue"].map((name) => [name, ui.color(name)]));
      // on the page by now
    const context = fitted(pad, size, size), unit = size / PAD;
    context.strokeStyle = look.line;
    context.lineWidth = 1;
    context.setLineDash([3, 5]);
    context.strokeRect(0.22 * size, 0.06 * size, 0.56 * size, 0.88 * size);
    context.setLineDash([]);
    Object.assign(context,
      { strokeStyle: look.ink, lineWidth: 7 * unit, lineCap: "round", lineJoin: "round" });
    for (const stroke of state.strokes) {
      context.beginPath();
      const [first, last] = [stroke[0], stroke.at(-1)];
      context.moveTo(first[0] * unit, first[1] * unit + 0.01);
      stroke.slice(1).forEach(([x, y], i) => {
        const [px, py] = stroke[i];
        context.quadraticCurveTo(px * unit, py * unit, ((px + x) / 2) * unit,
          ((py + y) / 2) * unit);
      });
      context.lineTo(last[0] * unit, last[1] * unit);
      context.stroke();
    }
    if (document.activeElement !== pad) return;
    Object.assign(context, { strokeStyle: look.blue, fillStyle: look.blue, lineWidth: 2 });
    context.beginPath();
    context.arc(pen[0] * unit, pen[1] * unit, 8, 0, 7);
    context.stroke();
    if (down) context.fill();
  }

  return (s) => {
    const found = seen(s), wide = ui.width >= 640,
      size = wide ? Math.round(clamp(ui.width * 0.31, 200, 300)) : Math.min(ui.width, 300);
    paint(size);
    const unit = size / 8, most = Math.max(...found.gradient.map(Math.abs)) || 1;
    set(eye, { width: size, height: size, viewBox: `0 0 ${size} ${size}` });
    cells.forEach(([tile, core, sign], i) => {
      const x = (i % 8) * unit, y = (i >> 3) * unit, part = found.gradient[i] / most,
        mark = 0.1 + 0.16 * Math.abs(part);
      set(tile, { x: x + 0.5, y: y + 0.5, width: unit - 1, height: unit - 1, rx: 3,
        class: `fill ${part < 0 ? "orange" : "blue"}`,
        "fill-opacity": (0.85 * Math.abs(part)).toFixed(3) });
      const side = unit * 0.62 * Math.sqrt(found.pixels[i]);
      set(core, { x: x + (unit - side) / 2, y: y + (unit - side) / 2, width: side, height: side,
        rx: 2 });
      const [cx, cy] = [x + unit / 2, y + unit / 2], r = mark * unit, clear = Math.abs(part) > 0.25;
      const minus = `M${cx - r} ${cy}h${2 * r}`, plus = `${minus}M${cx} ${cy - r}v${2 * r}`;
      set(sign, { d: clear ? (part > 0 ? plus : minus) : "", stroke: `var(--${side > 0.4 * unit ? "paper" : "ink"})` });
    });
    const best = found.p.indexOf(Math.max(...found.p));
    set(title, { text: `for a ${found.shown}: + more ink, − less` });
    bars.forEach(({ node, bar, value }, k) => {
      set(node, { "aria-checked": String(k === found.shown),
        class: k === best ? "bpw-best" : null });
      node.style.height = `${(size - 18) / 10}px`;
      bar.style.width = `${(100 * found.p[k]).toFixed(1)}%`;
      set(value, { text: num(found.p[k], 2) });
    });
    const drawn = found.pixels.some((v) => v);
    set(answer, { text: drawn ? `It sees a ${best}, with probability ${num(found.p[best])}.`
      : "Nothing is drawn yet. Draw a digit from 0 to 9." });
    const held = `${down ? "down" : "up"} at ${num(pen[0])}, ${num(pen[1])}`;
    set(pad, { "aria-label": `drawing pad; arrow keys move the pen, Space lowers or lifts it; ` +
      `the pen is ${held}; seen: ${best}` });
  };
}

const isDot = (d) => Array.isArray(d) && d.length === 2 && d.every((v) => v >= 0 && v <= PAD);
export default widget({
  name: "DrawDigit",
  fields: {
    sizes: (s) => (Array.isArray(s) && s[0] === 64 && s.at(-1) === 10 ? "" : "sizes from 64 to 10"),
    weights: (w) => (w?.byteLength > 0 && w.byteLength % 8 === 0 ? "" : "the bytes of a network"),
    strokes: (s) => (Array.isArray(s) && s.flat().length <= MOST_DOTS
      && s.every((stroke) => Array.isArray(stroke) && stroke.length > 0 && stroke.every(isDot)) ? ""
      : `lists of at most ${MOST_DOTS} points [x, y], 0 to ${PAD}`),
    target: (k) => (Number.isInteger(k) && k >= -1 && k <= 9 ? "" : "a whole number from −1 to 9"),
  },
  build,
  words,
});
