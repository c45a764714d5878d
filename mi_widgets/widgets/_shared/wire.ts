/** Tensors from the kernel: a header and raw bytes. `wire.py` writes what this reads. */

export interface PackedTensor {
  shape: number[];
  dtype: "uint8" | "uint16" | "float32";
  min: number;
  max: number;
  data?: Bytes;
}

export type Bytes = DataView | ArrayBuffer | Uint8Array;
type Codes = Uint8Array | Uint16Array | Float32Array;

/** The level, in a picture of 255 levels, that means "no number here". */
export const NAN_LEVEL = 255;
const TOP_LEVEL = 254;
const LEAST = 1e-30; // from low to high: levels of less do not fit into single precision
const NAN_CODE = { uint8: 255, uint16: 65535, float32: NaN };

export class Tensor {
  private cached?: { low: number; high: number; levels: Uint8Array };

  constructor(
    readonly shape: readonly number[],
    readonly codes: Codes,
    readonly dtype: PackedTensor["dtype"],
    readonly min: number,
    readonly max: number,
  ) {}

  get rows(): number {
    return this.shape[this.shape.length - 2];
  }

  get columns(): number {
    return this.shape[this.shape.length - 1];
  }

  /** The part at some leading indices; it shares its memory. */
  part(...index: number[]): Tensor {
    return index.reduce((part: Tensor, i) => part.take(0, i), this);
  }

  /** The part at one index of an axis; it shares its memory where that is the first axis. */
  take(axis: number, index: number): Tensor {
    const inner = sizeOf(this.shape.slice(axis + 1));
    const [start, row] = [index * inner, this.shape[axis] * inner];
    const shape = this.shape.filter((_, i) => i !== axis);
    if (axis === 0) return this.with(this.codes.subarray(start, start + inner) as Codes, shape);
    const codes = this.codes.slice(0, sizeOf(shape)); // as many, and of their type
    for (let from = start, to = 0; to < codes.length; from += row, to += inner) {
      codes.set(this.codes.subarray(from, from + inner), to);
    }
    return this.with(codes, shape);
  }

  /** Other codes that mean the same. */
  with(codes: Codes, shape = this.shape): Tensor {
    return new Tensor(shape, codes, this.dtype, this.min, this.max);
  }

  /** The number at a flat index; NaN where there is none. */
  at(index: number): number {
    const code = this.codes[index];
    if (this.dtype === "float32") return code;
    const nan = NAN_CODE[this.dtype];
    return code === nan ? NaN : this.min + (code * (this.max - this.min)) / (nan - 1);
  }

  value(row: number, column: number): number {
    return this.at(row * this.columns + column);
  }

  /** Levels of a part of the last two axes, which may reach over the edge. */
  window(row: number, column: number, rows: number, columns: number): Uint8Array {
    const levels = new Uint8Array(rows * columns).fill(NAN_LEVEL); // outside there is nothing
    for (let i = 0; i < levels.length; i++) {
      const [y, x] = [row + Math.floor(i / columns), column + (i % columns)];
      if (y < 0 || x < 0 || y >= this.rows || x >= this.columns) continue;
      levels[i] = levelOf(this.value(y, x), this.min, this.max);
    }
    return levels;
  }

  /** How far apart two numbers must be to be told apart: decides how many digits may be shown. */
  get resolution(): number {
    return this.dtype === "float32" ? 0 : (this.max - this.min) / (NAN_CODE[this.dtype] - 1);
  }

  /** Levels 0 to 254 between low and high, 255 for NaN: what a colour map looks up. */
  levels(low = this.min, high = this.max): Uint8Array {
    if (this.dtype === "uint8" && low === this.min && high === this.max) return this.codes as Uint8Array;
    if (this.cached && this.cached.low === low && this.cached.high === high) return this.cached.levels;
    const levels = new Uint8Array(this.codes.length);
    for (let i = 0; i < levels.length; i++) levels[i] = levelOf(this.at(i), low, high);
    this.cached = { low, high, levels };
    return levels;
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** The level of a number, as `quantise` in `wire.py` has it: in single precision too, so that none differs by one. */
export function levelOf(value: number, low: number, high: number): number {
  if (Number.isNaN(value)) return NAN_LEVEL;
  const scale = Math.fround(TOP_LEVEL / Math.max(high - low, LEAST));
  const start = Math.fround(0.5 - Math.fround(Math.fround(low) * scale));
  const level = Math.floor(Math.fround(Math.fround(Math.fround(value) * scale) + start));
  return Math.max(0, Math.min(TOP_LEVEL, level));
}

/** Read a tensor; `buffer` where the bytes came beside the header, as in an answer to a question. */
export function unpack(packed: PackedTensor, buffer: Bytes | undefined = packed.data): Tensor {
  if (!buffer) throw new Error("a tensor came without its bytes");
  const codes = view(packed.dtype, buffer);
  if (codes.length !== sizeOf(packed.shape)) {
    throw new Error(`a tensor of shape ${packed.shape.join(" x ")} came with ${codes.length} numbers`);
  }
  return new Tensor(packed.shape, codes, packed.dtype, packed.min, packed.max);
}

function view(dtype: PackedTensor["dtype"], buffer: Bytes): Codes {
  let bytes: Uint8Array;
  if (buffer instanceof ArrayBuffer) bytes = new Uint8Array(buffer);
  else bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  if (dtype === "uint8") return bytes;
  // The bytes are part of a larger message and may start anywhere: wider numbers need a copy that is aligned.
  const aligned = bytes.slice().buffer;
  return dtype === "uint16" ? new Uint16Array(aligned) : new Float32Array(aligned);
}
