/**
 * Numbers for readers. `mi_widgets/core/numbers.py` says the same in the kernel.
 *
 * A half is rounded away from zero, and what is rounded is the decimal number that would be written out in full, not
 * the binary one that stands for it: 0.125 is 0.13, 12.25 is 12.3, and 1.005, in binary a little less, is 1.01.
 */

const STYLES = {
  fixed: (n: number) => ({ minimumFractionDigits: n, maximumFractionDigits: n }),
  scientific: (n: number) => ({ notation: "scientific", minimumFractionDigits: n, maximumFractionDigits: n }) as const,
  significant: (n: number) => ({ maximumSignificantDigits: n }),
};
const formats = new Map<string, Intl.NumberFormat>(); // one takes long to make

const COUNTLESS = 1e15;

/** With so many decimals: 0.13, −12.3; nothing is −0.00. Where nobody counts the digits any more, 3.0e38. */
export function fixed(value: number, decimals: number): string {
  return Math.abs(value) >= COUNTLESS ? scientific(value, 1) : rounded(value, "fixed", decimals);
}

/** With a sign in any case, of what is rounded to 0 too: +2.40, −0.50, −0.00. */
export function signed(value: number, decimals: number): string {
  return (value < 0 ? "−" : "+") + fixed(Math.abs(value), decimals);
}

/** As a power of ten, with so many decimals before it: 1.2e-5. */
export function scientific(value: number, decimals: number): string {
  return rounded(value, "scientific", decimals).replace("E", "e");
}

/** With at most so many digits that count: 0.004, 1.5, 12. */
export function significant(value: number, digits: number): string {
  return rounded(value, "significant", digits);
}

/** Of the first digit that counts: 2 of 250, −3 of 0.004. */
export function powerOfTen(value: number): number {
  return Number(value.toExponential().split("e")[1]);
}

/** As a power of ten, with at most so many digits before it: 3e38, 1.5e-7. */
export function inPowers(value: number, digits: number): string {
  const power = powerOfTen(value);
  return `${significant(value / Number(`1e${power}`), digits)}e${power}`;
}

/** A number of any size in a sentence: 6.30, 0.75, 12.4, 0.004, 3.0e38. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return scientific(value, 1);
  if (size > 0 && size < 0.0001) return scientific(value, 0);
  if (size > 0 && size < 0.005) return significant(value, 1);
  return fixed(value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

/** A count, such as a training step: 2000, 15k, 1.5M; beyond all counts 3e38. */
export function count(n: number): string {
  if (!Number.isFinite(n)) return significant(n, 6);
  if (Math.abs(n) >= 1e13) return inPowers(n, 4);
  for (const [size, suffix] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"],
  ] as const) {
    if (Math.abs(n) >= size) return significant(n / (suffix === "k" ? 1e3 : size), 4) + suffix;
  }
  return significant(n, 6);
}

/** A probability with no more digits than it was sent with: 0.93, or 0.934 where the steps are fine enough. */
export function probability(p: number, resolution = 0): string {
  const digits = resolution < 0.001 ? 3 : 2;
  const smallest = 10 ** -digits;
  if (p > 0 && p < smallest / 2) return `<${fixed(smallest, digits)}`;
  return fixed(p, digits);
}

/** A score on a thumbnail: .91 for 0.91, 1.0 for 0.996. */
export function tiny(score: number): string {
  const text = fixed(score, 2);
  return text.startsWith("0") ? text.slice(1) : fixed(score, 1);
}

function rounded(value: number, style: keyof typeof STYLES, n: number): string {
  if (Number.isNaN(value)) return "none";
  const key = `${style} ${n}`;
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.NumberFormat("en-US", { useGrouping: false, ...STYLES[style](n) })));
  const text = format.format(`${Math.abs(value)}`); // as text, which is the decimal number
  return value < 0 && /[1-9∞]/.test(text) ? `−${text}` : text;
}
