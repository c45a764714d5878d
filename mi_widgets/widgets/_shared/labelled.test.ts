import { describe, expect, it, vi } from "vitest";
import { FakeModel } from "./fakes";
import { axis, floats, labelled, whole } from "./packed";
import { LabelledData } from "./labelled";
import { fitting } from "./selection";

const AXES = [
  axis("step", [0, 100]),
  axis("layer", [3, 5]),
  axis("pos", [7, 8, 9], {
    texts: [
      ["a", "b", "c"],
      ["d", "e", "f"],
    ],
    by: "step",
    tokens: true,
  }),
];

function data() {
  const values = floats([2, 2, 3], (i) => (i === 11 ? NaN : i), -1, 12);
  const tokens = { axes: ["layer"], values: whole([2], [1, 0]), texts: [" x", "y"] };
  return labelled(AXES, { values, tokens }, { asked: ["x"] });
}

const read = () => new LabelledData(new FakeModel({ _data: data() }));

describe("labelled data", () => {
  it("is read by labels", () => {
    const values = read().get("values");
    expect(values.at({ step: 100, layer: 3, pos: 8 })).toBe(7);
    expect(values.at({ step: 100, layer: 5, pos: 9 })).toBeNaN();
    expect(values.scale).toEqual({ map: "diverging", low: -1, high: 12 });
    expect(() => values.at({ step: 100, layer: 4, pos: 8 })).toThrow("the axis layer has no label 4");
    expect(read().get("tokens").text({ layer: 3 })).toBe("y");
    expect(read().derived).toEqual({ asked: ["x"] });
  });

  it("is cut by labels: at the front without a copy", () => {
    const values = read().get("values");
    const front = values.slice({ step: 100, layer: 3 });
    expect([...front.tensor.codes]).toEqual([6, 7, 8]);
    expect(front.tensor.codes.buffer).toBe(values.tensor.codes.buffer);
    expect(values.slice({ step: 100, layer: 3, pos: null })).toBe(front);
    const behind = values.slice({ pos: 8 });
    expect(behind.axes.map(({ name }) => name)).toEqual(["step", "layer"]);
    expect([...behind.tensor.codes]).toEqual([1, 4, 7, 10]);
    expect(behind.at({ step: 100, layer: 5 })).toBe(10);
    expect([...values.slice({ step: 0, pos: 9 }).tensor.codes]).toEqual([2, 5]);
  });

  it("writes the labels of an axis, which may depend on those of another", () => {
    const { axes } = read();
    expect(axes[1].texts({})).toEqual(["L3", "L5"]);
    expect(axes[2].texts({ step: 100 })).toEqual(["d", "e", "f"]);
    expect([axes[2].place(9), axes[2].place(10)]).toEqual([2, undefined]);
  });

  it("is read anew when it is sent again", () => {
    const model = new FakeModel({ _data: data() });
    const found = new LabelledData(model);
    const told = vi.fn();
    found.source.onChange(told);
    model.set("_data", labelled([axis("pos", [1])], { values: floats([1], () => 4) }));
    expect(found.get("values").at({ pos: 1 })).toBe(4);
    expect(told).toHaveBeenCalledTimes(1);
    found.dispose();
    expect(model.listening).toBe(0);
  });
});

describe("a selection", () => {
  const choices = { step: [0, 100], batch: [4, 5], pos: [1, 2, null] };
  const good = { step: 0, batch: 5, pos: 2 };

  it("is shown where it fits, else what was shown before, else the first", () => {
    expect(fitting(good, {}, choices)).toBe(good);
    expect(fitting({ ...good, pos: 9 }, good, choices)).toBe(good);
    expect(fitting({ ...good, pos: 9 }, { pos: 9 }, choices)).toEqual({ step: 100, batch: 4, pos: null });
    expect(fitting(undefined, {}, choices)).toEqual({ step: 100, batch: 4, pos: null });
  });
});
