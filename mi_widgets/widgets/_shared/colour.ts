/** Colour maps: the table in colours.json, which Python reads too, as 256 colours to look up. */
import table from "./colours.json";
import { NAN_LEVEL } from "./wire";

export type MapName = keyof typeof table;
export type Theme = "light" | "dark";

const cache = new Map<string, Uint8ClampedArray>();

/** RGBA of levels 0 to 255. NaN is transparent, and so is 0 on a sequential map: nothing is there. */
export function lookup(name: MapName, theme: Theme): Uint8ClampedArray {
  const key = `${name} ${theme}`;
  let colours = cache.get(key);
  if (!colours) cache.set(key, (colours = interpolate(table[name][theme])));
  if (name === "sequential") colours[3] = 0;
  return colours;
}

function interpolate(stops: string[]): Uint8ClampedArray {
  const rgb = stops.map((stop) => [1, 3, 5].map((i) => parseInt(stop.slice(i, i + 2), 16)));
  const colours = new Uint8ClampedArray(256 * 4);
  for (let level = 0; level < NAN_LEVEL; level++) {
    const place = (level / (NAN_LEVEL - 1)) * (stops.length - 1);
    const below = Math.min(Math.floor(place), stops.length - 2);
    for (let channel = 0; channel < 3; channel++) {
      const [a, b] = [rgb[below][channel], rgb[below + 1][channel]];
      colours[level * 4 + channel] = Math.floor(a + (b - a) * (place - below) + 0.5);
    }
    colours[level * 4 + 3] = 255;
  }
  return colours;
}

/** One level as a CSS colour, for elements. */
export function css(name: MapName, theme: Theme, level: number): string {
  const [r, g, b, a] = lookup(name, theme).subarray(level * 4, level * 4 + 4);
  return a ? `rgb(${r} ${g} ${b})` : "transparent";
}

/** Black or white, whichever can be read on that level; undefined where the level is transparent. */
export function inkOn(name: MapName, theme: Theme, level: number): string | undefined {
  const [r, g, b, a] = lookup(name, theme).subarray(level * 4, level * 4 + 4);
  if (!a) return undefined;
  const luminance = [r, g, b].map(linear).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  return luminance > 0.18 ? "#111" : "#fff";
}

function linear(channel: number): number {
  const c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

/** The whole map as a CSS gradient, for a colour bar. */
export function gradient(name: MapName, theme: Theme): string {
  return `linear-gradient(to right, ${table[name][theme].join(", ")})`;
}
