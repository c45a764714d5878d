/** Numbers for readers. */

/** A probability with no more digits than it was sent with: 0.93, or 0.934 where the steps are fine enough. */
export function probability(p: number, resolution = 0): string {
  if (Number.isNaN(p)) return "none";
  const digits = resolution < 0.001 ? 3 : 2;
  const smallest = 10 ** -digits;
  if (p > 0 && p < smallest / 2) return `<${smallest.toFixed(digits)}`;
  return p.toFixed(digits);
}

/** A score on a thumbnail: .91 for 0.91, 1.0 for 0.996. */
export function tiny(score: number): string {
  const text = score.toFixed(2);
  return text.startsWith("0") ? text.slice(1) : score.toFixed(1);
}

/** A number of any size in a sentence: 6.30, 0.75, 12.4, 0.004. `numbers.py` says the same. */
export function reading(value: number): string {
  if (Number.isNaN(value)) return "none";
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const sign = value < 0 ? "−" : "";
  if (size === 0) return "0.00";
  if (size < 0.0001) return sign + size.toExponential(0);
  if (size < 0.005) return sign + size.toPrecision(1);
  return sign + size.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

/** A count, such as a training step: 2000, 15k, 1.5M. */
export function count(n: number): string {
  for (const [size, sign] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"],
  ] as const) {
    if (Math.abs(n) >= size) return `${Number((n / (sign === "k" ? 1e3 : size)).toPrecision(4))}${sign}`;
  }
  return String(n);
}
