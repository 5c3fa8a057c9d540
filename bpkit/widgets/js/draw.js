// The drawing module: the frame around every widget, its controls, and plots in SVG. It holds no
// arithmetic of the book. One event asks for one animation frame, however many states it changes.
import { decades, num, superscript, ticks } from "./numbers.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = { "data-lm-suppress-shortcuts": "true" }; // JupyterLab leaves our keys to us

// ---- Elements ----
// attrs: attributes; `on*` listens, `text` is the text, null removes. Returns the element.
// What is as it was stays untouched: the browser then has nothing to lay out anew.
export function set(node, attrs) {
  for (const key in attrs) {
    const value = attrs[key];
    if (key.startsWith("on")) { node.addEventListener(key.slice(2), value); continue; }
    const text = value === null || value === false ? null : value === true ? "" : String(value);
    if (key === "text") setText(node, text);
    else if (node.getAttribute(key) === text) continue;
    else if (text === null) node.removeAttribute(key);
    else node.setAttribute(key, text);
  }
  return node;
}

function setText(node, text) {
  const only = node.firstChild;
  if (only?.nodeType !== Node.TEXT_NODE || only.nextSibling) node.textContent = text;
  else if (only.data !== text) only.data = text;
}

function dress(node, attrs, children) {
  set(node, attrs).append(...children);
  return node;
}
export const h = (tag, attrs = {}, ...children) => dress(document.createElement(tag), attrs, children);
export const svg = (tag, attrs = {}, ...children) => dress(document.createElementNS(SVG, tag), attrs, children);

// Rich text in SVG or HTML: between dollar signs single letters are italic; backticks hold code.
const written = new WeakMap();
export function rich(node, text) {
  if (written.get(node) === text) return node;
  written.set(node, text);
  const make = node.namespaceURI === SVG ? () => svg("tspan") : () => h("span");
  const parts = text.split(/(\$[^$]*\$|`[^`]*`)/).flatMap((part) => {
    if (part.startsWith("`")) return [["code", part.slice(1, -1)]];
    if (!part.startsWith("$")) return part ? [[null, part]] : [];
    return part.slice(1, -1).split(/(?<!\p{L})(\p{L}\p{M}?)(?!\p{L})/u)
      .map((piece, i) => [i % 2 ? "v" : null, piece]);
  });
  parts.forEach(([cls, piece], i) =>
    set(node.children[i] ?? node.appendChild(make()), { class: cls, text: piece }));
  while (node.children.length > parts.length) node.lastChild.remove();
  return node;
}

// ---- States that make sense ----
// Each check answers "" or says what the value must be.
export const within = (low, high) => (x) =>
  typeof x === "number" && x >= low && x <= high ? "" : `a number from ${num(low)} to ${num(high)}`;
export const oneOf = (...values) => (x) => (values.includes(x) ? "" : `one of ${values.join(", ")}`);
export const flag = (x) => (typeof x === "boolean" ? "" : "true or false");
export const anything = () => "";
export const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

// ---- The frame ----

// Calls fn once nothing has asked for `wait` ms, at the latest `most` ms after the first asked.
function later(fn, wait, most = Infinity) {
  let timer = 0, first = 0, last = 0;
  function check() {
    const left = Math.min(last + wait, first + most) - performance.now();
    timer = left > 1 ? setTimeout(check, left) : 0;
    if (!timer) fn();
  }
  return {
    ask() {
      last = performance.now();
      if (timer) return;
      first = last;
      timer = setTimeout(check, wait);
    },
    // Stops waiting; says whether it did wait.
    stop() {
      clearTimeout(timer);
      return timer > 0;
    },
  };
}

// spec: name; fields, {trait: check}; build(ui), which adds to ui.body and returns draw(state, ui);
// words(state), the content as text. The module's default export is what anywidget mounts.
export function widget(spec) {
  return { render: ({ model, el }) => open(spec, model, el) };
}

