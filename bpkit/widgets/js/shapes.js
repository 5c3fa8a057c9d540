// Shapes: the blocks of an affine layer and of its gradients, in sizes to drag. Which products have
// a gradient's shape, and are they the gradient? Each is held against the one found by nudging.
import { widget, button, choice, row, handle, svg, h, set, within, oneOf } from "./draw.js";
import { draws } from "./data.js";
import { dense, matmul, sumRows, transpose } from "./math.js";
import { num } from "./numbers.js";

const LARGEST = 7, NUDGE = 1e-3;
const OF = { dX: "X", dW: "W", db: "b" };

// A block is { rows, cols, a }; a vector is a block of one row that says so.
const block = (rows, cols, a, vector = false) => ({ rows, cols, a, vector });
const shape = ({ rows, cols, vector }) =>
  (vector ? (cols === 1 && rows === 0 ? "()" : `(${cols},)`) : `(${rows}, ${cols})`);
const turn = (b) => block(b.cols, b.rows, transpose(b.a, b.rows, b.cols));

// The layer of the sizes that were asked for last: every picture and every word starts from it.
let known = null;
function layer({ N, D, M }) {
  const sizes = [N, D, M].join();
  if (known?.sizes === sizes) return known;
  const random = draws(7);
  const X = block(N, D, random.normals(N * D)), W = block(D, M, random.normals(D * M));
  const b = block(1, M, random.normals(M), true), dY = block(N, M, random.normals(N * M));
  const Y = block(N, M, dense(X.a, W.a, b.a, N, D, M));
  return (known = { sizes, X, W, b, Y, dY, ...nudged({ X, W, b }, dY) });
}

// The gradients of the sum of Y * dY, each entry nudged up and down.
function nudged(inputs, dY) {
  const { X, W, b } = inputs;
  const loss = () => dense(X.a, W.a, b.a, X.rows, X.cols,
    W.cols).reduce((sum, y, i) => sum + y * dY.a[i], 0);
  return Object.fromEntries(Object.entries(inputs).map(([name, { rows, cols, a, vector }]) => {
    const slopes = a.map((old, i) => {
      a[i] = old + NUDGE;
      const up = loss();
      a[i] = old - NUDGE;
      const down = loss();
      a[i] = old;
      return (up - down) / (2 * NUDGE);
    });
    return [`d${name}`, block(rows, cols, slopes, vector)];
  }));
}

// Both orders and all transposes of two factors, or what can be summed.
function products(one, two) {
  const turned = [[false, false], [true, false], [false, true], [true, true]];
  return [[one, two], [two, one]].flatMap(([left, right]) => turned.map(([tl, tr]) => {
    const names = [left + (tl ? ".T" : ""), right + (tr ? ".T" : "")];
    const factors = (all) => [tl ? turn(all[left]) : all[left], tr ? turn(all[right]) : all[right]];
    return { text: names.join(" @ "), names, factors,
      of: (A, B) => block(A.rows, B.cols, matmul(A.a, B.a, A.rows, A.cols, B.cols)) };
  }));
}
const summed = (text, name, of) => ({ text, names: [name], factors: (all) => [all[name]], of });
const overRows = ({ a, rows, cols }) => block(1, cols, sumRows(a, rows, cols), true);
const CANDIDATES = {
  dW: products("X", "dY"),
  dX: products("dY", "W"),
  db: [
    summed("dY.sum(axis=0)", "dY", overRows),
    summed("dY.sum(axis=1)", "dY", (A) => overRows(turn(A))),
    summed("dY.mean(axis=0)", "dY",
      (A) => block(1, A.cols, overRows(A).a.map((x) => x / A.rows), true)),
    summed("dY.sum()", "dY", (A) => block(0, 1, [A.a.reduce((x, y) => x + y, 0)], true)),
    summed("X.sum(axis=0)", "X", overRows),
  ],
};

// For each candidate: its factors and result, whether it fits, and how far it is off.
export function judged(state) {
  const all = layer(state), truth = all[state.target], most = Math.max(...truth.a.map(Math.abs));
  return {
    all, truth,
    list: CANDIDATES[state.target].map((candidate) => {
      const factors = candidate.factors(all), [A, B] = factors;
      const clash = B && A.cols !== B.rows, result = clash ? null : candidate.of(...factors);
      const fits = !clash && shape(result) === shape(truth);
      const off = fits ? Math.max(...truth.a.map((x, i) => Math.abs(x - result.a[i]))) / most
        : null;
      return { ...candidate, factors, result, clash, fits, off, right: fits && off < 1e-6 };
    }),
  };
}

