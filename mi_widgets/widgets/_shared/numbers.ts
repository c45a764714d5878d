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
