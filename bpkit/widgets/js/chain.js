// Chain: three machines in a row. Move the input, break a machine; the local slopes multiply.
import {
  widget, h, svg, set, rich, head, button, slider, row, drag, arrows, within, oneOf, clamp,
} from "./draw.js";
import { chainNumbers } from "./math.js";
import { num, term } from "./numbers.js";

const LETTERS = ["w", "g", "m", "L"];
const SIGNS = ["× 2", "− 3", "( )²"], NAMES = ["double", "subtract 3", "square"];
const NUDGE = 0.1;

export function chainWords(s) {
  const { values, local, grads } = chainNumbers(s.w, s.broken);
  return [
    `At w = ${num(s.w)}, dL/dw = ${local.map((x) => term(x)).join(" × ")} = ${num(grads[0])}: ` +
      `nudge w by 0.1 and L moves by about ${num(NUDGE * grads[0])}.`,
    ...NAMES.map((name, k) => `Machine ${k + 1}, ${name}, ${s.broken === k + 1 ? "is broken: it gives" : "gives"} ` +
      `${num(values[k + 1])} for ${num(values[k])}; local slope ${num(local[k])}, and dL/d${"wgm"[k]} = ${num(grads[k])}.`),
  ].join("\n");
}

// A value: a pill with its name and number, an arrow for how far it moves, and dL by it.
function station(letter) {
  const pill = svg("rect", { class: "box ring", rx: 20, width: 92, height: 40 });
  const value = svg("text", { class: "mid big", x: 46, y: 26 });
  const node = svg("g", {}, pill, value);
  const rail = svg("path", { class: "axis" }), arrow = svg("path", { class: "curve orange", style: "stroke-width:5;stroke-linecap:butt" });
  const tip = svg("path", { class: "fill orange" }), moved = svg("text", { class: "mid small" });
  const grad = svg("text", { class: "mid on blue strong" });
  return {
    node, parts: [node, rail, arrow, tip, moved, grad],
    show({ x, y, nx, ny, gx, gy }, number, move, gradient) {
      set(node, { transform: `translate(${x - 46},${y - 20})` });
      rich(value, `$${letter}$ = ${num(number)}`);
      const length = clamp(move / (4 * NUDGE), -1, 1) * 50, size = Math.min(10, Math.abs(length));
      set(rail, { d: `M${nx - 50} ${ny}h100M${nx} ${ny - 5}v10` });
      set(arrow, { d: size < 1 ? "" : `M${nx} ${ny}h${length - Math.sign(length) * size * 0.8}` });
      set(tip, { d: size < 1 ? "" : head(nx + length, ny, length, 0, size) });
      rich(set(moved, { x: nx, y: ny + 20 }), `$${letter}$ moves ${letter === "w" ? "" : "≈ "}${num(move)}`);
      rich(set(grad, { x: gx, y: gy }), letter === "L" ? "d$L$/d$L$ = 1" : `d$L$/d$${letter}$ = ${num(gradient)}`);
    },
  };
}

// A machine: a box with its sign; pressed, it breaks or is mended.
function machine(k, press) {
  const box = svg("rect", { class: "ring edged", rx: 10, width: 92, height: 58, style: "fill:var(--paper)" });
  const sign = svg("text", { class: "mid big strong", x: 46, y: 26, text: SIGNS[k] });
  const slope = svg("text", { class: "mid on green", x: 46, y: 46 });
  const crack = svg("path", { class: "curve vermilion", d: "M55 -6L41 16L53 26L37 44L46 64", style: "stroke-width:3" });
  const node = svg("g", { class: "bpw-pick", role: "button", tabindex: 0, "aria-label": `machine ${k + 1}, ${NAMES[k]}: break or mend`,
    onclick: press,
    onkeydown: (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      press();
    } }, box, sign, slope, crack);
  return {
    node,
    show(x, y, local, broken) {
      set(node, { transform: `translate(${x - 46},${y - 29})`, "aria-pressed": String(broken) });
      set(slope, { text: `slope ${num(local)}`, class: "mid on " + (broken ? "vermilion" : "green") });
      set(crack, { visibility: broken ? "visible" : "hidden" });
      set(sign, { opacity: broken ? 0.4 : 1 });
    },
  };
}

