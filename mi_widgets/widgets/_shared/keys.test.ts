import { describe, expect, it } from "vitest";
import { KEYS, keyLabel } from "./keys";

const tests: Record<string, string> = (import.meta as any).glob("../*/widget.test.ts", {
  query: "?raw",
  import: "default",
  eager: true,
});

describe("the table of keys", () => {
  it("gives no key two meanings", () => {
    const keys = Object.values(KEYS);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter((key) => key !== key.toLowerCase() && key.length === 1)).toEqual([]);
  });

  it("writes keys as they stand on a keyboard", () => {
    expect([
      keyLabel("left"),
      keyLabel("nothing"),
      keyLabel("table"),
      keyLabel("toggle"),
      keyLabel("promptBefore"),
    ]).toEqual(["←", "Esc", "T", "Space", "["]);
  });

  it("is what every view is held to", () => {
    expect(Object.keys(tests).length).toBeGreaterThan(11);
    const free = Object.entries(tests).filter(([, test]) => !test.includes("checkKeys(widget(), "));
    expect(free.map(([path]) => path)).toEqual([]);
  });
});
