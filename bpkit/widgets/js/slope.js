// Slope: a point and a step to drag; secant and tangent, and the error over the step.
import {
  widget, h, svg, set, rich, plot, handle, slider, choice, row, within, oneOf,
} from "./draw.js";
import { CURVES, secant, slopeError, bestStep } from "./math.js";
import { num } from "./numbers.js";

const WRITTEN = { square: "(2w − 3)²", sin: "sin w", exp: "exp w" };
const SEEN = { square: [-3.5, 12.5], sin: [-1.7, 1.7], exp: [-6, 36] };
const GRID = Array.from({ length: 16 * 8 + 1 }, (_, i) => 10 ** (-i / 8));
const LEAST = 1e-15; // an error of zero has no place on a logarithmic axis: it lies at the bottom

export function slopeWords(s) {
  const { rise, run, slope } = secant(s.function, s.w, s.h, s.way, s.dtype), error = Math.abs(slope - CURVES[s.function].slope(s.w));
  const told = ["float64", "float32"].map((dtype) => {
    const best = bestStep(s.function, s.w, s.way, dtype);
    return `${dtype} h = ${num(best.h)}, off by ${num(best.error)}`;
  });
  return `L(w) = ${WRITTEN[s.function]} at w = ${num(s.w)}: over the step h = ${num(s.h)} the secant's slope is ` +
    `${num(slope)}, the tangent's ${num(CURVES[s.function].slope(s.w))}.\n` +
    `${s.way[0].toUpperCase() + s.way.slice(1)}, in ${s.dtype}: ${num(rise)} / ${num(run)}, off by ${num(error)}.\n` +
    `Of the steps 1, 0.1, 0.01 and so on, the best is in ${told.join("; in ")}.`;
}

// A line of the legend: a swatch, a name, numbers.
function line(cls, name) {
  const said = h("span", { class: "num" });
  const swatch = svg("svg", { width: 30, height: 12, "aria-hidden": "true" }, svg("path", { class: `curve ${cls}`, d: "M2 6H28" }));
  return { swatch, name: rich(h("span", { class: "said strong " + cls.split(" ")[0] }), name), said };
}

