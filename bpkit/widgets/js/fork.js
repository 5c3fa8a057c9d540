// Fork: one weight prices two houses. Slopes arrive along both paths, added or assigned.
import {
  widget, h, svg, set, rich, head, plot, handle, button, choice, slider, row, within, oneOf,
  reduced,
} from "./draw.js";
import { HOUSES, forkNumbers } from "./math.js";
import { num, term } from "./numbers.js";

const RIGHT = 1e-9; // of the truth: what is further off is wrong

export function forkWords(s) {
  const { paths, loss, held, truth } = forkNumbers(s.w, s.mode);
  return [
    `At w = ${num(s.w)} the paths bring ${paths.map((p) => num(p.product)).join(" and ")}. ` +
      `${s.mode === "add" ? "Adding" : "Assigning"}, w holds ${num(held[s.stage])}` +
      `${s.stage === 2 ? "" : ` after ${s.stage} of 2 paths`}; the slope of the loss is ${num(truth)}.`,
    ...paths.map((p, i) => `House ${i + 1}: g = ${num(p.g)}, m = ${num(p.m)}, L = ${num(p.L)}; ` +
      `its path brings 1 × ${term(2 * p.m)} × 1 × ${num(p.x)} = ${num(p.product)}.`),
    `The loss of both is ${num(loss)}.`,
  ].join("\n");
}

function pill(letter, cls = "") {
  const name = rich(svg("text", { class: "mid", y: -22 }), letter);
  const box = svg("rect", { class: `box ring ${cls}`, rx: 15, y: -15, height: 30 });
  const value = svg("text", { class: "mid strong", y: 5 });
  const node = svg("g", {}, box, name, value);
  return {
    node,
    show(x, y, wide, text) {
      set(node, { transform: `translate(${x},${y})` });
      set(box, { x: -wide / 2, width: wide });
      set(value, { text });
    },
  };
}