function verdict(one, target) {
  if (one.clash) return `can't: inner sizes ${one.factors[0].cols} and ${one.factors[1].rows}`;
  if (!one.fits) return `${shape(one.result)}, not ${OF[target]}'s shape`;
  return one.right ? "right: equals nudging" : `fits, and is off by ${num(100 * one.off, 2)} %`;
}

function summary({ list, truth }, target) {
  const fitting = list.filter((one) => one.fits).length,
    what = target === "db" ? "candidates" : "products";
  const has = `${fitting} of ${list.length} ${what} ${fitting === 1 ? "has" : "have"} ` +
    `${OF[target]}'s shape ${shape(truth)}`;
  if (fitting === 1) return `${has}: the shapes alone decide.`;
  const right = list.filter((one) => one.right).length;
  if (right > 1) return `${has}; ${right} are right. A size of 1 hides the mistakes.`;
  return `${has}; one is right. Shapes alone don't decide.`;
}

export function words(state) {
  const found = judged(state), { X, W, b, Y } = found.all;
  return [
    `Shapes: X is ${shape(X)}, W ${shape(W)}, b ${shape(b)}, Y ${shape(Y)}; ` +
      `N = ${state.N}, D = ${state.D}, M = ${state.M}.`,
    `For ${state.target}, ${summary(found, state.target)}`,
    ...found.list.map((one) => `${one.text}: ${verdict(one, state.target)}.`),
  ].join("\n");
}

// A block drawn cell by cell: the stronger the color the larger the number; a dash is a minus. The
// cells stay where they are, and are painted only when their numbers are others.
function grid(parent, cls = "") {
  const label = svg("text", { class: `mid ${cls}` });
  const cells = Array.from({ length: LARGEST ** 2 }, () => svg("rect", { rx: 1.5 }));
  const minus = svg("path", { class: "bpw-minus" }),
    outline = svg("rect", { class: "bpw-outline", x: -1.5, y: -1.5, rx: 2 });
  const node = svg("g", {}, ...cells, minus, outline, label);
  let painted = "";
  function paint(unit, rows, cols, a) {
    const most = Math.max(...a.map(Math.abs)) || 1;
    let dashes = "";
    cells.forEach((cell, i) => {
      const r = Math.floor(i / LARGEST), c = i % LARGEST, v = a[r * cols + c];
      if (r >= rows || c >= cols) { set(cell, { display: "none" }); return; }
      set(cell, { display: null, x: c * unit + 0.75, y: r * unit + 0.75, width: unit - 1.5,
        height: unit - 1.5, class: v < 0 ? "fill orange" : "fill blue",
        "fill-opacity": (0.08 + (0.8 * Math.abs(v)) / most).toFixed(3) });
      if (v < 0) dashes += `M${(c + 0.3) * unit} ${(r + 0.5) * unit}h${unit * 0.4}`;
    });
    set(minus, { d: dashes });
    set(outline, { width: cols * unit + 3, height: rows * unit + 3 });
  }
  parent.append(node);
  return {
    node, outline,
    show(x, y, unit, { rows, cols, a }, text, below = false) {
      rows ||= 1;
      const now = [unit, rows, cols, ...a].join();
      if (now !== painted) paint(unit, rows, cols, a);
      painted = now;
      set(node, { transform: `translate(${x},${y})` });
      set(label, { x: (cols * unit) / 2, y: below ? rows * unit + 16 : -7, text });
    },
  };
}

