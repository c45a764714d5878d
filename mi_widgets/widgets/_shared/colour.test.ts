import { describe, expect, it } from "vitest";
import { css, gradient, inkOn, lookup, type MapName, type Theme } from "./colour";
import table from "./colours.json";

const maps = Object.keys(table) as MapName[];
const themes: Theme[] = ["light", "dark"];

function luminance(rgba: Uint8ClampedArray, level: number): number {
  const [r, g, b] = rgba.subarray(level * 4, level * 4 + 3);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe("colour maps", () => {
  it.each(maps.flatMap((map) => themes.map((theme) => [map, theme] as const)))(
    "%s %s has ends and no NaN",
    (map, theme) => {
      const colours = lookup(map, theme);
      const stops = table[map][theme];
      expect(colours).toHaveLength(1024);
      expect(colours[255 * 4 + 3]).toBe(0);
      expect(css(map, theme, 254)).toBe(
        `rgb(${[1, 3, 5].map((i) => parseInt(stops[16].slice(i, i + 2), 16)).join(" ")})`,
      );
      expect(gradient(map, theme)).toContain(stops[8]);
    },
  );

  it.each(themes)("sequential %s only ever gets more different from its background", (theme) => {
    const colours = lookup("sequential", theme);
    const sign = theme === "light" ? -1 : 1;
    for (let level = 1; level < 255; level++) {
      expect(sign * (luminance(colours, level) - luminance(colours, level - 1))).toBeGreaterThan(-0.8);
    }
    expect(css("sequential", theme, 0)).toBe("transparent");
  });

  it("writes in a colour that can be read", () => {
    expect(inkOn("sequential", "light", 254)).toBe("#fff");
    expect(inkOn("sequential", "dark", 254)).toBe("#111");
    expect(inkOn("sequential", "light", 255)).toBeUndefined();
  });
});
