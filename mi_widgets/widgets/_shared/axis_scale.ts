/** The axes of a chart: from numbers to places between 0 (left, bottom) and 1, with ticks at round numbers. */
import { count } from "./numbers";

export interface Tick {
  value: number;
  label: string;
}

export interface AxisScale {
  place(value: number): number;
  /** At most about so many. */
  ticks(most: number): Tick[];
}

interface EvenScale extends AxisScale {
  ticks(most: number, step?: number): Tick[];
}

/** 1, 2, 5, 10, 20 … : the smallest that is not below `least`. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((k) => k * power).find((step) => step >= least * (1 - 1e-9))!;
}

/** An even scale. A range of one number is widened, so that it has a place. */
export function linear(low: number, high: number): EvenScale {
  const [from, to] = high > low ? [low, high] : [low - 0.5, low + 0.5];
  return {
    place: (value) => (value - from) / (to - from),
    ticks(most, step = roundStep((to - from) / Math.max(1, most))) {
      const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
      const ticks: Tick[] = [];
      for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) {
        const value = i * step;
        ticks.push({ value, label: Math.abs(value) >= 10_000 ? count(value) : fixed(value, digits) });
      }
      return ticks;
    },
  };
}

/** An even scale of whole numbers, such as steps and positions: no ticks between them. */
export function wholeLinear(low: number, high: number): AxisScale {
  const scale = linear(low, high);
  const step = (most: number) => (high > low ? Math.max(1, roundStep((high - low) / Math.max(1, most))) : 1);
  return { place: scale.place, ticks: (most) => scale.ticks(most, step(most)) };
}

function fixed(value: number, digits: number): string {
  const tiny = digits > 4 && Math.abs(value) < 10 ** (3 - digits);
  if (tiny) return value === 0 ? "0" : Number(value.toPrecision(3)).toExponential().replace(/^-/, "−");
  return value
    .toFixed(digits)
    .replace(/^-(?=.*[1-9])/, "−")
    .replace("-", "");
}

/** An even scale from one round number to another, with 0 on it where the numbers come near it. */
export function roundLinear(low: number, high: number, ticks = 5): AxisScale {
  if (!(high >= low)) return linear(0, 1); // no numbers
  if (high === low) return low === 0 ? linear(0, 1) : roundLinear(Math.min(0, low), Math.max(0, high), ticks);
  const from = low > 0 && low < 0.5 * high ? 0 : low;
  const to = high < 0 && high > 0.5 * low ? 0 : high;
  const step = roundStep((to - from) / ticks);
  const scale = linear(Math.floor(from / step + 1e-9) * step, Math.ceil(to / step - 1e-9) * step);
  return { place: scale.place, ticks: () => scale.ticks(Infinity, step) }; // its ends are ticks
}

const AT_ZERO = 0.08; // the share of the width between 0 and the first positive number

/** Even in factors of ten; from 0 to the smallest positive of `values` it is linear, so that 0 has a place. */
export function symlog(values: readonly number[]): AxisScale {
  const positive = values.filter((value) => value > 0);
  const [first, last] = [Math.min(...positive), Math.max(...positive)];
  if (!positive.length || first === last) return wholeLinear(Math.min(...values), Math.max(...values));
  const gap = values.some((value) => value <= 0) ? AT_ZERO : 0;
  return {
    place(value) {
      if (value < first) return gap * Math.max(0, value / first);
      return gap + ((1 - gap) * Math.log(value / first)) / Math.log(last / first);
    },
    ticks(most) {
      const zero = gap ? [{ value: 0, label: "0" }] : [];
      const fine = roundBetween([1, 2, 5], first, last);
      return [...zero, ...(fine.length <= 2 * most ? fine : roundBetween([1], first, last))];
    },
  };
}

/** The numbers of some leading digits, in every power of ten, between two numbers. */
function roundBetween(digits: number[], low: number, high: number): Tick[] {
  const ticks: Tick[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    for (const value of digits.map((digit) => digit * power)) {
      if (value >= low && value <= high) ticks.push({ value, label: count(value) });
    }
  }
  return ticks;
}

/** The index of the value whose place is nearest to a given one. */
export function nearest(values: readonly number[], scale: AxisScale, place: number): number {
  let best = 0;
  values.forEach((value, i) => {
    if (Math.abs(scale.place(value) - place) < Math.abs(scale.place(values[best]) - place)) best = i;
  });
  return best;
}
