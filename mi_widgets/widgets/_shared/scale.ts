/** What the colours of a picture mean, and how its numbers are written. `scale.py` says the same in the kernel. */
import type { MapName } from "./colour";
import { fixed, scientific } from "./numbers";

export interface ColourScale {
  map: MapName;
  low: number;
  high: number;
}

/** A number with as many decimals as all numbers of its picture have: 0.91 beside 1, 12.3 beside 40. */
export function numberOnScale(value: number, scale: ColourScale, more = 0): string {
  const digits = decimals(scale);
  return digits === undefined ? scientific(value, 1 + more) : fixed(value, digits + more);
}

/** The ends of the colours, for the colour bar: 0 and 1 need no decimals. */
export function ends(scale: ColourScale): { low: string; high: string } {
  const write = (value: number) => {
    const plain = value === 0 || (Number.isInteger(value) && decimals(scale) !== undefined);
    return plain ? fixed(value, 0) : numberOnScale(value, scale);
  };
  return { low: write(scale.low), high: write(scale.high) };
}

/** How many decimals tell the numbers apart; undefined where only powers of ten do. */
function decimals({ low, high }: ColourScale): number | undefined {
  const reach = Math.max(Math.abs(low), Math.abs(high));
  if (!(reach >= 0.001 && reach < 100_000)) return undefined;
  return [100, 10, 0.1, 0.01, 0.001].findIndex((least) => reach >= least);
}

/** The largest number above 0 that has an end, for the end of a scale; 0 where there is none. */
export function highest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => (Number.isFinite(value) ? Math.max(most, value) : most), 0);
}