function open(spec, model, el) {
  const { name, fields, build, words } = spec;
  const state = {}, cleanups = [], themed = [];
  const saving = later(() => model.save_changes(), 100, 500), telling = later(tell, 300);
  let draw = null, due = 0, width = 0;
  const ask = h("p", { class: "bpw-ask" });
  const body = h("div", { class: "bpw-body" });
  const told = h("pre"), live = h("div", { class: "bpw-hidden", "aria-live": "polite" });
  const refused = h("div", { class: "bpw-refused", role: "alert" });
  const folded = h("details", { class: "bpw-words" },
    h("summary", { text: "The same in words", ...QUIET }), told);
  const root = h("div", { class: `bpw bpw-${name.toLowerCase()}`, role: "group", "aria-label": name },
    ask, body, folded, live, refused);
  el.append(root);

  const ui = {
    root, body, state, model, cleanups,
    get width() { return width; },
    // Change the state: redraw on the next frame, tell the kernel soon. What makes no sense is ignored.
    put(changes) {
      const news = Object.entries(changes).filter(([key, value]) =>
        state[key] !== value && !fields[key]?.(value, state));
      if (!news.length) return;
      for (const [key, value] of news) model.set(key, (state[key] = value));
      ui.redraw();
      saving.ask();
    },
    redraw() { due ||= requestAnimationFrame(frame); },
    say(text) { live.textContent = text; },
    // fn(ui) runs now and whenever the theme changes: for what canvases draw.
    onTheme(fn) { themed.push(fn); },
    color: (token) => getComputedStyle(root).getPropertyValue(`--${token}`).trim(),
    // fn(seconds since the last frame) on every frame until it returns false; returns a stop.
    loop(fn) {
      let id, last = null;
      const step = (now) => {
        const going = fn(last === null ? 0 : (now - last) / 1000) !== false;
        last = now;
        if (going) id = requestAnimationFrame(step);
      };
      id = requestAnimationFrame(step);
      const stop = () => cancelAnimationFrame(id);
      cleanups.push(stop);
      return stop;
    },
  };

  function frame() {
    due = 0;
    if (!width) return;
    draw(state, ui);
    telling.ask();
  }

  function tell() {
    if (!words) return;
    const text = words(state, ui);
    set(told, { text });
    if (live.textContent !== "" || root.contains(document.activeElement)) ui.say(text);
  }

  // A state from outside: kept if it makes sense, refused in words if not.
  function read(key) {
    const value = model.get(key), wanted = fields[key](value, state);
    if (wanted && key in state) {
      set(refused, { text: `${name}: ${key} can't be ${JSON.stringify(value)}; it must be ${wanted}. Nothing was changed.` });
      return;
    }
    if (wanted) throw new Error(`${name}: ${key} must be ${wanted}`);
    set(refused, { text: "" });
    if (value !== state[key]) { state[key] = value; ui.redraw(); }
  }

  for (const key of Object.keys(fields)) {
    read(key);
    const changed = () => read(key);
    model.on(`change:${key}`, changed);
    cleanups.push(() => model.off(`change:${key}`, changed));
  }
  const asked = () => rich(ask, model.get("ask") ?? "");
  asked();
  model.on("change:ask", asked);
  cleanups.push(() => model.off("change:ask", asked));

  const measure = (wide) => {
    wide = Math.round(clamp(wide, 240, 1200));
    if (wide === width) return;
    width = wide;
    if (due) cancelAnimationFrame(due);
    frame();
  };
  draw = build(ui);
  for (const control of root.querySelectorAll("button, input, select, summary, [tabindex]")) set(control, QUIET);
  const sizes = new ResizeObserver(([entry]) => entry.contentRect.width && measure(entry.contentRect.width));
  if (body.clientWidth) measure(body.clientWidth);
  sizes.observe(body);
  const repaint = () => { for (const fn of themed) fn(ui); ui.redraw(); };
  const theme = new MutationObserver(repaint), dark = matchMedia("(prefers-color-scheme: dark)");
  for (const node of [document.documentElement, document.body])
    theme.observe(node, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-theme"] });
  dark.addEventListener("change", repaint);
  tell();
  return () => {
    cancelAnimationFrame(due);
    telling.stop();
    if (saving.stop()) model.save_changes();
    sizes.disconnect();
    theme.disconnect();
    dark.removeEventListener("change", repaint);
    for (const cleanup of cleanups) cleanup();
  };
}

export const reduced = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// ---- Controls; each returns {node, show(value)} ----

export function button(label, onclick, attrs = {}) {
  const node = h("button", { type: "button", text: label, ...QUIET, ...attrs, onclick });
  return { node, show: (pressed) => set(node, { "aria-pressed": String(pressed) }) };
}

// One of several, as a row of buttons; arrow keys move along. options: [[value, label], …].
export function choice(label, options, onpick) {
  const buttons = options.map(([value, text], i) => h("button", {
    type: "button", role: "radio", text, ...QUIET, onclick: () => onpick(value),
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const next = (i + step + options.length) % options.length;
      onpick(options[next][0]);
      buttons[next].focus();
    },
  }));
  const node = h("div", { class: "bpw-choice" }, h("span", { class: "muted", text: label }),
    h("div", { role: "radiogroup", "aria-label": label }, ...buttons));
  return {
    node,
    show: (picked) => options.forEach(([value], i) =>
      set(buttons[i], { "aria-checked": String(value === picked), tabindex: value === picked ? 0 : -1 })),
  };
}