// X, W, b and Y, or their gradients, each in its place: W above Y, X to the left.
function scheme(ui, prefix, title) {
  const node = svg("svg", { role: "group", "aria-label": title });
  const caption = svg("text", { class: "muted", y: 13, text: title });
  node.append(caption);
  const parts = Object.fromEntries(["X", "W", "b",
    "Y"].map((name) => [name, grid(node, prefix ? "on blue strong" : "strong")]));
  if (prefix) for (const [target, of] of Object.entries(OF)) {
    set(parts[of].node, { class: "bpw-pick", onclick: () => ui.put({ target, pick: 0 }) });
  }
  const knobs = prefix ? [] : ["N", "D", "M"].map((size) => {
    const knob = handle(node,
      { label: `${size}, from 1 to ${LARGEST}`, min: 1, max: LARGEST, step: 1, r: 7, color: "green",
      get: () => ui.state[size], put: (n) => { ui.put({ [size]: Math.round(n) }); ui.redraw(); },
      left: () => ui.redraw(),
      to: (x, y) => ({ N: (y - node.cy) / node.unit, D: (node.cx - x) / node.unit,
        M: (x - node.cx) / node.unit })[size] });
    const name = svg("text", { class: "on green strong" });
    node.append(name, knob.node);
    return { size, knob, name };
  });
  return {
    node,
    draw(width, s, all) {
      const unit = Math.min(22, Math.floor((width - 100) / (2 * LARGEST))), gap = 24;
      const cx = 8 + LARGEST * unit + gap, cy = 40 + LARGEST * unit + gap + unit + 6,
        height = cy + LARGEST * unit + 26;
      Object.assign(node, { unit, cx, cy });
      set(node, { width, height, viewBox: `0 0 ${width} ${height}` });
      const name = (key) => prefix + key, text = (key) => `${name(key)} ${shape(all[name(key)])}`;
      parts.X.show(cx - gap - s.D * unit, cy, unit, all[name("X")], text("X"), true);
      parts.W.show(cx, cy - gap - 6 - unit - s.D * unit, unit, all[name("W")], text("W"));
      parts.b.show(cx, cy - 6 - unit, unit, all[name("b")], text("b"));
      parts.Y.show(cx, cy, unit, all[name("Y")], text("Y"), true);
      for (const target of Object.keys(OF)) if (prefix) set(parts[OF[target]].outline,
        { class: `bpw-outline${target === s.target ? " picked" : ""}` });
      const right = cx + s.M * unit + 14, over = cy - gap - 6 - unit;
      const places = { N: (n) => [right, cy + n * unit],
        D: (n) => [cx - gap - n * unit, cy - 14],
        M: (n) => [cx + n * unit + 14, over - (s.D * unit) / 2] };
      for (const { size, knob, name: tag } of knobs) {
        const [x, y] = places[size](knob.free(s[size]));
        knob.at(x, y, s[size]);
        set(tag, { x: x + (size === "D" ? -6 : 12), y: y + (size === "D" ? -12 : 5),
          text: `${size} = ${s[size]}` });
      }
    },
  };
}

// The picked product, its result, and beside it the truth.
function equation() {
  const node = svg("svg",
    { role: "img", "aria-label": "the picked product beside the gradient found by nudging" });
  const parts = [0, 1, 2, 3].map((i) => grid(node, i === 3 ? "on blue strong" : "strong"));
  const signs = ["@", "=", "?"].map((text) => svg("text", { class: "big mid strong", text }));
  node.append(...signs);
  return {
    node,
    draw(width, { factors, names, result, clash, fits, right }, truth, target) {
      const two = width < 560,
        unit = Math.min(24, Math.floor((width - (two ? 60 : 130)) / ((two ? 2 : 4) * LARGEST)));
      const line = 30 + LARGEST * unit, height = (two ? 2 : 1) * line + 12,
        each = LARGEST * unit + 34;
      set(node, { width, height, viewBox: `0 0 ${width} ${height}` });
      const at = (i) => (two ? [(i % 2) * each, 24 + line * (i >> 1)] : [i * each, 24]);
      const show = (i, b, text) => {
        set(parts[i].node, { display: b ? null : "none" });
        if (b) parts[i].show(at(i)[0] + ((LARGEST - b.cols) * unit) / 2,
          at(i)[1] + ((LARGEST - (b.rows || 1)) * unit) / 2, unit, b, text);
      };
      show(0, factors[0], `${names[0]} ${shape(factors[0])}`);
      show(1, factors[1], factors[1] ? `${names[1]} ${shape(factors[1])}` : "");
      show(2, result, result ? shape(result) : "");
      show(3, truth, `${target} ${shape(truth)}`);
      const cross = ["@", "=", right ? "=" : "≠"], bad = [clash, false, !right];
      signs.forEach((sign, i) => {
        const [x, y] = at(i), hidden = (i === 0 && !factors[1]) || (clash && i === 1);
        set(sign, { x: x + LARGEST * unit + 17, y: y + (LARGEST * unit) / 2 + 6,
          class: `big mid strong${bad[i] ? " on vermilion" : i === 2 ? " on green" : ""}`,
          text: hidden ? "" : i === 0 && clash ? "✗" : cross[i] });
      });
      set(parts[2].outline, { class: `bpw-outline${fits ? " fits" : ""}` });
    },
  };
}

