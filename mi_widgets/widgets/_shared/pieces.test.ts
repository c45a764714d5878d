import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { labelText } from "./axis";
import { copyCode } from "./copying";
import { el } from "./dom";
import { FakeModel } from "./fakes";
import { type Action, Frame } from "./frame";
import { bindKeys } from "./keyboard";
import { probability, tiny } from "./numbers";
import { resample } from "./raster";
import { LRUCache } from "./lru_cache";
import { Questions } from "./requests";
import { table } from "./table";
import { everyNth, thinned } from "./thinning";
import { TokenStrip } from "./token_strip";
import { shortened, visible } from "./tokens";
import { tooltip } from "./tooltip";

const EVIL = "</script><img src=x onerror=alert(1)>";

describe("labels", () => {
  it("are all written where there is room", () => {
    expect(thinned(4, 20, 12)).toEqual([0, 1, 2, 3]);
  });

  it("never touch, whatever is lit", () => {
    for (const n of [1, 7, 64, 512]) {
      for (const step of [0.4, 1, 3, 7.5, 20]) {
        for (const lit of [[], [0], [n - 1], [Math.floor(n / 2)]]) {
          const labels = thinned(n, step, 12, lit);
          for (const place of lit) expect(labels).toContain(place);
          for (let i = 1; i < labels.length; i++) expect((labels[i] - labels[i - 1]) * step).toBeGreaterThanOrEqual(12);
        }
      }
    }
  });

  it("are thinned in steps people count in", () => {
    expect([everyNth(512, 1, 12), everyNth(512, 3, 12), everyNth(512, 7, 12)]).toEqual([20, 5, 2]);
  });
});

describe("resample", () => {
  it("keeps the brightest cell of those that share a pixel", () => {
    const levels = new Uint8Array(100);
    levels[37] = 250;
    for (const size of [1, 3, 7]) expect(Math.max(...resample(levels, 10, 10, size, size))).toBe(250);
  });

  it("lets any number win over NaN, and repeats cells when there is room", () => {
    expect([...resample(new Uint8Array([255, 0, 255, 255]), 2, 2, 1, 2)]).toEqual([255, 0]);
    expect([...resample(new Uint8Array([1, 2]), 1, 2, 1, 5)]).toEqual([1, 1, 1, 2, 2]);
  });
});

describe("tokens", () => {
  it("show their whitespace", () => {
    expect(visible(" the")).toBe("·the");
    expect(visible("a\n\tb\r")).toBe("a⏎⇥b␍");
    expect(visible("\u202e\u0000")).toBe("□□");
    expect(visible(" Привет 東京 🙂")).toBe("·Привет·東京·🙂");
  });

  it("are shortened by characters, not by halves of them", () => {
    expect(shortened("🙂🙂🙂🙂", 3)).toBe("🙂🙂…");
  });

  it("have more room on an axis if they are names", () => {
    expect(labelText("register arithmetic", true)).toBe("register arithmetic");
    expect(labelText("register arithmetic")).toBe("register·arit…");
    expect(labelText("a".repeat(40), true)).toBe(`${"a".repeat(23)}…`);
    expect(labelText("🙂".repeat(40), true)).toBe(`${"🙂".repeat(23)}…`);
  });

  it("stay text, in every piece that shows them", () => {
    const strip = new TokenStrip({ pick: () => {}, hover: () => {} });
    strip.setTokens([EVIL, " b"]);
    const frame = el("div");
    tooltip(frame).show(0, 0, [["query", EVIL]]);
    const pieces = [strip.element, frame, table(EVIL, [EVIL], [[EVIL]]), el("p", { title: EVIL }, EVIL)];
    for (const piece of pieces) {
      expect(piece.textContent).toContain("<img");
      expect(piece.querySelectorAll("img, script")).toHaveLength(0);
    }
  });
});

describe("the token strip", () => {
  it("says which token was picked", () => {
    const pick = vi.fn();
    const strip = new TokenStrip({ pick, hover: () => {} });
    strip.setTokens(["a", " b", ""]);
    (strip.element.children[1] as HTMLElement).click();
    expect(pick).toHaveBeenCalledWith(1);
    expect((strip.element.children[2] as HTMLElement).hidden).toBe(true);
  });
});

describe("numbers", () => {
  it("have no more digits than were sent", () => {
    expect([probability(0.934, 1 / 254), probability(0.934, 1 / 65534)]).toEqual(["0.93", "0.934"]);
    expect([probability(0.001, 1 / 254), probability(NaN), probability(0)]).toEqual(["<0.01", "none", "0.000"]);
    expect([tiny(0.91), tiny(0.996), tiny(1)]).toEqual([".91", "1.0", "1.0"]);
  });
});

describe("keys", () => {
  function press(target: Element, key: string, more: KeyboardEventInit = {}) {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
    target.dispatchEvent(event);
    return event;
  }

  it("are heard inside, once, and kept from the page", () => {
    const [inner, outer, page] = [vi.fn(), vi.fn(), vi.fn()];
    const child = el("button");
    const root = el("div", {}, el("div", {}, child));
    const around = el("div", {}, root);
    around.addEventListener("keydown", page);
    bindKeys(root, { switchOff: outer, back: outer });
    const stop = bindKeys(child, { switchOff: inner });
    expect(press(child, "A").defaultPrevented).toBe(true);
    expect([inner.mock.calls.length, outer.mock.calls.length, page.mock.calls.length]).toEqual([1, 0, 0]);
    press(child, "b");
    expect([outer.mock.calls.length, page.mock.calls.length]).toEqual([1, 0]);
    stop();
    press(child, "a");
    expect(outer).toHaveBeenCalledTimes(2);
  });

  it("leave other keys, shortcuts of the browser and writing alone", () => {
    const run = vi.fn();
    const text = el("textarea");
    const root = el("div", {}, text);
    bindKeys(root, { code: run });
    expect(press(root, "x").defaultPrevented).toBe(false);
    press(root, "c", { ctrlKey: true });
    press(root, "c", { metaKey: true });
    press(text, "c");
    expect(run).not.toHaveBeenCalled();
  });
});

