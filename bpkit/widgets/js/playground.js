// The playground: a network learns points in the plane, and its gradient is seen flowing back. The
// weights live here while it trains; the trait `learned` holds them whenever it rests.
import {
  widget, plot, slider, button, choice, row, drag, arrows, h, set, within, oneOf, clamp, reduced,
} from "./draw.js";
import { draws, layersOf, points } from "./data.js";
import { backward, bceWithLogits, forward, learn, norm, optimizer, sigmoid } from "./math.js";
import { VIEW, answers, drawNetwork, drawPoints, shades } from "./network.js";
import { num } from "./numbers.js";

const COUNT = 120, MOST = 300;
const BROKEN = "The loss is no longer a number: the rate is too high. The last step was taken back.";
const NAMES = { tanh: "tanh", relu: "ReLU", sigmoid: "sigmoid", gelu: "GELU", linear: "none" };
const SETS = ["moons", "circles", "spiral", "xor", "blobs"];
const SHARED = ["data", "noise", "layers", "width", "activation", "init", "lr", "batch", "momentum",
  "seed", "row", "clicks", "learned"];

// ---- The state ----

const keyOf = ({ layers, width, activation, init, seed }) =>
  [layers, width, activation, init, seed].join("|");

// Put a list of numbers into the arrays of the layers, W then b of each.
function fill(layers, weights) {
  let from = 0;
  for (const array of layers.flatMap(({ W, b }) => [W, b])) {
    array.set(weights.slice(from, from + array.length));
    from += array.length;
  }
}

export function networkOf(state) {
  const layers = layersOf([2, ...Array(state.layers).fill(state.width), 1], state.activation,
    state.init, draws(state.seed));
  const { key, weights } = state.learned;
  const count = layers.reduce((sum, { W, b }) => sum + W.length + b.length, 0);
  if (key !== keyOf(state) || weights.length !== count) return { layers, steps: 0 };
  fill(layers, weights);
  return { layers, steps: state.learned.steps };
}

export function dataOf({ data, noise, clicks }) {
  if (data !== "clicks") return points(data, COUNT, noise, 1);
  return { X: Float64Array.from(clicks.flatMap(([x, y]) => [x, y])),
    y: Float64Array.from(clicks, ([, , label]) => label) };
}

// The loss of all points, how many are right, and the gradient of each layer.
export function measure(layers, { X, y }) {
  if (!y.length) {
    return { loss: NaN, right: 0, norms: layers.map(() => 0),
      arrays: layers.map(({ W }) => W.map(() => 0)) };
  }
  const kept = forward(layers, X, y.length), score = kept.H.at(-1);
  const { loss, dz } = bceWithLogits(score, y);
  const arrays = backward(layers, kept, dz).map(({ dW }) => dW);
  const right = y.filter((t, i) => (score[i] > 0) === (t === 1)).length;
  return { loss, right, norms: arrays.map(norm), arrays };
}

// One point on its way: the values of all units, and the gradient of its loss at each.
export function follow(layers, { X, y }, at) {
  const kept = forward(layers, X.slice(2 * at, 2 * at + 2), 1), score = kept.H.at(-1);
  const { loss, dz } = bceWithLogits(score, y.slice(at, at + 1));
  const grads = backward(layers, kept, dz), felt = [...grads.map(({ dX }) => dX), dz];
  const most = Math.max(...felt.flatMap((a) => [...a].map(Math.abs)));
  return { values: kept.H, felt, arrays: grads.map(({ dW }) => dW), score: score[0], loss, most };
}

function about(one, { X, y }, at) {
  const place = `(${num(X[2 * at])}, ${num(X[2 * at + 1])})`, p = num(sigmoid(one.score));
  const [dx, dy] = one.felt[0], up = one.felt.at(-1)[0];
  return `Point ${at} at ${place}, class ${y[at]}: score ${num(one.score)}, p = ${p}, ` +
    `loss ${num(one.loss)}; back: p − y = ${num(up)} at the score, ` +
    `(${num(dx)}, ${num(dy)}) at the input.`;
}