const STYLE = `
.bpw-shapes .bpw-pair { display: flex; flex-wrap: wrap; gap: 8px 14px; }
.bpw-shapes .bpw-outline { fill: none; stroke: var(--muted); stroke-width: 1; }
.bpw-shapes .bpw-outline.picked { stroke: var(--blue); stroke-width: 3; }
.bpw-shapes .bpw-outline.fits { stroke: var(--green); stroke-width: 2.5; }
.bpw-shapes .bpw-minus { stroke: var(--ink); stroke-opacity: .7; stroke-width: 1.5; }
.bpw-shapes .bpw-list { display: grid; grid-template-columns: repeat(4, 1fr); gap: 6px;
  margin: 8px 0 12px; min-height: 112px; align-content: start; }
.bpw-shapes .bpw-list button { text-align: left; padding: 5px 9px; line-height: 1.3; }
.bpw-shapes .bpw-list small { display: block; font-weight: 400; font-size: 12px; min-height: 2.6em;
  }
.bpw-shapes .bpw-list code { font: 600 13px/1.3 ui-monospace, "DejaVu Sans Mono", monospace;
  background: none; color: inherit; padding: 0; }
.bpw-shapes .bpw-sum { font-weight: 650; min-height: 1.45em; }
@container (max-width: 600px) { .bpw-shapes .bpw-list { grid-template-columns: repeat(2, 1fr);
  min-height: 256px; } .bpw-shapes .bpw-sum { min-height: 4.4em; } }`;

function build(ui) {
  const values = scheme(ui, "", "Y = X @ W + b: drag N, D, M");
  const gradients = scheme(ui, "d", "each gradient in its value's place");
  const target = choice("Find", Object.keys(OF).map((name) => [name, name]),
    (name) => ui.put({ target: name, pick: 0 }));
  const equal = button("All equal", () => ui.put({ N: 4, D: 4, M: 4 }));
  const different = button("All different", () => ui.put({ N: 5, D: 3, M: 7 }));
  const picks = Array.from({ length: 8 }, (_, i) => {
    const code = h("code"), says = h("small"), made = button("", () => ui.put({ pick: i }));
    made.node.append(code, says);
    return { ...made, code, says };
  });
  const list = h("div", { class: "bpw-list", role: "group", "aria-label": "products" },
    ...picks.map((p) => p.node));
  const sum = h("p", { class: "bpw-sum" }), shown = equation();
  ui.body.append(h("style", { text: STYLE }),
    h("div", { class: "bpw-pair" }, values.node, gradients.node),
    row(target, equal, different), sum, list, shown.node);

  return (s) => {
    const found = judged(s), side = ui.width >= 620,
      width = side ? Math.floor((ui.width - 14) / 2) : ui.width;
    values.draw(width, s, found.all);
    gradients.draw(width, s, found.all);
    const pick = Math.min(s.pick, found.list.length - 1);
    picks.forEach(({ node, code, says, show }, i) => {
      const one = found.list[i];
      set(node, { hidden: !one });
      if (!one) return;
      set(code, { text: one.text });
      const told = i === pick || !one.fits; // what fits is only judged once it is picked
      set(says, { text: told ? (one.right ? "✓ " : one.fits ? "✗ " : "") + verdict(one, s.target)
        : `has ${OF[s.target]}'s shape` });
      show(i === pick);
    });
    const many = found.list.filter((one) => one.fits).length > 1;
    set(sum, { text: (many ? "▲ " : "") + summary(found, s.target) });
    shown.draw(ui.width, found.list[pick], found.truth, s.target);
    target.show(s.target);
  };
}

const size = (n) => (Number.isInteger(n) ? within(1, LARGEST)(n)
  : `a whole number from 1 to ${LARGEST}`);

export default widget({
  name: "Shapes",
  fields: { N: size, D: size, M: size, target: oneOf("dW", "dX", "db"),
    pick: (n) => (Number.isInteger(n) ? within(0, 7)(n) : "a whole number from 0 to 7") },
  build,
  words,
});
