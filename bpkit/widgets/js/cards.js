// Cards: recall cards, one at a time; a kernel keeps the schedule, or else this browser.
import { widget, h, set, rich, button, row, anything } from "./draw.js";

const RATINGS = [["again", 1], ["hard", 2], ["good", 3], ["easy", 4]];
const DAYS = [0, 1, 3, 7, 16, 35, 90]; // without a kernel: the boxes of a paper card file, in days
const DAY = 86400;

export const bare = (text) => text.replace(/[$`]/g, "");

export function cardsWords({ cards }) {
  return [`Recall: ${cards.length} card${cards.length > 1 ? "s" : ""}. ${bare(cards[0].question)}`,
    ...cards.map((card, n) => `${n + 1}. ${bare(card.question)}\n   ${bare(card.answer)}`)].join("\n");
}

// The next box: back to the first, the same again, one further, two further.
export const nextBox = (box, rating) => (rating === 1 ? 0 : Math.min(DAYS.length - 1, Math.max(1, box + rating - 2)));

function wait(seconds) {
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} minutes`;
  if (seconds < 1.5 * DAY) return seconds < 0.75 * DAY ? `${Math.round(seconds / 3600)} hours` : "a day";
  return `${Math.round(seconds / DAY)} days`;
}

// What the browser keeps by itself: {id: {box, due}}, due in seconds.
function notes() {
  const key = "bpkit:cards";
  let kept = {};
  try { kept = JSON.parse(localStorage.getItem(key)) ?? {}; } catch { /* no storage on this page */ }
  const now = () => Date.now() / 1000;
  return {
    queue: (ids) => [...ids.filter((id) => kept[id] && kept[id].due <= now()), ...ids.filter((id) => !kept[id])],
    rate(id, rating) {
      const box = nextBox(kept[id]?.box ?? 0, rating), next = box ? DAYS[box] * DAY : 600;
      kept[id] = { box, due: now() + next };
      try { localStorage.setItem(key, JSON.stringify(kept)); } catch { /* kept until the page closes */ }
      return next;
    },
  };
}

function build(ui) {
  const { cards } = ui.state, byId = new Map(cards.map((card) => [card.id, card])), own = notes();
  let queue = cards.map((card) => card.id), turned = false, n = 0, kernel = false, path = "", status = "";

  const count = h("p", { class: "muted num" });
  const question = h("p", { style: "font-size:17px;font-weight:600;text-wrap:pretty" });
  const answer = h("p", { style: "font-size:16px;border-top:1px solid var(--line);padding-top:12px;text-wrap:pretty" });
  const face = h("div", { style: "display:flex;flex-direction:column;justify-content:safe center;gap:14px;overflow:auto;padding:18px 20px;border-radius:10px;background:var(--faint);border:1px solid var(--line)" },
    question, answer);
  const turn = button("turn the card (Space)", flip);
  const rates = RATINGS.map(([name, rating]) => button(`${rating} ${name}`, () => rate(rating)));
  const all = button("go through all of them", () => { queue = cards.map((card) => card.id); ui.redraw(); });
  const told = h("p", { class: "muted" });
  ui.body.append(count, face, row(turn, ...rates, all), told);
  ui.body.addEventListener("keydown", (event) => {
    const rating = Number(event.key);
    if (turned && rating >= 1 && rating <= 4) rate(rating);
    else if (event.key !== " " || turned || !queue.length) return;
    else flip();
    event.preventDefault();
    event.stopPropagation();
  });

  function flip() {
    turned = true;
    ui.redraw();
    requestAnimationFrame(() => rates[2].node.focus());
  }

  function rate(rating) {
    const id = queue.shift();
    turned = false;
    if (rating === 1) queue.push(id);
    if (kernel) ui.put({ said: { n: ++n, id, rating } });
    else done(own.rate(id, rating));
    ui.redraw();
    requestAnimationFrame(() => turn.node.focus());
  }

  const done = (seconds) => { status = `That card comes back in ${wait(seconds)}. `; };

  ui.model.on("change:heard", () => {
    const heard = ui.model.get("heard");
    if (heard.n !== n) return;
    const first = !kernel;
    kernel = !heard.trouble;
    path = heard.path;
    if (heard.trouble) {
      done(own.rate(ui.state.said.id, ui.state.said.rating));
      status += `(${heard.trouble}) `;
    } else if (first) queue = heard.queue.filter((id) => byId.has(id));
    if (heard.next) done(heard.next);
    ui.redraw();
  });
  queue = own.queue(queue);
  ui.put({ said: { n: (n = Math.floor(Math.random() * 2 ** 31)) } });

  return () => {
    const card = byId.get(queue[0]);
    face.style.height = ui.width < 480 ? "340px" : "190px";
    set(count, { text: card ? `${queue.length} of ${cards.length} to go` : "\u00a0" });
    rich(question, card?.question ?? "Nothing is due now.");
    rich(answer, card && turned ? card.answer : "");
    answer.style.visibility = card && turned ? "visible" : "hidden";
    const show = (node, on) => { node.style.display = on ? "" : "none"; };
    show(turn.node, card && !turned);
    for (const one of rates) show(one.node, card && turned);
    show(all.node, !card);
    set(told, { text: status + (kernel ? `Kept in ${path}` : "Kept in this browser.") });
  };
}

export default widget({
  name: "Cards",
  fields: {
    cards: (c) => (Array.isArray(c) && c.length && c.every((x) => x.id && x.question && x.answer) ? "" : "a list of cards with id, question and answer"),
    said: anything,
  },
  build,
  words: cardsWords,
});