export function words(state) {
  const { layers, steps } = networkOf(state), data = dataOf(state), found = measure(layers, data),
    at = state.row;
  const sizes = [2, ...layers.map(({ M }) => M)].join("-");
  return [
    `Playground: ${state.data}, ${data.y.length} points; a network ${sizes} with ` +
      `${NAMES[state.activation]}, after ${steps} steps: ` +
      (data.y.length ? `loss ${num(found.loss)}, ${found.right} right.` : "no points yet."),
    `The norms of dW, first layer to last: ${found.norms.map((x) => num(x)).join(", ")}.`,
    ...(at < data.y.length ? [about(follow(layers, data, at), data, at)] : []),
  ].join("\n");
}

const encode = (state) => {
  const text = JSON.stringify(Object.fromEntries(SHARED.map((key) => [key, state[key]])));
  return "playground=" + btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
};
const decode = (link) =>
  JSON.parse(atob(link.split("playground=")[1].replaceAll("-", "+").replaceAll("_", "/")));

// ---- Training ----

// The network in hand: load, advance by some steps, and what `learned` should hold. `state` counts
// its changes.
function trainer() {
  const net = { layers: [], steps: 0, state: 0, key: "", learned: null, history: [], every: 1 };
  let queue = [], random = null, step = null, momentum = null;
  const flat = () => net.layers.flatMap(({ W, b }) => [...W, ...b]);
  return Object.assign(net, {
    load(s) {
      Object.assign(net, networkOf(s),
        { key: keyOf(s), learned: s.learned, history: [], every: 1 });
      [queue, step, random] = [[], null, draws(s.seed + 1)];
      net.state += 1;
    },
    stale: (s) => keyOf(s) !== net.key
      || (s.learned !== net.learned && JSON.stringify(s.learned) !== JSON.stringify(net.learned)),
    // Some steps, within a few milliseconds; false if a weight is
    // no longer a number, and then none is kept.
    advance(s, data, count) {
      const before = flat(), start = performance.now(), old = net.steps;
      net.state += 1;
      if (momentum !== s.momentum || !step) {
        momentum = s.momentum;
        step = optimizer("momentum", { momentum });
      }
      for (let k = 0; k < count && performance.now() - start < 6; k++) {
        if (!queue.length || Math.max(...queue) >= data.y.length) queue = random.order(data.y.length);
        learn(net.layers, data.X, data.y, queue.splice(0, s.batch), step, s.lr);
        net.steps += 1;
      }
      if (flat().every(Number.isFinite)) return true;
      fill(net.layers, before);
      net.steps = old;
      return false;
    },
    note(loss) {
      const last = net.history.at(-1);
      if (last && net.steps - last[0] < net.every) return;
      net.history.push([net.steps, loss]);
      if (net.history.length <= 400) return;
      net.history = net.history.filter((_, i) => i % 2 === 0);
      net.every *= 2;
    },
    rest: () => (net.learned = { key: net.key, steps: net.steps, weights: flat() }),
  });
}

// ---- The page ----

// One of several, from a list that unfolds.
function menu(label, names, onpick) {
  const list = h("select", { "aria-label": label, onchange: () => onpick(list.value) },
    ...Object.entries(names).map(([value, text]) => h("option", { value, text })));
  return { node: h("label", { class: "bpw-menu" }, h("span", { class: "muted", text: label }),
    list), show: (value) => { if (list.value !== String(value)) list.value = value; } };
}