// Where things lie: in a row, or, on a narrow page, one below the other.
function places(width) {
  if (width < 560) {
    const middle = Math.round(width * 0.72);
    return {
      height: 496, down: true,
      stations: LETTERS.map((_, i) => ({ x: 52, y: 24 + i * 142, nx: middle, ny: 12 + i * 142, gx: middle, gy: 54 + i * 142 })),
      machines: SIGNS.map((_, i) => ({ x: 52, y: 95 + i * 142, gx: middle, gy: 106 + i * 142 })),
    };
  }
  const gap = (width - 112) / 3;
  return {
    height: 196, down: false,
    stations: LETTERS.map((_, i) => ({ x: 56 + i * gap, y: 40, nx: 56 + i * gap, ny: 92, gx: 56 + i * gap, gy: 172 })),
    machines: SIGNS.map((_, i) => ({ x: 56 + (i + 0.5) * gap, y: 40, gx: 56 + (i + 0.5) * gap, gy: 168 })),
  };
}

function build(ui) {
  const press = (k) => ui.put({ broken: ui.state.broken === k + 1 ? 0 : k + 1 });
  const stations = LETTERS.map(station), machines = SIGNS.map((_, k) => machine(k, () => press(k)));
  const wires = SIGNS.map(() => [svg("path", { class: "axis", style: "stroke-width:1.75" }), svg("path", { class: "fill gray" }),
    svg("path", { class: "curve blue dash", style: "stroke-width:1.75" }), svg("path", { class: "fill blue" }), svg("text", { class: "mid on green strong" })]);
  const picture = svg("svg", { role: "group", "aria-label": "Three machines in a row" },
    ...wires.flat(), ...stations.flatMap((s) => s.parts), ...machines.map((m) => m.node));
  const knob = set(stations[0].node, { class: "bpw-handle bpw-pick", role: "slider", tabindex: 0, "aria-label": "input w",
    "aria-valuemin": -1, "aria-valuemax": 4, style: "--line:var(--blue)" });
  let from = null;
  drag(knob, picture, {
    start: (x) => { from = { x, w: ui.state.w }; },
    move: (x) => ui.put({ w: clamp(Math.round((from.w + (x - from.x) / 60) * 100) / 100, -1, 4) }),
  });
  arrows(knob, (dx, dy) => ui.put({ w: clamp(Math.round(ui.state.w * 10 + (dx || dy)) / 10, -1, 4) }));

  const product = h("p", { class: "num", style: "text-align:center;margin:4px 0 8px" });
  const slide = slider("input $w$", { min: -1, max: 4, step: 0.05 }, (w) => ui.put({ w }));
  const links = NAMES.map((name, k) => button(SIGNS[k], () => press(k), { "aria-label": `break machine ${k + 1}, ${name}` }));
  ui.body.append(picture, product, row(slide), row(h("span", { class: "muted", text: "Break a machine" }), ...links));

  return (s) => {
    const { values, local, grads } = chainNumbers(s.w, s.broken), at = places(ui.width);
    set(picture, { width: ui.width, height: at.height, viewBox: `0 0 ${ui.width} ${at.height}` });
    let move = NUDGE;
    stations.forEach((one, i) => {
      one.show(at.stations[i], values[i], move, grads[i]);
      move *= local[i];
    });
    set(knob, { "aria-valuenow": s.w, "aria-valuetext": num(s.w) });
    machines.forEach((one, i) => {
      const m = at.machines[i], a = at.stations[i], b = at.stations[i + 1], dead = s.broken === i + 1;
      one.show(m.x, m.y, local[i], dead);
      const [line, tip, back, arrive, factor] = wires[i];
      set(line, at.down ? { d: `M${a.x} ${a.y + 20}V${b.y - 27}` } : { d: `M${a.x + 46} ${a.y}H${b.x - 54}` });
      set(tip, { d: at.down ? head(b.x, b.y - 20, 0, 1, 9) : head(b.x - 46, b.y, 1, 0, 9) });
      set(line, { "stroke-dasharray": dead ? "2 5" : null });
      set(back, { d: at.down ? `M${m.gx} ${b.gy - 66}V${a.gy + 14}` : `M${b.gx - 54} ${m.gy}H${a.gx + 62}` });
      set(arrive, { d: at.down ? head(m.gx, a.gy + 8, 0, -1, 9) : head(a.gx + 54, m.gy, -1, 0, 9) });
      set(factor, { x: m.gx + (at.down ? 10 : 0), y: m.gy + (at.down ? -18 : -8), text: `× ${term(local[i])}`,
        class: `${at.down ? "" : "mid "}strong on ${dead ? "vermilion" : "green"}` });
    });
    product.style.fontSize = at.down ? "15px" : "19px";
    rich(product, `d$L$ / d$w$ = ${local.map((x) => term(x)).join(" × ")} = ${num(grads[0])}`);
    slide.show(s.w);
    links.forEach((link, k) => link.show(s.broken === k + 1));
  };
}

export default widget({
  name: "Chain",
  fields: { w: within(-1, 4), broken: oneOf(0, 1, 2, 3) },
  build,
  words: chainWords,
});