// A slider. `text` formats the value; `scale: "log"` moves by factors. While the reader moves it, it
// stays where the hand is, though the state may be rounded.
export function slider(label, { min, max, step, scale, text = num, unit = "" }, oninput) {
  const log = scale === "log", to = log ? Math.log10 : (x) => x, from = log ? (x) => 10 ** x : (x) => x;
  let moved = false, shown = null;
  const input = h("input", {
    type: "range", min: to(min), max: to(max), step: step ?? "any", "aria-label": label.replaceAll("$", ""), ...QUIET,
    oninput: () => {
      moved = true;
      oninput(clamp(from(Number(input.value)), min, max));
      requestAnimationFrame(() => { moved = false; });
    },
  });
  const output = h("output"), name = rich(h("span"), label);
  const node = h("label", { class: "bpw-slider" }, name, input, output);
  return {
    node, input,
    show(value) {
      const said = text(value) + unit;
      if (!moved && value !== shown) input.value = to(value);
      shown = value;
      set(output, { text: said });
      set(input, { "aria-valuetext": said });
    },
  };
}

export const row = (...nodes) => h("div", { class: "bpw-row" }, ...nodes.map((n) => n.node ?? n));

// ---- What can be dragged ----
// move(x, y, event) with x and y in the CSS pixels of `frame` (an SVG or a canvas).
export function drag(node, frame, { start, move, end }) {
  let held = null;
  const at = (event, call) => {
    const box = frame.getBoundingClientRect();
    call?.(event.clientX - box.left, event.clientY - box.top, event);
  };
  const release = (event) => { if (event.pointerId === held) { held = null; at(event, end); } };
  set(node, {
    onpointerdown: (event) => {
      if (event.button) return;
      held = event.pointerId;
      try { node.setPointerCapture(held); } catch { /* a pointer that is already gone */ }
      at(event, start);
      at(event, move);
    },
    onpointermove: (event) => { if (event.pointerId === held) at(event, move); },
    onpointerup: release,
    onpointercancel: release,
  });
}

// Arrow keys and their kin: step(dx, dy, big) with steps of ±1; Home and End give ±Infinity.
export function arrows(node, step) {
  set(node, {
    ...QUIET,
    onkeydown: (event) => {
      const d = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1], PageDown: [-10, -10],
        PageUp: [10, 10], Home: [-Infinity, -Infinity], End: [Infinity, Infinity] }[event.key];
      if (!d || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      step(d[0] * (event.shiftKey ? 10 : 1), d[1] * (event.shiftKey ? 10 : 1), event);
    },
  });
}

// A round handle, a slider to a screen reader: drag it, or use the arrow keys.
// get() and put(value) hold the value; to(x, y) turns pixels into one; both: up and right are more.
// Of a value that the widget rounds, free(value) is where the hand is until it lets go; left() then.
export function handle(frame, { label, min, max, step, get, put, to, left, text = num, color = "ink", r = 8 }) {
  let hand = null;
  const node = svg("g", { class: `bpw-handle ${color}`, role: "slider", tabindex: 0, "aria-label": label,
    "aria-valuemin": min, "aria-valuemax": max },
    svg("circle", { class: "halo", r: 2.1 * r }), svg("circle", { class: "core", r }));
  drag(node, frame, {
    move: (x, y) => { hand = clamp(to(x, y), min, max); put(hand); },
    end: () => { hand = null; left?.(); },
  });
  arrows(node, (dx, dy) => {
    const d = dx || dy, now = get();
    put(Number.isFinite(d) ? clamp(Math.round((now + d * step) / step) * step, min, max) : d < 0 ? min : max);
  });
  return {
    node,
    free: (value) => hand ?? value,
    at(x, y, value) {
      set(node, { transform: `translate(${x.toFixed(2)},${y.toFixed(2)})`, "aria-valuenow": value, "aria-valuetext": text(value) });
    },
  };
}

// ---- Plots ----