function build(ui) {
  const left = plot({ label: "The curve, a tangent and a secant", x: [-0.25, 3.6], y: SEEN.square, xLabel: "$w$", yLabel: "$L$" });
  const right = plot({ label: "The secant's error over the step", x: [1e-16, 1], y: [LEAST, 1e3], logX: true, logY: true,
    xLabel: "step $h$", yLabel: "error of the secant", margin: { left: 50, top: 24 } });
  const curve = left.curve("ink"), tangent = left.curve("blue"), cut = left.curve("vermilion dash");
  const legs = left.inside.appendChild(svg("path", { class: "curve vermilion dots", style: "stroke-width:1.5" }));
  const run = left.text("small mid on vermilion"), rise = left.text("small on vermilion");
  const back = left.above.appendChild(svg("circle", { class: "fill vermilion", r: 5 }));
  const put = (changes) => ui.put(changes);
  const point = handle(left.node, { label: "point w", min: 0, max: 2.5, step: 0.05, color: "blue", get: () => ui.state.w,
    put: (w) => put({ w }), to: (x) => left.invX(x) });
  const stepEnd = handle(left.node, { label: "end of the step", min: 1e-16, max: 1, step: 0.05, color: "vermilion", r: 6,
    get: () => ui.state.h, put: (step) => put({ h: step }), to: (x) => left.invX(x) - ui.state.w });
  left.above.append(stepEnd.node, point.node);

  const errors = { float64: right.curve("ink"), float32: right.curve("purple dash") };
  const names = { float64: right.text("small on ink end"), float32: right.text("small on purple end") };
  const rounding = right.text("small muted"), bending = right.text("small muted end");
  const drop = right.inside.appendChild(svg("path", { class: "curve vermilion dots", style: "stroke-width:1.5" }));
  const here = handle(right.node, { label: "step h on the error curve", min: -16, max: 0, step: 0.25, color: "vermilion", r: 6,
    get: () => Math.log10(ui.state.h), put: (power) => put({ h: 10 ** power }), to: (x) => Math.log10(right.invX(x)),
    text: (power) => `h = ${num(10 ** power)}` });
  right.above.append(here.node);

  const lines = [line("blue", "tangent"), line("vermilion dash", "secant"), line("vermilion dots", "error")];
  const legend = h("div", { style: "display:grid;grid-template-columns:30px max-content 1fr;gap:2px 10px;align-items:center;margin:4px 0 2px" },
    ...lines.flatMap(({ swatch, name, said }) => [swatch, name, said]));
  const slide = slider("step $h$", { min: 1e-16, max: 1, step: 0.125, scale: "log" }, (step) => put({ h: step }));
  const what = choice("Curve", Object.entries(WRITTEN), (name) => put({ function: name }));
  const way = choice("Secant", [["one-sided", "one-sided"], ["centered", "centered"]], (picked) => put({ way: picked }));
  const dtype = choice("Numbers", [["float64", "float64"], ["float32", "float32"]], (picked) => put({ dtype: picked }));
  const plots = h("div", { style: "display:flex;flex-wrap:wrap;gap:8px 16px" }, left.node, right.node);
  ui.body.append(plots, legend, row(slide), row(what, way, dtype));

  let drawn = "";
  return (s) => {
    const two = ui.width >= 600, wide = two ? Math.floor((ui.width - 16) * 0.52) : ui.width, tall = two ? 290 : 230;
    left.size(wide, tall).view(left.x, SEEN[s.function]);
    right.size(two ? ui.width - 16 - wide : ui.width, tall);
    const f = CURVES[s.function].of, slope = CURVES[s.function].slope(s.w);
    const found = secant(s.function, s.w, s.h, s.way, s.dtype), error = Math.abs(found.slope - slope);
    const centered = s.way === "centered", start = centered ? s.w - s.h : s.w, end = s.w + s.h;
    const middle = centered ? (f(start) + f(end)) / 2 : f(s.w);
    const ends = left.x, L = f(s.w);
    curve.of((w) => f(w), s.function);
    tangent.points(ends.map((w) => [w, L + slope * (w - s.w)]));
    cut.points(ends.map((w) => [w, middle + found.slope * (w - s.w)]));
    const [x0, y0, x1, y1] = [left.X(start), left.Y(f(start)), left.X(end), left.Y(f(end))];
    set(legs, { d: `M${x0} ${y0}H${x1}V${y1}` });
    const room = x1 - x0 > 26;
    set(run, { text: room ? (centered ? "2h" : "h") : "", x: (x0 + x1) / 2, y: y0 + (y1 < y0 ? 15 : -6) });
    set(rise, { text: room && Math.abs(y1 - y0) > 18 ? "ΔL" : "", x: x1 + 6, y: (y0 + y1) / 2 + 4 });
    set(back, { cx: x0, cy: y0, visibility: centered ? "visible" : "hidden" });
    point.at(left.X(s.w), left.Y(L), s.w);
    stepEnd.at(x1, Math.max(6, y1), s.h);

    const errorsOf = [s.function, s.w, s.way, right.width].join(), anew = drawn !== errorsOf;
    drawn = errorsOf;
    for (const [kind, path] of Object.entries(errors)) {
      if (anew) path.points(GRID.map((step) => [step, Math.max(LEAST, slopeError(s.function, s.w, step, s.way, kind))]));
      set(path.node, { opacity: kind === s.dtype ? 1 : 0.45 });
      const at = kind === "float64" ? 1e-10 : two ? 1e-11 : 3e-9, level = slopeError(s.function, s.w, at, s.way, kind);
      set(names[kind], { text: kind, x: right.X(at) - (kind === "float64" ? 10 : 0), y: right.Y(Math.max(LEAST, level)) + (kind === "float64" ? 16 : -7) });
    }
    set(rounding, { x: right.X(1e-16) + 4, y: right.Y(1e3) + 8, text: two ? "h too small: rounding" : "rounding" });
    set(bending, { x: right.X(1) - 2, y: right.Y(1e3) + 8, text: two ? "h too large: bend" : "bend" });
    const x = right.X(s.h), y = right.Y(Math.max(LEAST, error));
    set(drop, { d: `M${x} ${y}V${right.Y(LEAST)}` });
    here.at(x, y, Math.log10(s.h));

    rich(lines[0].said, `$L$′($w$) = ${num(slope)}`);
    rich(lines[1].said, two ? `Δ$L$ / Δ$w$ = ${num(found.rise)} / ${num(found.run)} = ${num(found.slope)}` : num(found.slope));
    rich(lines[2].said, num(error));
    slide.show(s.h);
    what.show(s.function);
    way.show(s.way);
    dtype.show(s.dtype);
  };
}

export default widget({
  name: "Slope",
  fields: {
    function: oneOf("square", "sin", "exp"), w: within(0, 2.5), h: within(1e-16, 1),
    way: oneOf("one-sided", "centered"), dtype: oneOf("float64", "float32"),
  },
  build,
  words: slopeWords,
});
