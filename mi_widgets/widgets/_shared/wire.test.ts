import { describe, expect, it } from "vitest";
import { levelOf, NAN_LEVEL, type PackedTensor, unpack } from "./wire";

function header(dtype: PackedTensor["dtype"], shape: number[], min = 0, max = 1): PackedTensor {
  return { shape, dtype, min, max };
}

/** Bytes that start at an odd place of a larger message, as they come from the kernel. */
function inside(bytes: Uint8Array, offset = 3): DataView {
  const message = new Uint8Array(bytes.length + offset + 5).fill(77);
  message.set(bytes, offset);
  return new DataView(message.buffer, offset, bytes.length);
}

describe("unpack", () => {
  it("reads bytes that start in the middle of a message", () => {
    const tensor = unpack(header("uint8", [2, 2]), inside(new Uint8Array([0, 127, 254, 255])));
    expect([...tensor.codes]).toEqual([0, 127, 254, 255]);
    expect(tensor.value(0, 1)).toBe(0.5);
    expect(tensor.value(1, 0)).toBe(1);
    expect(tensor.value(1, 1)).toBeNaN();
  });

  it("copies wider numbers to an aligned place", () => {
    const numbers = new Float32Array([-1.5, NaN, 2.25]);
    const tensor = unpack(header("float32", [1, 3], -2, 3), inside(new Uint8Array(numbers.buffer), 1));
    expect(tensor.at(0)).toBe(-1.5);
    expect(tensor.at(1)).toBeNaN();
    expect([...tensor.levels(-2, 2.25)]).toEqual([30, NAN_LEVEL, 254]);
  });

  it("reads 16 bits, whose last code is NaN", () => {
    const codes = new Uint16Array([0, 65534, 65535]);
    const tensor = unpack(header("uint16", [3], -1, 1), inside(new Uint8Array(codes.buffer), 5));
    expect([tensor.at(0), tensor.at(1)]).toEqual([-1, 1]);
    expect(tensor.at(2)).toBeNaN();
    expect([...tensor.levels()]).toEqual([0, 254, NAN_LEVEL]);
  });

  it("refuses bytes that do not fit the shape", () => {
    expect(() => unpack(header("uint8", [2, 2]), inside(new Uint8Array(3)))).toThrow("2 x 2");
    expect(() => unpack(header("uint8", [2, 2]))).toThrow("without its bytes");
  });

  it("gives parts along leading axes without copying", () => {
    const tensor = unpack(header("uint8", [2, 3, 1, 2]), inside(new Uint8Array([...Array(12).keys()])));
    const part = tensor.part(1, 2);
    expect(part.shape).toEqual([1, 2]);
    expect([...part.codes]).toEqual([10, 11]);
    expect(part.codes.buffer).toBe(tensor.codes.buffer);
  });

  it("cuts windows that reach over the edge", () => {
    const tensor = unpack(header("uint8", [2, 2]), new Uint8Array([1, 2, 3, 4]));
    expect([...tensor.window(-1, 1, 3, 2)]).toEqual([255, 255, 2, 255, 4, 255]);
  });
});

describe("levelOf", () => {
  it("clips, and keeps NaN apart", () => {
    expect([levelOf(-5, 0, 1), levelOf(0.5, 0, 1), levelOf(7, 0, 1), levelOf(NaN, 0, 1)]).toEqual([0, 127, 254, 255]);
  });
});