let clips = 0;
// Axes with curves. options: label (for screen readers), x and y ([from, to]), xLabel, yLabel,
// logX, logY, margin. size(w, h) in pixels and view(x, y) place it; X, Y, invX, invY convert.
export function plot({ label, x, y, xLabel = "", yLabel = "", logX = false, logY = false, margin = {} }) {
  const m = { left: 46, right: 14, top: 22, bottom: 34, ...margin }, id = `bpw-clip-${clips++}`;
  const grid = svg("g"), axis = svg("path", { class: "axis" }), labels = svg("g");
  const clip = svg("rect"), inside = svg("g", { "clip-path": `url(#${id})` }), above = svg("g");
  const xName = rich(svg("text", { class: "end muted" }), xLabel), yName = rich(svg("text", { class: "muted" }), yLabel);
  const node = svg("svg", { role: "group", "aria-label": label },
    svg("defs", {}, svg("clipPath", { id }, clip)), grid, axis, labels, xName, yName, inside, above);
  const f = (log) => (log ? Math.log10 : (v) => v), g = (log) => (log ? (v) => 10 ** v : (v) => v);
  let width = 0, height = 0, shown = "";
  const p = {
    node, inside, above,
    X: (v) => m.left + ((f(logX)(v) - f(logX)(x[0])) / (f(logX)(x[1]) - f(logX)(x[0]))) * (width - m.left - m.right),
    Y: (v) => height - m.bottom - ((f(logY)(v) - f(logY)(y[0])) / (f(logY)(y[1]) - f(logY)(y[0]))) * (height - m.top - m.bottom),
    invX: (px) => g(logX)(f(logX)(x[0]) + ((px - m.left) / (width - m.left - m.right)) * (f(logX)(x[1]) - f(logX)(x[0]))),
    invY: (px) => g(logY)(f(logY)(y[0]) + ((height - m.bottom - px) / (height - m.top - m.bottom)) * (f(logY)(y[1]) - f(logY)(y[0]))),
    get x() { return x; }, get y() { return y; }, get width() { return width; }, get height() { return height; },
    size(w, tall) { width = w; height = tall; ruled(); return p; },
    view(xs, ys) { x = xs; y = ys; ruled(); return p; },
    // A curve: set it with points [[x, y], …] or of(fn, name), which draws it again only in another
    // view or under another name; values outside the view are cut off.
    curve(cls) {
      const path = inside.appendChild(svg("path", { class: `curve ${cls}` }));
      const put = (points) => set(path, { d: points.map(([a, b], i) => (i ? "L" : "M") + a.toFixed(2) + " " + b.toFixed(2)).join("") });
      const far = (b) => clamp(b, -1e4, 1e4);
      let drawn = "";
      return {
        node: path,
        points: (points) => put(points.filter(([a, b]) => Number.isFinite(p.X(a)) && Number.isFinite(p.Y(b))).map(([a, b]) => [p.X(a), far(p.Y(b))])),
        of(fn, name, n = 160) {
          if (drawn === (drawn = name + shown)) return;
          const points = [];
          for (let i = 0; i <= n; i++) {
            const px = m.left + (i / n) * (width - m.left - m.right), py = p.Y(fn(p.invX(px)));
            if (Number.isFinite(py)) points.push([px, far(py)]);
          }
          put(points);
        },
      };
    },
    text: (cls) => above.appendChild(svg("text", { class: cls })),
  };
  function ruled() {
    if (!width || shown === (shown = [width, height, ...x, ...y].join())) return;
    set(node, { width, height, viewBox: `0 0 ${width} ${height}` });
    set(clip, { x: m.left, y: m.top - 4, width: Math.max(0, width - m.left - m.right), height: Math.max(0, height - m.top - m.bottom + 8) });
    const xs = (logX ? decades : ticks)(...x, Math.max(2, Math.round((width - m.left) / 75)));
    const ys = (logY ? decades : ticks)(...y, Math.max(2, Math.round((height - m.top) / 45)));
    grid.replaceChildren(...ys.map((v) => svg("path", { class: "grid", d: `M${m.left} ${p.Y(v)}H${width - m.right}` })));
    const write = (v, log) => (log ? "10" + superscript(Math.round(Math.log10(v))) : num(v));
    labels.replaceChildren(
      ...xs.map((v) => svg("text", { class: "mid small muted", x: p.X(v), y: height - m.bottom + 16, text: write(v, logX) })),
      ...ys.map((v) => svg("text", { class: "end small muted", x: m.left - 7, y: p.Y(v) + 4, text: write(v, logY) })));
    set(axis, { d: `M${m.left} ${height - m.bottom}H${width - m.right}` });
    set(xName, { x: width - m.right, y: height - 3 });
    set(yName, { x: 2, y: 12 });
  }
  return p;
}

// An arrow head at (x, y) that points along (dx, dy).
export function head(x, y, dx, dy, size = 8) {
  const n = Math.hypot(dx, dy) || 1, ux = (dx / n) * size, uy = (dy / n) * size;
  return `M${x} ${y}L${x - ux - uy * 0.5} ${y - uy + ux * 0.5}L${x - ux + uy * 0.5} ${y - uy - ux * 0.5}Z`;
}
