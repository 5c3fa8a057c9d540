// Losses: three logits to drag. Each column shows a logit, its probability, and between what is said
// and what is true the gradient; below, the loss in one step beside the loss in five.
import {
  widget, plot, slider, choice, row, handle, head, svg, h, set, within, oneOf, clamp,
} from "./draw.js";
import { logSoftmax, softmaxCrossEntropy, unfusedCrossEntropy } from "./math.js";
import { num } from "./numbers.js";

const CLASSES = ["cat", "dog", "owl"];
const LIMIT = 4; // of a logit before it is magnified

const settled = (x) => (Math.abs(x) < 1e-9 ? 0 : x); // below, rounding errors decide
const list = (numbers) => Array.from(numbers, (x) => num(x)).join(", ");

// Everything shown, from the state.
function measured({ logits, scale, truth }) {
  const z = logits.map((x) => scale * x);
  const one = softmaxCrossEntropy(Float64Array.from(z), [truth], 3);
  const p = logSoftmax(z).map(Math.exp);
  return { z, p, ...one, steps: unfusedCrossEntropy(z, truth) };
}

function whyBroken(z, { e, sum, p, loss, dz }) {
  if (e.includes(Infinity)) return `exp(${num(Math.max(...z))}) is more than a float64 can hold`;
  if (sum === 0) return "every exponential rounds to 0, and 0 / 0 is no number";
  if (loss === Infinity) return "the probability rounds to 0, whose logarithm is −∞";
  return [...dz, ...p].every(Number.isFinite) ? "" : "a step divides by 0";
}

export function words(state) {
  const { z, p, loss, dz, steps } = measured(state);
  const why = whyBroken(z, steps);
  return [
    `Losses: the logits ${list(z)} give the probabilities ${list(p)}; ` +
      `the truth is ${CLASSES[state.truth]}.`,
    `In one step, the loss is ${num(loss)} and its gradient p − y is ${list(dz.map(settled))}.`,
    `Step by step, the loss is ${num(steps.loss)} and its gradient is ${list(steps.dz.map(settled))}` +
      (why ? `: ${why}.` : "."),
  ].join("\n");
}

// A list of steps with their numbers, the broken ones marked.
function lane(title, names) {
  const rows = names.map((name) => {
    const value = h("span", { class: "num" });
    return { value, node: h("div", { class: "bpw-step" }, h("span", { class: "muted", text: name }),
      value) };
  });
  const verdict = h("div", { class: "bpw-verdict" });
  const node = h("section", { class: "bpw-lane", "aria-label": title },
    h("div", { class: "strong", text: title }), ...rows.map((r) => r.node), verdict);
  return {
    node,
    show(values, why) {
      values.forEach((value, i) => {
        const bad = !value.every(Number.isFinite);
        set(rows[i].value, { text: (bad ? "✗ " : "") + list(value),
          class: bad ? "num said vermilion strong" : "num" });
      });
      set(verdict, { text: why ? `✗ Breaks: ${why}.` : "✓ Holds.",
        class: `bpw-verdict said ${why ? "vermilion" : "green"}` });
    },
  };
}

const STYLE = `
.bpw-losses .bpw-two { display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 270px), 1fr)); gap: 10px;
  margin-top: 10px; }
.bpw-losses .bpw-lane { border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px;
  min-width: 0; }
.bpw-losses .bpw-step { display: flex; justify-content: space-between; gap: 10px;
  white-space: nowrap; font-size: 13px; line-height: 1.65; }
.bpw-losses .bpw-verdict { margin-top: 4px; font-weight: 600; min-height: 2.9em; }
.bpw-losses .bpw-pair { display: flex; flex-wrap: wrap; gap: 14px; align-items: flex-end; }
.bpw-losses .bpw-bar { fill: var(--muted); fill-opacity: .38; }
.bpw-losses .bpw-gap { fill: var(--blue); fill-opacity: .16; }
@container (max-width: 420px) { .bpw-losses .bpw-step { display: block; }
  .bpw-losses .bpw-step span { display: block; } }`;

function column(frame, k, put, state) {
  const track = svg("path", { class: "grid" });
  const stem = svg("path", { class: "curve ink", "stroke-width": 4 });
  const push = svg("path", { class: "curve blue" });
  const tip = svg("path", { class: "fill blue" });
  const wanted = svg("path", { class: "curve ink dash", "stroke-width": 1.5 });
  const bar = svg("rect", { class: "bpw-bar" }), area = svg("rect", { class: "bpw-gap" });
  const gap = svg("path", { class: "curve blue", "stroke-width": 4 });
  const gapTip = svg("path", { class: "fill blue" });
  const said = svg("text", { class: "mid strong" });
  const gradient = svg("text");
  const value = svg("text", { class: "small" });
  const name = svg("text", { class: "mid strong" });
  const knob = handle(frame, {
    label: `logit of ${CLASSES[k]}`, min: -LIMIT, max: LIMIT, step: 0.1, color: "ink", r: 9,
    get: () => state.logits[k],
    put: (x) => put({ logits: state.logits.map((old, j) => (j === k ? x : old)) }),
    to: (px, py) => Math.round(100 * (LIMIT - (2 * LIMIT * (py - frame.top)) / frame.tall)) / 100,
  });
  frame.append(track, stem, push, tip, bar, area, wanted, gap, gapTip, said, gradient, value, name,
    knob.node);
  return (x, wide, narrow, { logits, truth }, { p, dz }) => {
    const { top, tall, base, full } = frame;
    const at = top + (tall * (LIMIT - logits[k])) / (2 * LIMIT), zero = top + tall / 2;
    set(track, { d: `M${x} ${top}V${top + tall}` });
    set(stem, { d: `M${x} ${zero}V${at}` });
    knob.at(x, at, logits[k]);
    set(value, { x: x + 15, y: at + 4, text: num(logits[k]) });
    const length = -dz[k] * 56, end = at - length;
    set(push, { d: Math.abs(length) > 1 ? `M${x - 20} ${at}V${end + Math.sign(length) * 4}` : "" });
    set(tip, { d: Math.abs(length) > 1 ? head(x - 20, end, 0, -length, 9) : "" });
    const half = wide / 2, level = base - full * p[k], target = k === truth ? base - full : base;
    set(bar, { x: x - half, y: level, width: wide, height: Math.max(0, base - level) });
    set(wanted, { d: `M${x - half} ${base}V${target}H${x + half}V${base}` });
    set(area, { x: x - half, y: Math.min(level, target), width: wide,
      height: Math.abs(level - target) });
    const side = x + half + 9, far = Math.abs(level - target) > 2;
    set(gap, { d: far ? `M${side} ${target}V${level + Math.sign(target - level) * 5}` : "" });
    set(gapTip, { d: far ? head(side, level, 0, level - target, 10) : "" });
    set(said, { x, y: clamp(level - 5, base - full + 14, base - 5),
      text: num(p[k], narrow ? 2 : 3) });
    set(gradient, narrow
      ? { x, y: base + 35, class: "on blue strong mid", text: num(dz[k], 2) }
      : { x: side + 8, y: Math.min((level + target) / 2 + 4, base - 7), class: "on blue strong",
        text: num(dz[k]) });
    set(name, { x, y: base + 18, text: CLASSES[k] + (k === truth ? " ✓" : "") });
  };
}

