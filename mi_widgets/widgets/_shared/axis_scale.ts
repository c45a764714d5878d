/**
 * The axes of a chart: from numbers to places between 0 (left, bottom) and 1, with ticks at round numbers.
 * `axis_scale.py` says the same in the kernel.
 */
import { count, fixed, inPowers, powerOfTen } from "./numbers";

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
  span: number; // from its left end to its right
  ticks(most: number, step?: number): Tick[];
}

/** 1, 2, 5, 10, 20 … : the smallest that is not below `least`. */
export function roundStep(least: number): number {
  const power = powerOfTen(least);
  return [1, 2, 5, 10].map((k) => Number(`${k}e${power}`)).find((step) => step >= least * (1 - 1e-9))!;
}

const HUGE = 1e15; // from here on a half is lost in a number

/** An even scale. A range of one number is widened, so that it has a place. */
export function linear(low: number, high: number): EvenScale {
  const one = high >= low ? low : 0; // of no numbers `Math.min` is above `Math.max`
  const wider = Math.abs(one) < HUGE ? 0.5 : Math.abs(one) / 2;
  const [from, to] = high > low ? [low, high] : [one - wider, one + wider];
  return {
    span: to - from,
    place: (value) => (value - from) / (to - from),
    ticks(most, step = roundStep((to - from) / Math.max(1, most))) {
      const [first, last] = [Math.ceil(from / step - 1e-9), Math.floor(to / step + 1e-9)];
      return Array.from({ length: last - first + 1 }, (_, i) => {
        const value = (first + i) * step;
        return { value, label: tickLabel(value, step) };
      });
    },
  };
}

/** An even scale of whole numbers, such as steps and positions: no ticks between them. */
export function wholeLinear(low: number, high: number): AxisScale {
  const scale = linear(low, high);
  const step = (most: number) => Math.max(1, roundStep(scale.span / Math.max(1, most)));
  return { place: scale.place, ticks: (most) => scale.ticks(most, step(most)) };
}

/** A tick with as many decimals as tell it from its neighbours. */
export function tickLabel(value: number, step: number): string {
  if (Math.abs(value) >= 10_000) return count(value);
  const digits = Math.max(0, -powerOfTen(step));
  if (digits <= 4 || Math.abs(value) >= 10 ** (3 - digits)) return fixed(value, digits);
  if (value === 0) return "0";
  return inPowers(value, 3);
}

/** An even scale from one round number to another, with 0 on it where the numbers come near it. */
export function roundLinear(low: number, high: number, ticks = 5): AxisScale {
  const [from, to, step] = roundEnds(low, high, ticks);
  const scale = linear(from, to);
  return { place: scale.place, ticks: () => scale.ticks(Infinity, step) }; // its ends are ticks
}

/** Round numbers around a range, with 0 among them where it is near: from, to and the distance of ticks. */
export function roundEnds(low: number, high: number, ticks: number): [number, number, number] {
  // no numbers, or nothing but 0
  if (!(high >= low && high - low < Infinity) || (low === 0 && high === 0)) return [0, 1, 0.5];
  if (high === low) return roundEnds(Math.min(0, low), Math.max(0, high), ticks);
  const from = low > 0 && low < 0.5 * high ? 0 : low;
  const to = high < 0 && high > 0.5 * low ? 0 : high;
  const step = roundStep((to - from) / ticks);
  return [Math.floor(from / step + 1e-9) * step, Math.ceil(to / step - 1e-9) * step, step];
}

const AT_ZERO = 0.08; // the share of the width between 0 and the first positive number

/** Even in factors of ten; from 0 to the smallest positive of `values` it is linear, so that 0 has a place. */
export function symlog(values: readonly number[]): AxisScale {
  const known = values.filter(Number.isFinite);
  const positive = known.filter((value) => value > 0);
  const [first, last] = [Math.min(...positive), Math.max(...positive)];
  if (!positive.length || first === last) return wholeLinear(Math.min(...known), Math.max(...known));
  const gap = known.some((value) => value <= 0) ? AT_ZERO : 0;
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
  for (let power = powerOfTen(low); power <= powerOfTen(high); power++) {
    for (const value of digits.map((digit) => Number(`${digit}e${power}`))) {
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