const STYLE = `
.bpw-playground .bpw-pair { display: flex; flex-wrap: wrap; gap: 10px 14px; margin-top: 4px; }
.bpw-playground .bpw-plane { position: relative; }
.bpw-playground .bpw-plane canvas { border-radius: 6px; }
.bpw-playground .bpw-plane canvas:first-child { position: absolute; width: 100%; height: 100%;
  box-shadow: 0 0 0 1px var(--line); }
.bpw-playground .bpw-plane canvas + canvas { position: relative; cursor: crosshair; }
.bpw-playground .bpw-knobs { display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 200px), 1fr)); gap: 2px 22px;
  margin: 6px 0; }
.bpw-playground .bpw-state { font-weight: 650; min-height: 1.5em; margin-top: 6px; }
.bpw-playground .bpw-one { font-size: 13px; min-height: 3em; }
.bpw-playground .bpw-train { min-width: 6.5em; }
.bpw-playground .bpw-menu { display: inline-flex; align-items: center; gap: 8px; }
.bpw-playground select { font: inherit; color: var(--ink); background: var(--paper);
  border: 1px solid var(--line); border-radius: 7px; padding: 4px 6px; min-height: 32px; }
.bpw-playground .bpw-link { flex: 1 1 160px; min-width: 0; font: inherit; font-size: 13px;
  color: var(--ink); background: var(--faint); border: 1px solid var(--line); border-radius: 7px;
  padding: 5px 8px; }
@container (max-width: 640px) { .bpw-playground .bpw-one { min-height: 6em; }
  .bpw-playground .bpw-state { min-height: 3em; } }`;

