// The stepper: a graph that bpkit recorded, walked forward and back, one node at a time.
import {
  widget, h, svg, set, rich, head, button, slider, row, anything, clamp, reduced, arrows,
} from "./draw.js";
import { replay } from "./math.js";
import { num, term } from "./numbers.js";

const PACE = 1.2; // seconds a step when it plays
const TALL = 580; // pixels: a graph that is larger scrolls

// ---- What a step says ----

// Values and reports at these leaves; texts for the values.
function computed(s) {
  const { graph, leaves } = s;
  if (!graph.live) return { reports: graph.reports, value: graph.value, short: graph.short };
  const { values, reports } = replay(graph, leaves);
  return { values, reports, value: values.map((v) => num(v)), short: values.map((v) => term(v)) };
}

const filled = (expr, texts) => expr.replace(/\{(\d)\}/g, (_, k) => texts[k]);
const amount = (blocks, b, x) => (blocks[b].number ? "" : "length ") + num(x);

function passedWords(blocks, up, p) {
  const name = blocks[p.to].name, wait = p.waiting ? `; ${name} waits for ${p.waiting} more` : "";
  if (p.local === null)
    return `To ${name}: passes ${amount(blocks, p.to, p.passed)}, so grad ${name} = ${amount(blocks, p.to, p.held)}${wait}.`;
  return `To ${name}: upstream × local = ${term(up)} × ${term(p.local)} = ${num(p.passed)}, so grad ${name} = ${summed(p)}${wait}.`;
}

// The sum over consumers, written out.
function summed(p) {
  if (p.terms.length < 2) return num(p.held);
  const terms = p.terms.length <= 4 ? p.terms : [p.held - p.passed, p.passed];
  return `${terms.map((x) => term(x)).join(" + ")} = ${num(p.held)}`;
}

function computedWords({ blocks }, b, { value, short }) {
  const block = blocks[b];
  if (!block.expr) return `${block.name} = ${block.op}, length ${value[b].split("length ")[1]}`;
  const written = filled(block.expr, block.from.map((s) => blocks[s].name));
  return `${block.name} = ${written} = ${filled(block.expr, block.from.map((s) => short[s]))} = ${value[b]}`;
}

// Where the walk stands: the phase, the block in hand, the step's number within the phase.
function stand({ graph: { forward, order }, at }) {
  if (at === 0) return { phase: "given" };
  if (at <= forward.length) return { phase: "forward", b: forward[at - 1], k: at, n: forward.length };
  if (at === forward.length + 1) return { phase: "start", b: order[0] };
  const k = at - forward.length - 1;
  return { phase: "back", b: order[k - 1], k, n: order.length };
}

export const stepsIn = ({ forward, order }) => forward.length + 1 + order.length;

export function stepperWords(s) {
  const { graph, at } = s, { blocks, forward, order } = graph, found = computed(s), now = stand(s), held = {};
  const name = (b) => blocks[b].name;
  let told = "";
  if (now.phase === "given")
    told = `Given: ${blocks.map((b, i) => (b.leaf ? `${b.name} = ${found.value[i]}` : "")).filter(Boolean).join(", ")}.`;
  if (now.phase === "forward") told = `Forward ${now.k} of ${now.n}: ${computedWords(graph, now.b, found)}.`;
  if (at > forward.length) held[order[0]] = `, grad ${name(order[0])} = 1`;
  if (now.phase === "start") told = `Backward starts: grad ${name(now.b)} = 1.`;
  if (now.phase === "back") {
    for (const [b, up, passes] of found.reports.slice(0, now.k)) {
      told = `Backward ${now.k} of ${now.n}: ${name(b)} reports, with grad ${name(b)} = ${amount(blocks, b, up)}.`;
      for (const p of passes) {
        told += "\n" + passedWords(blocks, up, p);
        held[p.to] = `, grad ${name(p.to)} = ${amount(blocks, p.to, p.held)}${p.waiting ? `, waiting for ${p.waiting} more` : ""}`;
      }
    }
  }
  const lines = [`Step ${at} of ${stepsIn(graph)}. ${told}`];
  blocks.forEach((block, b) => {
    if (block.leaf || at > forward.indexOf(b)) lines.push(`${block.name} = ${found.value[b]}${held[b] ?? ""}`);
  });
  return lines.join("\n");
}

// ---- The picture ----

// The route of an arrow: bends and straight pieces in turn.
function route(points, down) {
  let d = `M${points[0]}`;
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1], [x1, y1] = points[i];
    if (i % 2 === 0) d += `L${x1} ${y1}`;
    else if (down) d += `C${x0} ${(y0 + y1) / 2} ${x1} ${(y0 + y1) / 2} ${x1} ${y1}`;
    else d += `C${(x0 + x1) / 2} ${y0} ${(x0 + x1) / 2} ${y1} ${x1} ${y1}`;
  }
  return d;
}