function build(ui) {
  const frame = svg("svg", { role: "group", "aria-label": "logits and probabilities" });
  const heading = svg("text",
    { class: "muted", y: 13, text: "logits z, and where descent pushes them" });
  const second = svg("text", { class: "muted" });
  const zero = svg("path", { class: "axis" }), floor = svg("path", { class: "axis" });
  const marks = [LIMIT, 0,
    -LIMIT].map((v) => svg("text", { class: "small muted end", text: num(v) }));
  frame.append(heading, second, zero, floor, ...marks);
  const columns = CLASSES.map((_, k) => column(frame, k, ui.put, ui.state));

  const curve = plot({ label: "the loss over the probability of the truth", x: [0, 1], y: [0, 6],
    xLabel: "p of the truth", yLabel: "loss = −log p", margin: { left: 34 } });
  const line = curve.curve("ink");
  const drop = svg("path", { class: "curve gray dots", "stroke-width": 1.5 });
  const dot = svg("circle", { class: "fill vermilion", r: 7 }), reads = curve.text("strong end");
  curve.above.append(drop, dot);

  const truth = choice("The truth is", CLASSES.map((name, k) => [k, name]),
    (k) => ui.put({ truth: k }));
  const scale = slider("multiply the logits by", { min: 1, max: 1000, scale: "log", step: 0.01 },
    (x) => ui.put({ scale: Number(x.toPrecision(3)) }));
  const five = lane("Step by step",
    ["e = exp(z)", "their sum", "p = e / sum", "loss = −log p", "back through each"]);
  const one = lane("In one step", ["z − max z", "log of the sum", "p", "loss", "gradient = p − y"]);
  ui.body.append(h("style", { text: STYLE }), h("div", { class: "bpw-pair" }, frame, curve.node),
    row(truth, scale), h("div", { class: "bpw-two" }, five.node, one.node));

  return (s) => {
    const found = measured(s), side = ui.width >= 620;
    const width = side ? Math.round(ui.width * 0.64) : ui.width;
    Object.assign(frame, { top: 30, tall: 150, base: 360, full: 130 });
    const height = ui.width < 420 ? 404 : 386;
    set(frame, { width, height, viewBox: `0 0 ${width} ${height}` });
    const left = 30, each = (width - left) / 3, wide = Math.min(64, each * 0.42);
    set(second, { y: 213, text: "probabilities p, and the truth y (dashed)" });
    set(zero, { d: `M${left} ${frame.top + frame.tall / 2}H${width}` });
    set(floor, { d: `M${left} ${frame.base}H${width}` });
    marks.forEach((mark, i) => set(mark, { x: left - 8, y: frame.top + (frame.tall * i) / 2 + 4 }));
    columns.forEach((draw, k) => draw(left + each * (k + 0.4), wide, ui.width < 420, s, found));
    curve.size(side ? ui.width - width - 14 : ui.width, side ? 386 : 200);
    line.of((p) => -Math.log(p), "loss");
    const [x, y] = [curve.X(found.p[s.truth]), curve.Y(clamp(found.loss, 0, 6))];
    set(drop, { d: `M${x} ${curve.Y(0)}V${y}` });
    set(dot, { cx: x, cy: y });
    set(reads, { x: curve.width - 16, y: 34,
      text: `loss ${num(found.loss)}${found.loss > 6 ? " ↑" : ""}` });
    const top = Math.max(...found.z), { e, sum, p, loss, dz } = found.steps;
    five.show([e, [sum], p, [loss], dz], whyBroken(found.z, found.steps));
    const shifted = found.z.map((x) => x - top);
    one.show([shifted, [-logSoftmax(found.z)[found.z.indexOf(top)]], found.p, [found.loss],
      found.dz], "");
    truth.show(s.truth);
    scale.show(s.scale);
  };
}

export default widget({
  name: "Losses",
  fields: {
    logits: (z) => (Array.isArray(z) && z.length === 3
      && z.every((x) => !within(-LIMIT, LIMIT)(x)) ? "" : "three numbers from −4 to 4"),
    scale: within(1, 1000),
    truth: oneOf(0, 1, 2),
  },
  build,
  words,
});
