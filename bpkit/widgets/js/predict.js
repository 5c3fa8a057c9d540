// Predict first: a question that is answered before the experiment after it unlocks.
import { widget, h, svg, set, rich, button, row, anything } from "./draw.js";
import { num } from "./numbers.js";

const CLOSE = 0.01; // a number is right within 1 %

const plainText = (text) => text.replace(/[$`]/g, "");
const saying = ({ choices }, value) => (choices.length ? plainText(choices[value]) : num(value));
export const predictedRight = ({ choices, answer, given }) =>
  Math.abs(given - answer) <= (choices.length ? 0 : CLOSE * Math.abs(answer) + 1e-12);

export function predictWords(s) {
  const offered = s.choices.length ? ` ${s.choices.map(plainText).join(", or ")}?` : "";
  const lines = [`Predict: ${plainText(s.question)}${offered}`];
  if (s.given !== null)
    lines.push(`You said: ${saying(s, s.given)}. It is: ${saying(s, s.answer)}. ${plainText(s.why)}`.trim());
  return lines.join("\n");
}

// The browser remembers a prediction under its question, also when the cell runs again.
function memory(question) {
  const key = `bpkit:predict:${question}`;
  return {
    read() { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    write(value) {
      try {
        if (value === null) localStorage.removeItem(key);
        else localStorage.setItem(key, JSON.stringify(value));
      } catch { /* no storage on this page */ }
    },
  };
}

function build(ui) {
  const { question, choices, answer, why } = ui.state, kept = memory(question), group = `bpw-predict-${Math.random()}`;
  let picked = null;
  const asked = rich(h("p", { style: "font-size:16px;margin-bottom:8px;text-wrap:pretty" }), question);
  const options = choices.map((text, i) => {
    const input = h("input", { type: "radio", name: group, value: i, style: "margin:0;accent-color:var(--blue)",
      onchange: () => { picked = i; ui.redraw(); } });
    const tag = h("span", { class: "strong said", style: "margin-left:auto;white-space:nowrap;text-align:right" });
    const node = h("label", { style: "display:flex;gap:10px;align-items:center;padding:7px 12px;border:1.5px solid var(--line);border-radius:8px;cursor:pointer" },
      input, rich(h("span"), text), tag);
    return { input, tag, node };
  });
  const number = h("input", { type: "number", step: "any", "aria-label": "your prediction", style: "font:inherit;width:10em;padding:4px 8px",
    oninput: () => { picked = number.value === "" ? null : Number(number.value); ui.redraw(); },
    onkeydown: (event) => { event.stopPropagation(); if (event.key === "Enter" && picked !== null) commit(); } });
  const list = h("div", { role: choices.length ? "radiogroup" : null, "aria-label": choices.length ? plainText(question) : null,
    style: "display:grid;gap:6px" }, ...(choices.length ? options.map((o) => o.node) : [number]));
  const go = button("predict", commit), again = button("predict again", () => give(null));
  const verdict = h("p", { class: "strong said", style: "font-size:16px" }), reason = rich(h("p", { style: "text-wrap:pretty" }), why);
  const outcome = h("div", { style: "display:grid;gap:4px;align-content:start" }, verdict, reason);
  // The outcome is laid out from the start, unseen, so that nothing moves when it is shown.
  ui.body.append(asked, list, row(go, again), outcome);

  function give(value) {
    kept.write(value);
    picked = value;
    ui.put({ given: value, display: value === null ? "none" : "block" });
  }
  function commit() {
    give(picked);
    requestAnimationFrame(() => again.node.focus());
  }
  const before = ui.state.given ?? kept.read();
  if (before !== null && Number.isFinite(before) && (!choices.length || choices[before] !== undefined)) give(before);

  return (s) => {
    const done = s.given !== null, right = done && predictedRight(s), now = done ? s.given : picked;
    options.forEach(({ input, tag, node }, i) => {
      input.checked = now === i;
      input.disabled = done;
      const hit = done && i === answer, mine = done && i === s.given;
      node.style.borderColor = hit ? "var(--green)" : mine ? "var(--vermilion)" : now === i ? "var(--blue)" : "var(--line)";
      const words = ui.width < 480 ? ["✓ you", "✓", "✗ you"] : ["✓ as you said", "✓ what happens", "✗ you said"];
      set(tag, { text: hit && mine ? words[0] : hit ? words[1] : mine ? words[2] : "", class: `strong said ${hit ? "green" : "vermilion"}` });
      tag.style.minWidth = ui.width < 480 ? "3.5em" : "8em";
    });
    if (done && !choices.length) number.value = s.given;
    number.disabled = done;
    set(go.node, { disabled: done || picked === null });
    again.node.style.visibility = done ? "visible" : "hidden";
    outcome.style.visibility = done ? "visible" : "hidden";
    const longest = choices.length ? choices.map(plainText).reduce((a, b) => (b.length > a.length ? b : a)) : num(answer);
    set(verdict, { class: `strong said ${right ? "green" : "vermilion"}`,
      text: right ? `✓ You predicted it: ${saying(s, answer)}.` : `✗ You said ${done ? saying(s, s.given) : longest}; it is ${saying(s, answer)}.` });
  };
}

const placeOf = (x, { choices }) => (Number.isFinite(x) && (!choices.length || choices[x] !== undefined));
export default widget({
  name: "Predict",
  fields: {
    question: (x) => (typeof x === "string" && x ? "" : "a question"),
    choices: (x) => (Array.isArray(x) ? "" : "a list of texts"),
    answer: (x, s) => (placeOf(x, s) ? "" : "a number, or the place of a choice"),
    why: anything,
    given: (x, s) => (x === null || placeOf(x, s) ? "" : "a number, or the place of a choice"),
    display: anything,
  },
  build,
  words: predictWords,
});