function box(block, jump) {
  const nameless = block.name.startsWith("#");
  const frame = svg("rect", { class: "ring edged" });
  const title = svg("text", { class: "mid" }, svg("tspan", { class: nameless ? "muted small" : "strong", text: block.name }),
    svg("tspan", { class: "muted small", text: `  ${block.op || (nameless ? "leaf" : "")}` }));
  const value = svg("text", { class: "mid strong" }), grad = svg("text", { class: "mid small on blue strong" });
  const node = svg("g", { class: "bpw-pick", role: "button", tabindex: 0, onclick: jump,
    onkeydown: (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      jump();
    } }, frame, title, value, grad);
  return { node, frame, title, value, grad };
}

function build(ui) {
  const { graph } = ui.state, { blocks, forward, order } = graph, last = stepsIn(graph);
  const go = (at) => { rest(); ui.put({ at: clamp(at, 0, last) }); };
  const leaves = blocks.map((b, i) => i).filter((i) => graph.live && blocks[i].leaf);
  const home = [...ui.state.leaves];
  let picked = leaves.find((i) => blocks[i].asks) ?? leaves[0], stop = null, shown = 0, reach = 4, middles = [], seen = null;

  function jump(b) {
    if (leaves.includes(b)) { pick(b); return; }
    const back = order.indexOf(b);
    go(ui.state.at > forward.length && back >= 0 ? forward.length + 2 + back : forward.indexOf(b) + 1);
  }
  function pick(b) {
    picked = b;
    reach = 2 * Math.max(2, Math.abs(home[leaves.indexOf(b)]));
    ui.redraw();
  }
  function rest() {
    stop?.();
    stop = null;
    ui.redraw();
  }
  function play() {
    if (stop) { rest(); return; }
    let time = 0;
    if (ui.state.at === last) ui.put({ at: 0 });
    stop = ui.loop((dt) => {
      time += dt;
      if (time < PACE) return true;
      time = 0;
      ui.put({ at: ui.state.at + 1 });
      if (ui.state.at < last) return true;
      stop = null;
      return false;
    });
    ui.redraw();
  }

  const controls = {
    first: button("«", () => go(0), { "aria-label": "first step" }),
    back: button("‹", () => go(ui.state.at - 1), { "aria-label": "step back" }),
    play: button("▶ play", play),
    next: button("›", () => go(ui.state.at + 1), { "aria-label": "step on" }),
    last: button("»", () => go(last), { "aria-label": "last step" }),
  };
  const step = slider("step", { min: 0, max: last, step: 1, text: (at) => `${at} of ${last}` }, (at) => go(Math.round(at)));
  const phase = h("p", { class: "strong num" }), lines = h("div", { class: "num" });
  const panel = h("div", { style: "padding:8px 12px;margin:8px 0 2px;border-radius:8px;background:var(--faint);overflow:auto" }, phase, lines);

  const boxes = blocks.map((block, b) => box(block, () => jump(b)));
  const edges = blocks.flatMap((block, b) => block.from.map((from, k) => ({ b, from, k,
    line: svg("path", { class: "curve" }), tip: svg("path"), local: svg("text", {
      style: "paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round" }) })));
  const paths = edges.map(() => ({})); // of each arrow: forward and back, line and head
  const picture = svg("svg", { role: "group", "aria-label": "The graph: arrow keys step, Enter jumps to a node" },
    ...edges.map((e) => e.line), ...edges.map((e) => e.tip), ...boxes.map((x) => x.node), ...edges.map((e) => e.local));
  const window = h("div", { style: `overflow:auto;position:relative;max-height:${TALL + 4}px` }, picture);
  arrows(window, (dx, dy) => go(Number.isFinite(dx) ? ui.state.at + (dx || -dy) : dx < 0 ? 0 : last));
  const edit = slider("leaf", { min: -1, max: 1 }, (part) => {
    const now = [...ui.state.leaves];
    now[leaves.indexOf(picked)] = Math.round(part * reach * 100) / 100;
    ui.put({ leaves: now });
  });
  const which = h("select", { "aria-label": "leaf to change", onchange: () => pick(Number(which.value)) },
    ...leaves.map((i) => h("option", { value: i, text: blocks[i].name })));
  const reset = button("as recorded", () => ui.put({ leaves: [...home] }));
  ui.body.append(row(h("div", { style: "display:flex;gap:5px" }, ...Object.values(controls).map((c) => c.node)), step), panel, window);
  if (leaves.length) {
    edit.node.firstChild.remove();
    edit.node.style.gridTemplateColumns = "1fr auto";
    ui.body.append(row(h("span", { class: "muted", text: "Change a leaf" }), which, edit, reset));
    pick(picked);
  }

  // Places everything for this width: whichever direction needs less shrinking.
  function arrange() {
    if (shown === ui.width) return;
    shown = ui.width;
    const fit = ({ size, side }) => Math.min(1, ui.width / (size[0] + 2 * side));
    const lower = ({ size }) => Math.min(1, TALL / (size[1] + 12));
    const { right, down } = graph.layouts, way = fit(right) >= 0.8 || fit(right) >= fit(down) ? right : down;
    const scale = Math.max(0.8, Math.min(fit(way), lower(way))), [w, t] = [way.size[0] + 2 * way.side, way.size[1] + 12];
    set(picture, { width: w * scale, height: t * scale, viewBox: `${-way.side} -6 ${w} ${t}`,
      style: `max-width:none;margin:0 auto;min-width:${Math.floor(w * scale)}px` });
    middles = way.at.map(([x, y]) => [(x + way.side) * scale, (y + 6) * scale]);
    boxes.forEach(({ node, frame, title, value, grad }, b) => {
      const [x, y] = way.at[b], [bw, bh] = way.box;
      set(node, { transform: `translate(${x},${y})` });
      set(frame, { x: -bw / 2, y: -bh / 2, width: bw, height: bh, rx: blocks[b].leaf ? 2 : 10 });
      set(title, { y: -bh / 2 + 17, textLength: null, lengthAdjust: "spacingAndGlyphs" });
      if (title.getComputedTextLength() > bw - 8) set(title, { textLength: bw - 8 });
      set(value, { y: 6 });
      set(grad, { y: bh / 2 - 7 });
    });
    for (const [i, { b, k, local }] of edges.entries()) {
      const points = way.routes[b][k], [x0, y0] = points[0], [x, y] = points.at(-1), [dx, dy] = way === down ? [0, 1] : [1, 0];
      const inner = (from, to) => route([[x0 + from * dx, y0 + from * dy], ...points.slice(1, -1), [x - to * dx, y - to * dy]], way === down);
      Object.assign(paths[i], { ahead: inner(0, 7), back: inner(7, 0), aheadTip: head(x, y, dx, dy, 9), backTip: head(x0, y0, -dx, -dy, 9) });
      const left = way !== down || x < way.at[b][0] - 1;
      set(local, way === down ? { x: left ? x - 6 : x + 5, y: y - 8 } : { x: x - 9, y: y - 5 });
      local.style.textAnchor = left ? "end" : "start";
    }
  }

  // Brings the node in hand into view, when another one is in hand.
  function follow(b, at) {
    if (at === seen || b === undefined) return;
    const first = seen === null;
    seen = at;
    const [x, y] = middles[b], { clientWidth: w, clientHeight: t, scrollWidth, scrollHeight } = window;
    if (scrollWidth > w || scrollHeight > t)
      window.scrollTo({ left: x - w / 2, top: y - t / 2, behavior: first || reduced() ? "instant" : "smooth" });
  }

  const part = (cls, text) => h("span", { class: cls, text });
  function explained(s, found, now) {
    if (now.phase === "given") return ["Given", ["The leaves have their values. Step on: each node is computed from its inputs."]];
    if (now.phase === "forward") return [`Forward, ${now.k} of ${now.n}`, [[part("", computedWords(graph, now.b, found))]]];
    if (now.phase === "start")
      return ["Backward starts", [`${blocks[now.b].name} changes exactly as fast as itself: grad ${blocks[now.b].name} = 1.`]];
    const [b, up, passes] = found.reports[now.k - 1];
    return [`Backward, ${now.k} of ${now.n}: ${blocks[b].name} reports`, passes.map((p) => {
      const name = blocks[p.to].name, wait = p.waiting ? ` (waits for ${p.waiting} more)` : "";
      if (p.local === null) return passedWords(blocks, up, p);
      return [part("", `to ${name}:  `), part("said blue strong", term(up)), part("muted", " upstream × "),
        part("said green strong", term(p.local)), part("muted", " local = "), part("said blue strong", num(p.passed)),
        part("", `    grad ${name} = `), part("said blue strong", summed(p)), part("muted", wait)];
    })];
  }

  const most = Math.max(1, ...blocks.map((b) => b.from.length));
  return (s) => {
    arrange();
    const found = computed(s), now = stand(s), { at } = s;
    const [title, told] = explained(s, found, now);
    set(phase, { text: title });
    lines.replaceChildren(...told.map((line) => h("p", { style: "white-space:pre-wrap" }, ...(Array.isArray(line) ? line : [line]))));
    panel.style.height = `${(ui.width < 520 ? 48 : 22) * Math.min(3, most) + 40}px`;

    const held = new Map(), passed = new Map(), slopes = new Map();
    if (at > forward.length) held.set(order[0], { held: 1, waiting: 0 });
    found.reports.forEach(([b, , passes], n) => {
      const seen = {}, done = now.phase === "back" && n < now.k;
      for (const p of passes) {
        const k = blocks[b].from.indexOf(p.to, seen[p.to] ?? 0);
        seen[p.to] = k + 1;
        slopes.set(`${b}.${k}`, p.local);
        if (done) { held.set(p.to, p); passed.set(`${b}.${k}`, p); }
      }
    });
    const reported = new Set(now.phase === "back" ? order.slice(0, now.k) : []);
    blocks.forEach((block, b) => {
      const { node, frame, value, grad } = boxes[b], known = block.leaf || at > forward.indexOf(b), g = held.get(b), here = b === now.b;
      const short = found.values ? num(found.values[b]) : block.number ? found.value[b] : found.short[b];
      set(value, { text: known ? short : "" });
      set(grad, { text: g ? `grad ${num(g.held)}${g.waiting ? " + …" : ""}` : "" });
      const edge = here ? "var(--orange)" : reported.has(b) || (g && !g.waiting) ? "var(--blue)" : known ? "var(--muted)" : "var(--line)";
      const fill = here ? "color-mix(in srgb, var(--orange) 16%, var(--paper))"
        : block.leaf ? (block.asks ? "color-mix(in srgb, var(--sky) 18%, var(--paper))" : "var(--faint)") : "var(--paper)";
      set(frame, { style: `--edge:${edge};fill:${fill};--thick:${here ? 3 : b === picked && leaves.length ? 2 : 1.4}`, "stroke-dasharray": known ? null : "4 4" });
      set(node, { "aria-label": `${block.name} ${block.op}${known ? `, value ${found.value[b]}` : ""}${g ? `, gradient ${amount(blocks, b, g.held)}` : ""}`,
        "aria-current": here ? "step" : null });
    });
    for (const [i, { b, k, line, tip, local }] of edges.entries()) {
      const p = passed.get(`${b}.${k}`), hand = b === now.b, known = at > forward.indexOf(b);
      const color = p ? "blue" : hand && now.phase === "forward" ? "orange" : "gray";
      set(line, { d: p ? paths[i].back : paths[i].ahead, class: `curve ${color}${p ? " dash" : ""}`, style: `stroke-width:${hand && now.phase !== "start" ? 3 : p ? 2.25 : 1.4};opacity:${known || p ? 1 : 0.45}` });
      set(tip, { d: p ? paths[i].backTip : paths[i].aheadTip, class: `fill ${color}`, opacity: known || p ? 1 : 0.45 });
      const slope = slopes.get(`${b}.${k}`) ?? null;
      set(local, { text: known && slope !== null ? `× ${term(slope)}` : "", opacity: p ? 1 : 0.85, class: `small on green${p ? " strong" : ""}` });
    }
    follow(now.b, at);
    controls.play.node.textContent = stop ? "❚❚ pause" : "▶ play";
    set(controls.back.node, { disabled: at === 0 });
    set(controls.first.node, { disabled: at === 0 });
    set(controls.next.node, { disabled: at === last });
    set(controls.last.node, { disabled: at === last });
    step.show(at);
    if (leaves.length) {
      const v = s.leaves[leaves.indexOf(picked)];
      reach = Math.max(reach, Math.abs(v));
      edit.show(v / reach);
      set(edit.node.lastChild, { text: `${blocks[picked].name} = ${num(v)}` });
      set(edit.input, { "aria-label": `value of ${blocks[picked].name}`, "aria-valuetext": num(v) });
      which.value = picked;
    }
  };
}

const finite = (x) => Array.isArray(x) && x.every(Number.isFinite);
export default widget({
  name: "Stepper",
  fields: {
    graph: (g) => (g?.blocks?.length && g.layouts ? "" : "a recorded graph"),
    leaves: (x, { graph }) => (finite(x) && x.length === (graph.live ? graph.blocks.filter((b) => b.leaf).length : 0)
      ? "" : "a list of finite numbers, one for each leaf"),
    at: (x, { graph }) => (Number.isInteger(x) && x >= 0 && x <= stepsIn(graph) ? "" : `a step from 0 to ${stepsIn(graph)}`),
  },
  build,
  words: stepperWords,
});
