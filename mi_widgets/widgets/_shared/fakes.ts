/** What the front end's tests use in place of a browser and a kernel. No widget imports it. */
import { expect, vi } from "vitest";
import { KEYS, type Meaning, keyLabel } from "./keys";
import type { Model } from "./model";

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

  /** As one message of the kernel's does: all values first, and then who listens hears of each, in its order. */
  update(state: Record<string, unknown>) {
    Object.assign(this.state, state);
    for (const name of Object.keys(state)) this.fire(`change:${name}`);
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

export const canvasTexts: string[] = []; // what was written on canvases

/** A page without pixels, 900 pixels wide, where the next frame comes at once. */
export function fakePage(): void {
  const drawing: Record<string, unknown> = {
    measureText: (text: string) => ({ width: 6.6 * text.length }),
    fillText: (text: string) => canvasTexts.push(text),
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

const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i).toLowerCase());
const PAGES: Meaning[] = ["stepBefore", "stepAfter", "promptBefore", "promptAfter"]; // perhaps there is but one

/** A view hears keys of the table alone, and its help lists them. */
export function checkKeys(definition: Definition, model: Model): void {
  const { root, stop } = shown(definition, model);
  const listed = [...root.querySelectorAll(".mi-help kbd")].flatMap((key) => key.textContent!.split(" "));
  const meanings = Object.keys(KEYS) as Meaning[];
  expect(meanings.map(keyLabel)).toEqual(expect.arrayContaining(listed));
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
    if (!PAGES.includes(meaning) && !listed.includes(keyLabel(meaning)))
      throw new Error(`the help does not list ${key}`);
  }
}

/** A view shows what a model or a user wrote as text, and nothing of it as HTML. */
export function checkText(definition: Definition, model: Model): void {
  const { root, stop } = shown(definition, model);
  expect(root.textContent).toContain(EVIL);
  expect(root.querySelectorAll("img, script")).toHaveLength(0);
  stop();
}