function build(ui) {
  const shared = [pill("$w$"), pill("$L$")];
  const rows = HOUSES.map((_, i) => ["g", "m", "L"].map((letter) => pill(`$${letter}$${"₁₂"[i]}`)));
  const links = HOUSES.map(() => Array.from({ length: 4 }, () =>
    ({ line: svg("path", { class: "curve" }), tip: svg("path"), slope: svg("text", { class: "mid small on green" }) })));
  const sums = HOUSES.map(() => svg("text", { class: "mid on blue strong" }));
  const pulse = svg("circle", { class: "fill blue", r: 7, visibility: "hidden" });
  const graph = svg("svg", { role: "group", "aria-label": "A weight, two paths, one loss" },
    ...links.flat().flatMap((l) => [l.line, l.tip, l.slope]), ...[...shared, ...rows.flat()].map((p) => p.node), ...sums, pulse);
  const p = plot({ label: "The loss of both houses over w", x: [0, 3], y: [-6, 34], xLabel: "$w$", yLabel: "$L$ = $L$₁ + $L$₂",
    margin: { left: 34, right: 10 } });
  const curve = p.curve("ink"), tangent = p.curve("blue");
  const point = handle(p.node, { label: "weight w", min: 0, max: 3, step: 0.05, color: "blue", get: () => ui.state.w,
    put: (w) => ui.put({ w }), to: (x) => Math.round(p.invX(x) * 100) / 100 });
  p.above.append(point.node);

  const held = h("p", { class: "num", style: "font-size:18px;text-align:center;margin:6px 0 2px" });
  const verdict = h("p", { class: "said strong", style: "text-align:center;margin:0 0 6px" });
  const slide = slider("weight $w$", { min: 0, max: 3, step: 0.02 }, (w) => ui.put({ w }));
  const mode = choice("When a slope arrives", [["add", "add (+=)"], ["assign", "assign (=)"]], (picked) => ui.put({ mode: picked }));
  let stop = () => {};
  const stage = choice("Paths that reported", [[0, "none"], [1, "one"], [2, "both"]], (n) => { stop(); set(pulse, { visibility: "hidden" }); ui.put({ stage: n }); });
  const play = button("▶ sweep back", sweep);
  ui.body.append(h("div", { style: "display:flex;flex-wrap:wrap;gap:8px 16px" }, graph, p.node), held, verdict,
    row(slide), row(mode, stage, play));
  let spots = [];

  function sweep() {
    stop();
    if (reduced()) { ui.put({ stage: (ui.state.stage + 1) % 3 }); return; }
    let time = 0;
    ui.put({ stage: 0 });
    stop = ui.loop((dt) => {
      time += dt;
      const now = Math.min(2, Math.floor(time / 1.1)), part = Math.min(1, (time / 1.1 - now) * 1.15);
      if (now !== ui.state.stage) ui.put({ stage: now });
      set(pulse, { visibility: now < 2 ? "visible" : "hidden" });
      if (now === 2) return false;
      const route = [...spots[now]].reverse(), k = Math.min(3, Math.floor(part * 4)), f = part * 4 - k;
      set(pulse, { cx: route[k][0] + f * (route[k + 1][0] - route[k][0]), cy: route[k][1] + f * (route[k + 1][1] - route[k][1]) });
      return true;
    });
  }

  return (s) => {
    const { paths, loss, held: holds, truth } = forkNumbers(s.w, s.mode), now = holds[s.stage];
    const two = ui.width >= 640, wide = two ? Math.round(ui.width * 0.6) : ui.width, tall = 232;
    set(graph, { width: wide, height: tall, viewBox: `0 0 ${wide} ${tall}` });
    const box = Math.min(64, (wide - 72) / 5), gap = (wide - box - 8) / 4, X = (i) => 4 + box / 2 + i * gap, Y = [70, 160];
    spots = Y.map((y) => [[X(0), 115], [X(1), y], [X(2), y], [X(3), y], [X(4), 115]]);
    shared[0].show(X(0), 115, box, num(s.w));
    shared[1].show(X(4), 115, box, num(loss));
    paths.forEach((path, i) => {
      const lit = s.stage > i, lost = lit && s.mode === "assign" && s.stage === 2 && i === 0;
      const color = lost ? "vermilion" : lit ? "blue" : "gray", local = [path.x, 1, 2 * path.m, 1];
      [path.g, path.m, path.L].forEach((v, k) => rows[i][k].show(X(k + 1), Y[i], box, num(v)));
      links[i].forEach(({ line, tip, slope }, k) => {
        const [[x0, y0], [x1, y1]] = [spots[i][k], spots[i][k + 1]], a = x0 + box / 2 + 1, b = x1 - box / 2 - 1;
        set(line, { d: `M${a} ${y0}L${b} ${y1}`, class: `curve ${color}${lit ? "" : " dots"}`, style: `stroke-width:${lit ? 3 : 1.5}` });
        set(tip, { d: lit ? head(a - 2, y0, a - b, y0 - y1, 10) : "", class: `fill ${color}` });
        const side = k === 0 || k === 3 ? (i ? 22 : -12) : i ? 30 : -24;
        set(slope, { x: (a + b) / 2 + [-9, 0, 0, 9][k], y: (y0 + y1) / 2 + side, text: num(local[k]), opacity: lit ? 1 : 0.75 });
      });
      const factors = [1, 2 * path.m, 1, path.x].map((x) => term(x)).join(" × ");
      set(sums[i], { x: wide / 2, y: i ? 222 : 16, class: `mid strong on ${color}`, "text-decoration": lost ? "line-through" : null,
        text: `${factors} = ${num(path.product)}` });
    });
    p.size(two ? ui.width - 16 - wide : ui.width, two ? tall : 190);
    const right = Math.abs(now - truth) <= RIGHT * Math.max(1, Math.abs(truth)), color = right ? "blue" : "vermilion";
    curve.of((w) => forkNumbers(w, "add").loss, "loss", 80);
    tangent.points([0, 3].map((w) => [w, loss + now * (w - s.w)]));
    set(tangent.node, { class: `curve ${right ? "blue" : "vermilion dash"}` });
    point.at(p.X(s.w), p.Y(loss), s.w);
    set(point.node, { class: `bpw-handle ${color}` });

    set(held, { style: `text-align:center;margin:6px 0 2px;font-size:${two ? 18 : 15}px` });
    verdict.style.minHeight = two ? "21px" : "42px";
    const [first, second] = paths.slice(0, s.stage).map((path) => path.product);
    const more = s.mode === "add" ? ` + ${term(second)}` : `, then ${num(second)}`;
    const written = num(first) + (s.stage === 2 ? more : "");
    rich(held, s.stage === 0 ? "d$L$/d$w$ starts at 0" : `${two ? "d$L$/d$w$ : " : ""}${written} → $w$ holds ${num(now)}`);
    set(verdict, { class: `said strong ${color}`, text: right ? `✓ the curve's slope is ${num(truth)} too` :
      s.stage < 2 ? `not yet the curve's slope, ${num(truth)}` : `✗ the curve's slope is ${num(truth)}: path 1 was overwritten` });
    slide.show(s.w);
    mode.show(s.mode);
    stage.show(s.stage);
  };
}

export default widget({
  name: "Fork",
  fields: { w: within(0, 3), mode: oneOf("add", "assign"), stage: oneOf(0, 1, 2) },
  build,
  words: forkWords,
});
