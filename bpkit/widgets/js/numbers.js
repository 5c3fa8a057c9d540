// Numbers as text, the same as bpkit.figures.number writes them, and round numbers for axes.

// JavaScript rounds a tie away from zero, Python to the even digit: `write` is toFixed or toExponential.
function even(x, write, digits) {
  const text = x[write](digits), place = digits - Number(text.split("e")[1] ?? 0);
  if (Math.abs(((Math.abs(x) * 10 ** place) % 1) - 0.5) > 1e-6) return text; // far from a tie
  const [cut, power = ""] = x[write](Math.min(100, digits + 70)).split("e");
  const all = cut.replace(/[-.]/g, ""), at = all.length - 70;
  if (!/^50*$/.test(all.slice(at)) || Number(all[at - 1]) % 2) return text;
  return cut.slice(0, -70).replace(/\.$/, "") + (power && "e" + power);
}

export function num(x, digits = 3) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "∞" : "−∞";
  const [mantissa, exponent] = even(x, "toExponential", digits - 1).split("e"), power = Number(exponent);
  if (Number(mantissa) === 0) return "0";
  const plain = -3 <= power && power < Math.max(digits, 5);
  let text = plain ? even(x, "toFixed", Math.max(0, digits - 1 - power)) : mantissa;
  if (text.includes(".")) text = text.replace(/\.?0+$/, "");
  if (!plain) text += "×10" + superscript(power);
  return text.replace("-", "−");
}

export function superscript(n) {
  return String(n).replace(/[-\d]/g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));
}

// A number as a factor or a term: negative ones stand in brackets.
export const term = (x, digits = 3) => (x < 0 ? `(${num(x, digits)})` : num(x, digits));

// Round numbers that cover [a, b], about n of them.
export function ticks(a, b, n = 5) {
  const raw = (b - a) / n, power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= raw * 0.999);
  const found = [];
  for (let i = Math.ceil(a / step - 1e-9); i * step <= b + step * 1e-9; i++) found.push(i * step || 0);
  return found;
}

// Powers of ten in [a, b], at most n of them.
export function decades(a, b, n = 6) {
  const low = Math.ceil(Math.log10(a) - 1e-9), high = Math.floor(Math.log10(b) + 1e-9);
  const every = Math.max(1, Math.ceil((high - low + 1) / n)), found = [];
  for (let p = low; p <= high; p++) if (p % every === 0) found.push(10 ** p);
  return found;
}
