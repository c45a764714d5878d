/** Data as the kernel packs them, for the front end's tests. No widget imports it. */
import type { PackedTensor } from "./wire";

/** Codes as the kernel packs them. */
export function codes(shape: number[], value: (i: number) => number): PackedTensor {
  const data = Uint8Array.from({ length: sizeOf(shape) }, (_, i) => value(i));
  return { shape, dtype: "uint8", min: 0, max: 1, data: new DataView(data.buffer) };
}

/** Numbers as the kernel packs them. */
export function floats(shape: number[], value: (i: number) => number, min = 0, max = 1): PackedTensor {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(i));
  return { shape, dtype: "float32", min, max, data: new DataView(data.buffer) };
}

function sizeOf(shape: number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Whole numbers as the kernel packs them: two bytes each, NaN where there is none. */
export function whole(shape: number[], numbers: number[]): PackedTensor {
  const data = Uint16Array.from(numbers, (number) => (Number.isNaN(number) ? 65535 : number));
  return { shape, dtype: "uint16", min: 0, max: 65534, data: new DataView(data.buffer) };
}

/** An axis as the kernel packs it. */
export function axis(name: string, labels: (number | string)[], more: Record<string, unknown> = {}) {
  const letter = { layer: "L", head: "H" }[name] ?? "";
  return { name, labels, texts: labels.map((label) => `${letter}${label}`), by: null, tokens: false, ...more };
}

type FakeAxis = ReturnType<typeof axis>;

/** Labelled data as the kernel packs it; a variable is packed numbers, on all axes unless it says which. */
export function labelled(
  axes: FakeAxis[],
  variables: Record<string, PackedTensor | { axes: string[]; values: PackedTensor; texts?: string[]; unit?: string }>,
  derived: Record<string, unknown> = {},
) {
  const packed = Object.entries(variables).map(([name, variable]) => {
    const values = "values" in variable ? variable.values : variable;
    const map = values.min < 0 ? "diverging" : "sequential";
    const common = { axes: axes.map((axis) => axis.name), unit: "", map };
    return [name, "values" in variable ? { ...common, ...variable } : { ...common, values }];
  });
  return { axes, variables: Object.fromEntries(packed), derived };
}