function build(ui) {
  const { state } = ui, net = trainer(), image = answers();
  let data = null, source = "", table = null, look = null; // what is drawn, and in which colors
  let answered = null, pointed = ""; // the network and the points that the plane shows
  let playing = false, broken = false, speed = 4, since = 0, beat = 0, phase = 0; // training
  let mode = "follow", shows = "all", cursor = [0, 0]; // what a click does, what edges show

  const plane = h("canvas", { tabindex: 0, role: "application" }),
    wires = h("canvas", { role: "img" });
  const chart = plot({ label: "the loss over the steps", x: [0, 100], y: [1e-3, 3], logY: true,
    xLabel: "step", yLabel: "loss on all points", margin: { right: 8 } });
  const line = chart.curve("vermilion"), status = h("p", { class: "bpw-state num" }),
    told = h("p", { class: "bpw-one num" });

  const rest = () => ui.put({ learned: net.rest() });
  const stop = () => { playing = false; rest(); };
  function frame(dt) {
    if (!playing) return false;
    if (data.y.length) broken = !net.advance(state, data, speed);
    if (broken) stop();
    if (!reduced()) phase = (phase + 40 * dt) % 120;
    if ((since += dt) > 1) { since = 0; rest(); }
    ui.redraw();
  }
  const train = button("Train", () => {
    broken = false;
    if (playing) return stop();
    playing = true;
    ui.loop(frame);
    ui.redraw();
  }, { class: "bpw-train" });
  const once = button("One step", () => {
    broken = !!data.y.length && !net.advance(state, data, 1);
    stop();
  });
  const again = button("Restart", () => { broken = false; ui.put({ learned: {} }); });
  const other = button("Other weights",
    () => ui.put({ seed: (state.seed + 1) % 1000, learned: {} }));
  const sets = choice("Points",
    [...SETS, "clicks"].map((name) => [name, name === "clicks" ? "yours" : name]),
    (name) => {
      if (name === "clicks") mode = "1";
      ui.put({ data: name, learned: {}, row: 0 });
    });
  const clicking = choice("Click", [["follow", "follow a point"], ["1", "add ●"], ["0", "add ■"]],
    (value) => { mode = value; ui.redraw(); });
  const clear = button("Clear", () => ui.put({ data: "clicks", clicks: [], row: 0 }));
  const edges = choice("Edges show", [["all", "dW"], ["one", "dW of the point"], ["weights", "W"]],
    (value) => { shows = value; ui.redraw(); });
  const pace = menu("Steps a frame", { 1: "1", 4: "4", 16: "16" },
    (value) => { speed = Number(value); ui.redraw(); });
  const activation = menu("Activation", NAMES, (value) => ui.put({ activation: value }));
  const init = menu("Start",
    { he: "He", xavier: "Xavier", tiny: "tiny", huge: "huge", zeros: "zeros" },
    (value) => ui.put({ init: value }));
  const knob = (label, key, options, whole) =>
    ({ key, ...slider(label,
    { ...options, ...(whole && options.scale !== "log" ? { step: 1 } : {}) },
    (x) => ui.put({ [key]: whole ? Math.round(x) : Number(x.toPrecision(3)) })) });
  const knobs = [
    knob("layers", "layers", { min: 0, max: 4 }, true),
      knob("units", "width", { min: 1, max: 8 }, true),
    knob("rate", "lr", { min: 0.001, max: 3, scale: "log" }),
      knob("batch", "batch", { min: 1, max: MOST, scale: "log" }, true),
    knob("momentum", "momentum", { min: 0, max: 0.99, step: 0.01 }),
      knob("noise", "noise", { min: 0, max: 0.5 }),
  ];

  const field = h("input",
    { class: "bpw-link", "aria-label": "a link that restores a state: paste one and press Enter",
    placeholder: "or paste one here, and Enter",
    spellcheck: "false", onchange: () => restore(field.value) });
  const linked = h("span", { class: "muted", role: "status" });
  const copy = button("Copy a link to this", () => {
    rest();
    field.value = `${location.href.split("#")[0]}#${encode(state)}`;
    field.select();
    navigator.clipboard?.writeText(field.value).catch(() => {});
    set(linked, { text: "Copied." });
  });
  function restore(link) {
    try {
      const given = decode(link);
      for (const key of SHARED) {
        const wanted = fields[key](given[key]);
        if (wanted) throw new Error(`${key} must be ${wanted}`);
      }
      ui.put(Object.fromEntries(SHARED.map((key) => [key, given[key]])));
      set(linked, { text: "Restored." });
    } catch (error) {
      set(linked, { text: `Not a link to a playground (${error.message}). Nothing was changed.` });
    }
  }

  const place = (x, y) =>
    [x, y].map((v, i) => Number(clamp((i ? -1 : 1) * ((2 * v) / plane.clientWidth - 1) * VIEW,
    -VIEW, VIEW).toFixed(2)));
  function add([x, y]) {
    const old = Array.from(data.y, (label, i) => [data.X[2 * i], data.X[2 * i + 1], label]);
    if (old.length < MOST) ui.put({ data: "clicks", clicks: [...old, [x, y, Number(mode)]] });
  }
  function nearest([x, y]) {
    const far = Array.from(data.y, (_, i) => Math.hypot(data.X[2 * i] - x, data.X[2 * i + 1] - y));
    if (far.length) ui.put({ row: far.indexOf(Math.min(...far)) });
  }
  drag(plane, plane, {
    start: (x, y) => { if (mode !== "follow") { cursor = place(x, y); add(cursor); } },
    move: (x, y) => { if (mode === "follow") nearest(place(x, y)); },
  });
  arrows(plane, (dx, dy) => {
    if (mode === "follow") ui.put({ row: clamp(state.row + (dx || dy), 0,
      Math.max(0, data.y.length - 1)) });
    else cursor = cursor.map((v, i) =>
      Number(clamp(v + 0.1 * (i ? dy : dx), -VIEW, VIEW).toFixed(2)));
    ui.redraw();
  });
  set(plane, { onkeydown: (event) => {
    if (mode === "follow" || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    add(cursor);
  } });

  // The theme's colors can be read once the widget is on the page: at the first drawing, not before.
  const dress = () => {
    table = shades(ui);
    look = Object.fromEntries(["ink", "paper", "line", "blue",
      "orange"].map((name) => [name, ui.color(name)]));
    look.font = getComputedStyle(ui.root).fontFamily;
    pointed = "";
  };
  ui.onTheme(() => { look = answered = null; });
  ui.body.append(h("style", { text: STYLE }), row(train, once, again, sets),
    h("div", { class: "bpw-pair" },
      h("div", { class: "bpw-plane" }, set(image.whole, { "aria-hidden": "true" }), plane), wires),
    status, told,
    row(clicking, clear), row(edges), chart.node,
      h("div", { class: "bpw-knobs" }, ...knobs.map((k) => k.node)),
    row(activation, init, pace, other), row(copy, field, linked));
  if (location.hash.includes("playground=")) restore(location.hash);

  return (s) => {
    if (!look) dress();
    if (net.stale(s)) net.load(s);
    const from = JSON.stringify([s.data, s.noise, s.clicks]);
    if (from !== source) [data, source] = [dataOf(s), from];
    const side = ui.width >= 640,
      size = side ? Math.round(clamp(0.42 * ui.width, 290, 380)) : Math.min(ui.width, 340),
      width = side ? ui.width - size - 14 : ui.width;
    const found = measure(net.layers, data),
      one = s.row < data.y.length ? follow(net.layers, data, s.row) : null;
    net.note(found.loss);
    // What a network answers takes every other frame: the rest of the picture is there sooner.
    if (answered !== net.state) {
      if (answered === null || (beat ^= 1) === 0) {
        image.draw(net.layers, table);
        answered = net.state;
      } else ui.redraw();
    }
    const picked = one ? s.row : -1, cross = mode === "follow" ? null : cursor;
    if (pointed !== (pointed = [size, source, picked, cross].join("|")))
      drawPoints(plane, size, data, picked, cross, look);
    const shown = { all: found.arrays, one: one?.arrays ?? found.arrays,
      weights: net.layers.map(({ W }) => W) }[shows];
    const reached = `Step ${net.steps}: loss ${num(found.loss)}, ${found.right} of ${data.y.length} points right.`;
    const empty = "No points yet: pick “add” and click the plane.";
    set(status, { text: broken ? BROKEN : data.y.length ? reached : empty });
    set(told, { text: one ? about(one, data, s.row) : "" });
    const end = 100 * 2 ** Math.ceil(Math.log2(Math.max(1, net.steps / 100)));
    chart.size(ui.width, 120).view([0, end], [1e-3, 3]);
    line.points(net.history.map(([step, loss]) => [step, clamp(loss, 1e-3, 10)]));
    set(train.node, { text: playing ? "Pause" : "Train" });
    const keys = mode === "follow" ? `arrow keys follow another point, now ${s.row}`
      : `arrow keys move the cross, Enter adds a point at ${num(cursor[0])}, ${num(cursor[1])}`;
    set(plane, { "aria-label": `the plane with ${data.y.length} points; ${keys}` });
    const what = shows === "weights" ? "their weights" : "their gradients",
      sizes = found.norms.map((x) => num(x));
    set(wires, { "aria-label": `the network; edges as wide as ${what}; norms of dW: ${sizes.join(", ")}` });
    for (const { key, show } of knobs) show(s[key]);
    sets.show(s.data);
    clicking.show(mode);
    edges.show(shows);
    pace.show(speed);
    activation.show(s.activation);
    init.show(s.init);
    // Writing on a canvas lays the page out: last, so that it is done once.
    drawNetwork(wires, width, side ? size : 260,
      { layers: net.layers, image, shown: { arrays: shown, gradient: shows !== "weights" },
      norms: found.norms, one, phase: playing && !reduced() ? phase : null, look });
  };
}

const whole = (low, high) => (n) =>
  (Number.isInteger(n) && n >= low && n <= high ? "" : `a whole number from ${low} to ${high}`);
const isPoint = (c) => Array.isArray(c) && c.length === 3
  && c.slice(0, 2).every((v) => !within(-VIEW, VIEW)(v)) && [0, 1].includes(c[2]);
const isLearned = (l) => l && typeof l === "object"
  && (l.key === undefined
  || (Array.isArray(l.weights) && l.weights.every(Number.isFinite) && Number.isInteger(l.steps)));
const fields = {
  data: oneOf(...SETS, "clicks"), noise: within(0, 0.5), layers: whole(0, 4), width: whole(1, 8),
    activation: oneOf(...Object.keys(NAMES)),
  init: oneOf("he", "xavier", "tiny", "huge", "zeros"), lr: within(0.001, 3), batch: whole(1, MOST),
    momentum: within(0, 0.99), seed: whole(0, 999), row: whole(0, MOST - 1),
  clicks: (c) => (Array.isArray(c) && c.length <= MOST
    && c.every(isPoint) ? "" : `at most ${MOST} points [x, y, 0 or 1]`),
  learned: (l) => (isLearned(l) ? "" : "empty, or a key, steps and finite weights"),
};

export default widget({ name: "Playground", fields, build, words });
