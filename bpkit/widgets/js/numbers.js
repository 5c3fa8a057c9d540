// Numbers as text, the same as bpkit.figures.number writes them.

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
