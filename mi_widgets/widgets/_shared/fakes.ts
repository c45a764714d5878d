/** What the front end's tests use in place of a browser and a kernel. No widget imports it. */
import { expect, vi } from "vitest";
import { KEYS, type Meaning, sign } from "./keys";
import type { Model } from "./model";
import type { Packed } from "./wire";

/** Text from a model that would do harm if it were read as HTML. */
export const EVIL = "</script><img src=x onerror=alert(1)>";

/** A model as anywidget hands it over, without a kernel. */
export class FakeModel implements Model {
  sent: any[] = [];
  saved = 0;
  private listeners = new Map<string, Set<(...args: any[]) => void>>();

  constructor(private state: Record<string, any>) {}

  get(name: string) {
    return this.state[name];
  }

  set(name: string, value: unknown) {
    this.state[name] = value;
    this.fire(`change:${name}`);
  }

  save_changes() {
    this.saved++;
  }

  on(event: string, listener: (...args: any[]) => void) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event)!.add(listener);
  }

  off(event: string, listener: (...args: any[]) => void) {
    this.listeners.get(event)?.delete(listener);
  }

  send(content: unknown) {
    this.sent.push(content);
  }

  fire(event: string, ...args: any[]) {
    for (const listener of this.listeners.get(event) ?? []) listener(...args);
  }

  get listening() {
    return [...this.listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }
}

/** Codes as the kernel packs them. */
export function codes(shape: number[], value: (i: number) => number): Packed {
  const data = Uint8Array.from({ length: sizeOf(shape) }, (_, i) => value(i));
  return { shape, dtype: "uint8", min: 0, max: 1, data: new DataView(data.buffer) };
}

/** Numbers as the kernel packs them. */
export function floats(shape: number[], value: (i: number) => number, min = 0, max = 1): Packed {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(i));
  return { shape, dtype: "float32", min, max, data: new DataView(data.buffer) };
}

function sizeOf(shape: number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

export const written: string[] = []; // what was written on canvases

/** A page without pixels, 900 pixels wide, where the next frame comes at once. */
export function fakePage(): void {
  const drawing: Record<string, unknown> = {
    measureText: (text: string) => ({ width: 6.6 * text.length }),
    fillText: (text: string) => written.push(text),
  };
  const context = new Proxy({}, { get: (_, name) => drawing[String(name)] ?? (() => {}), set: () => true });
  HTMLCanvasElement.prototype.getContext = vi.fn(() => context) as never;
  vi.stubGlobal(
    "ImageData",
    class {
      data = new Uint8ClampedArray(4 * 1e6);
    },
  );
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => (run(), 0));
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(private tell: (entries: unknown[]) => void) {}
      observe() {
        this.tell([{ contentRect: { width: 900 } }]);
      }
      disconnect() {}
    },
  );
}

type Stop = () => void;
interface Definition {
  initialize(context: { model: Model; el: HTMLElement }): Stop;
  render(context: { model: Model; el: HTMLElement }): Stop;
}

/** A widget on the page, as anywidget puts it there. */
export function shown(definition: Definition, model: Model) {
  const stopModel = definition.initialize({ model, el: document.createElement("div") });
  const element = document.createElement("div");
  document.body.append(element);
  const stopView = definition.render({ model, el: element });
  const root = element.querySelector<HTMLElement>(".mi")!;
  return { definition, element, root, stop: () => (stopView(), stopModel()) };
}

export function press(element: Element, key: string): void {
  element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

/** Move a slider, as a hand or the arrow keys do. */
export function slide(root: Element, to: number): void {
  const slider = root.querySelector<HTMLInputElement>("input[type=range]")!;
  slider.value = String(to);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Whole numbers as the kernel packs them: two bytes each, NaN where there is none. */
export function whole(shape: number[], numbers: number[]): Packed {
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
  variables: Record<string, Packed | { axes: string[]; values: Packed; texts?: string[]; unit?: string }>,
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

const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i).toLowerCase());
const PAGES: Meaning[] = ["stepBefore", "stepAfter", "promptBefore", "promptAfter"]; // perhaps there is but one

/** A view hears keys of the table alone, and its help lists them. */
export function checkKeys(definition: Definition, model: Model): void {
  const { root, stop } = shown(definition, model);
  const listed = [...root.querySelectorAll(".mi-help kbd")].flatMap((key) => key.textContent!.split(" "));
  const meanings = Object.keys(KEYS) as Meaning[];
  expect(meanings.map(sign)).toEqual(expect.arrayContaining(listed));
  const heard = new Set<string>();
  for (const element of [root, ...root.querySelectorAll("[tabindex], input[type=range]")]) {
    for (const key of new Set([...PRINTABLE, ...Object.values(KEYS)])) {
      const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
      if (element.isConnected) element.dispatchEvent(event);
      if (event.defaultPrevented) heard.add(key);
    }
  }
  stop();
  for (const key of heard) {
    const meaning = meanings.find((name) => KEYS[name] === key);
    if (!meaning) throw new Error(`${key} is heard, but no key of the table`);
    if (!PAGES.includes(meaning) && !listed.includes(sign(meaning))) throw new Error(`the help does not list ${key}`);
  }
}