describe("questions to the kernel", () => {
  interface Q {
    head: number;
  }
  const send = vi.fn<(message: Q & { id: number }) => void>();
  const told = vi.fn();
  let questions: Questions<Q, string>;
  beforeEach(() => {
    vi.useFakeTimers();
    send.mockReset();
    told.mockReset();
    questions = new Questions<Q, string>(send, told, 1000);
  });
  afterEach(() => void vi.useRealTimers());
  const sent = () => send.mock.calls.map(([message]) => message.head);

  it("go one at a time, and only the newest of those that wait", () => {
    for (const head of [1, 2, 3, 4]) questions.ask({ head });
    expect(sent()).toEqual([1]);
    questions.answered(1, { answer: "one" });
    expect(sent()).toEqual([1, 4]);
    questions.answered(2, { answer: "four" });
    expect(told.mock.calls.map(([question, outcome]) => [question.head, outcome.answer])).toEqual([
      [1, "one"],
      [4, "four"],
    ]);
  });

  it("go on after an error", () => {
    questions.ask({ head: 1 });
    questions.ask({ head: 2 });
    questions.answered(1, { error: "ValueError" });
    expect(told).toHaveBeenCalledWith({ head: 1 }, { error: "ValueError" });
    expect(sent()).toEqual([1, 2]);
  });

  it("go on when nobody answers, and hear a late answer", () => {
    questions.ask({ head: 1 });
    questions.ask({ head: 2 });
    vi.advanceTimersByTime(1001);
    expect(told).toHaveBeenCalledWith({ head: 1 }, { silent: true });
    expect(sent()).toEqual([1, 2]);
    questions.answered(1, { answer: "late" });
    expect(told).toHaveBeenLastCalledWith({ head: 1 }, { answer: "late" });
    questions.ask({ head: 3 });
    expect(sent()).toEqual([1, 2]); // 2 is still under way
  });

  it("survive a channel that is closed", () => {
    send.mockImplementation(() => {
      throw new Error("Cannot send");
    });
    questions.ask({ head: 1 });
    expect(told).toHaveBeenCalledWith({ head: 1 }, { silent: true });
    questions.ask({ head: 2 });
    expect(send).toHaveBeenCalledTimes(2);
  });

  it("ignore answers to nobody's question", () => {
    questions.answered(7, { answer: "?" });
    expect(told).not.toHaveBeenCalled();
  });
});

describe("the frame", () => {
  function framed(writeText: (text: string) => Promise<void>) {
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    const parent = el("div");
    const action: Action = { label: "copy code", key: "code", hint: "", run: () => void frame.copy("a = 1\nb = 2") };
    const frame: Frame = new Frame(parent, [action], [], () => {});
    frame.root.dispatchEvent(new KeyboardEvent("keydown", { key: "c" }));
    return new Promise<HTMLElement>((resolve) => setTimeout(() => resolve(parent), 5));
  }
  afterEach(() => void vi.unstubAllGlobals());

  it("copies, and says so", async () => {
    const written = vi.fn(() => Promise.resolve());
    const parent = await framed(written);
    expect(written).toHaveBeenCalledWith("a = 1\nb = 2");
    expect(parent.textContent).toContain("copied ✓");
  });

  it("shows the code where copying is not allowed", async () => {
    const parent = await framed(() => Promise.reject(new Error("denied")));
    expect(parent.querySelector("textarea")!.value).toBe("a = 1\nb = 2");
  });

  it("asks the kernel for code that was not sent, and copies it once however often it was asked", () => {
    const written = vi.fn(() => Promise.resolve());
    vi.stubGlobal("navigator", { clipboard: { writeText: written } });
    const model = new FakeModel({ _code: "" });
    const action: Action = { label: "copy code", key: "code", hint: "", run: () => {} };
    const frame = new Frame(el("div"), [action], [], () => {});
    for (let i = 0; i < 3; i++) copyCode(model, frame);
    expect(model.sent).toEqual(Array(3).fill({ do: "code" }));
    model.set("_code", "a = 1");
    expect(written.mock.calls).toEqual([["a = 1"]]);
    expect(model.listening).toBe(0);
    frame.dispose();
  });

  it("shows warnings and keys as text", () => {
    const parent = el("div");
    const frame = new Frame(parent, [], [[["open"], EVIL]], () => {});
    frame.say({ title: EVIL, facts: [EVIL, "p"], warnings: [EVIL] });
    expect(parent.textContent).toContain("⚠ 1 warning");
    expect(parent.querySelectorAll("img, script")).toHaveLength(0);
    frame.dispose();
    expect(parent.children).toHaveLength(0);
  });
});

describe("LRUCache", () => {
  it("forgets what was used longest ago", () => {
    const recent = new LRUCache<number>(2);
    recent.put("a", 1);
    recent.put("b", 2);
    recent.get("a");
    recent.put("c", 3);
    expect([recent.get("a"), recent.get("b"), recent.get("c")]).toEqual([1, undefined, 3]);
  });
});
