import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { checkKeys, EVIL, FakeModel, fakePage, shown as shownWidget } from "../_shared/fakes";
import { axis, floats, labelled, whole } from "../_shared/packed";
import { press, slide } from "../_shared/reader";
import widget from "./widget";

const NAMES = {
  latents: whole([4], [0, 1, 2, 3]),
  labels: ["", "register french", "", ""],
  says: ["↑ ·a", "↑ ·le", EVIL, "↑ ·c"],
  peaks: floats([4], (i) => 10 * (i + 1)),
};

/** Two prompts; at "a" latents 1 and 0, at " b" latent 1, at EVIL nothing. */
function fired() {
  return labelled(
    [
      axis("batch", [0, 1]),
      axis("pos", [0, 1, 2], {
        texts: [
          ["a", " b", EVIL],
          ["z", "", ""],
        ],
        by: "batch",
        tokens: true,
      }),
      axis("rank", [0, 1]),
    ],
    {
      latent: whole([2, 3, 2], [1, 0, 1, NaN, NaN, NaN, 2, NaN, NaN, NaN, NaN, NaN]),
      activation: floats([2, 3, 2], (i) => [8, 4, 6, NaN, NaN, NaN, 5, NaN, NaN, NaN, NaN, NaN][i]),
    },
  );
}

function fakeModel(more: Record<string, unknown> = {}) {
  return new FakeModel({
    selection: { batch: 0, pos: null, latent: 1 },
    _choices: { batch: [0, 1], pos: [0, 1, 2, null], latent: [0, 1, 2, 3, null] },
    _header: { title: "Latents at resid_post[2]", model: "atlas", unit: "activation", warnings: [] },
    _data: fired(),
    _names: NAMES,
    _said: { error: "", busy: false },
    _changes: [],
    _changeable: true,
    prompt: null,
    _code: "view",
    _links: [],
    ...more,
  });
}

beforeAll(fakePage);
let stop = () => {};
afterEach(() => stop());

function shown(model: FakeModel) {
  const made = shownWidget(widget(), model);
  stop = made.stop;
  return made;
}

const bars = (root: Element) => [...root.querySelectorAll<HTMLElement>(".mi-bar-item")];
const tokens = (root: Element) => [...root.querySelectorAll<HTMLElement>(".mi-strip > .mi-token")];
const said = (root: Element) => root.querySelector(".mi-sentence")!.textContent;
const action = (root: Element, name: string) =>
  [...root.querySelectorAll<HTMLElement>(".mi-actions .mi-button")].find((button) =>
    button.textContent!.includes(name),
  )!;

describe("the text", () => {
  it("is lit where the selected latent fires", () => {
    const { root } = shown(fakeModel());
    const [a, b, evil] = tokens(root);
    expect(a.style.background).not.toBe(b.style.background);
    expect([a.style.background, b.style.background].includes("transparent")).toBe(false);
    expect(evil.style.background).toBe("transparent");
    expect(said(root)).toBe("Latent 1 (register french) fires at 2 of 3 tokens, most at 0 a: 8.00");
    expect(root.querySelector(".mi-bar")!.textContent).toBe("08activation of latent 1");
  });

  it("is walked by key and click, and its tokens say what fires", () => {
    const model = fakeModel();
    const { root } = shown(model);
    press(root, "ArrowRight");
    expect(model.get("selection").pos).toBe(0);
    press(root, "End");
    expect(model.get("selection").pos).toBe(2);
    expect(bars(root).map((row) => row.textContent)).toEqual(["1register french0.00"]); // nothing fires
    tokens(root)[1].click();
    expect(model.get("selection").pos).toBe(1);
    tokens(root)[1].click(); // again: the whole text
    expect(model.get("selection").pos).toBe(null);
    tokens(root)[0].dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(root.querySelector(".mi-tooltip")!.textContent).toBe(
      'token0 "a"latent 18.008.001 (register french)4.000 (↑ ·a)',
    );
  });

  it("has other prompts, padded ones too", () => {
    const model = fakeModel();
    const { root } = shown(model);
    press(root, "]");
    expect(model.get("selection")).toEqual({ batch: 1, pos: null, latent: 1 });
    expect(said(root)).toBe("Latent 1 (register french) fires at none of 1 tokens");
    press(root, "End");
    expect(model.get("selection").pos).toBe(0);
  });
});

describe("the bars", () => {
  it("are the strongest at a token, or each at its strongest in the whole text", () => {
    const model = fakeModel();
    const { root } = shown(model);
    expect(bars(root).map((row) => row.textContent)).toEqual(["1register french8.00", "0↑ ·a4.00"]);
    expect(bars(root)[0].querySelector<HTMLElement>(".mi-bar-fill")!.style.width).toBe("100%");
    press(root, "ArrowDown");
    expect(model.get("selection").latent).toBe(0);
    tokens(root)[1].click();
    expect(bars(root).map((row) => row.textContent)).toEqual(["1register french6.00", "0↑ ·a0.00"]); // and the selected one
    bars(root)[0].click();
    expect(model.get("selection")).toEqual({ batch: 0, pos: 1, latent: 1 });
    expect(root.querySelector(".mi-strongest-and-one figcaption")!.textContent).toBe("Strongestat 1 ·b");
  });

  it("have no scale of what has no end, and what is no number comes last", () => {
    const data = fired();
    data.variables.activation.values = floats([2, 3, 2], (i) => [NaN, 4, Infinity, 2][i] ?? NaN);
    data.variables.latent.values = whole([2, 3, 2], [3, 0, 1, 0, NaN, NaN, 2, NaN, NaN, NaN, NaN, NaN]);
    const { root } = shown(fakeModel({ _data: data }));
    expect(bars(root).map((row) => row.querySelector(".mi-bar-text")!.textContent)).toEqual(["∞", "4.00", "none"]);
    const widths = [...root.querySelectorAll<HTMLElement>(".mi-bar-fill")].map((bar) => bar.style.width);
    expect(widths.slice(0, 2)).toEqual(["100%", "100%"]);
  });

  it("say that nothing is selected", () => {
    const { root } = shown(fakeModel({ selection: { batch: 0, pos: null, latent: null } }));
    expect(root.querySelector(".mi-latent-title")!.textContent).toBe("No latent selected");
    expect(said(root)).toBe("Strongest in the whole text: latent 1 (register french) 8.00");
    expect(root.querySelector<HTMLElement>(".mi-changing")!.hidden).toBe(true);
    expect(tokens(root)[0].style.background).toBe("transparent");
  });

  it("have numbers alone without dashboards", () => {
    const { root } = shown(fakeModel({ _names: {} }));
    expect(bars(root).map((row) => row.textContent)).toEqual(["18.00", "04.00"]);
    expect(said(root)).toBe("Latent 1 fires at 2 of 3 tokens, most at 0 a: 8.00");
  });
});

describe("what is done to a latent", () => {
  const ways = (root: Element) => [...root.querySelectorAll<HTMLElement>("[role=radio]")];

  it("is chosen: nothing, out, held at a value", () => {
    const model = fakeModel();
    const { root } = shown(model);
    expect(ways(root).map((way) => way.getAttribute("aria-checked"))).toEqual(["true", "false", "false"]);
    ways(root)[1].click();
    expect(model.get("_changes")).toEqual([[1, null]]);
    ways(root)[2].click();
    expect(model.get("_changes")).toEqual([[1, 20]]); // its peak
    slide(root, 7.5);
    expect(model.get("_changes")).toEqual([[1, 7.5]]);
    const figures = root.querySelector<HTMLInputElement>(".mi-figures")!;
    expect(figures.value).toBe("7.5");
    figures.value = "-3";
    figures.dispatchEvent(new Event("input"));
    expect(model.get("_changes")).toEqual([[1, -3]]);
    figures.value = "";
    figures.dispatchEvent(new Event("input"));
    expect(model.get("_changes")).toEqual([[1, -3]]);
    expect(bars(root)[0].textContent).toBe("1register frenchheld");
    ways(root)[0].click();
    expect(model.get("_changes")).toEqual([]);
  });

  it("is switched by key, listed, and reset", () => {
    const model = fakeModel();
    const { root } = shown(model);
    expect(action(root, "reset").hidden).toBe(true);
    press(root, "a");
    press(root, "ArrowDown");
    press(root, "a");
    expect(model.get("_changes")).toEqual([
      [1, null],
      [0, null],
    ]);
    expect([...root.querySelectorAll(".mi-changes button")].map((chip) => chip.textContent)).toEqual([
      "latent 1 out×",
      "latent 0 out×",
    ]);
    expect(action(root, "put back").getAttribute("aria-pressed")).toBe("true");
    press(root, "r");
    expect(model.get("_changes")).toEqual([]);
  });

  it("is nothing without a dictionary", () => {
    const model = fakeModel({ _changeable: false });
    const { root } = shown(model);
    press(root, "a");
    expect(model.get("_changes")).toEqual([]);
    expect(root.querySelector<HTMLElement>(".mi-changing")!.hidden).toBe(true);
  });
});

describe("what is typed", () => {
  const field = (root: Element) => root.querySelector<HTMLTextAreaElement>("textarea")!;

  it("goes to the kernel, and follows it", () => {
    const model = fakeModel({ prompt: "a b" });
    const { root } = shown(model);
    expect(field(root).value).toBe("a b");
    press(root, "/");
    expect(document.activeElement).toBe(field(root));
    field(root).value = "a b c";
    const before = model.saved;
    field(root).dispatchEvent(new Event("input"));
    expect([model.get("prompt"), model.saved]).toEqual(["a b c", before + 1]);
    model.set("prompt", "other");
    expect(field(root).value).toBe("other");
    press(field(root), "Escape");
    expect(document.activeElement).toBe(root);
  });

  it("has no field where nobody answers", () => {
    expect(field(shown(fakeModel()).root).parentElement!.hidden).toBe(true);
  });

  it("is told what is wrong with it, as text, and when it is right again", () => {
    const model = fakeModel({ prompt: "a" });
    const { root } = shown(model);
    model.set("_said", { error: EVIL, busy: false });
    const alert = root.querySelector<HTMLElement>("[role=alert]")!;
    expect([alert.textContent, alert.hidden, root.classList.contains("mi-behind")]).toEqual([EVIL, false, true]);
    model.set("_said", { error: "", busy: true });
    expect([alert.hidden, root.classList.contains("mi-behind")]).toEqual([true, false]);
    expect(action(root, "stop").hidden).toBe(false);
    press(root, "s");
    expect(model.sent).toEqual([{ do: "stop" }]);
  });
});

describe("the widget", () => {
  it("has a table of all tokens, and shows text as text", () => {
    const { root, element } = shown(fakeModel());
    press(root, "ArrowRight");
    press(root, "t");
    const rows = [...root.querySelectorAll(".mi-numbers tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    );
    expect(rows[0]).toEqual(["0", "a", "8.00  1 (register french)", "4.00  0 (↑ ·a)", ""]);
    expect(rows).toHaveLength(3);
    expect(root.querySelector("tr[aria-current]")!.firstChild!.textContent).toBe("0");
    press(root, "]");
    expect(element.querySelectorAll("img, script")).toHaveLength(0);
  });

  it("draws another text, and leaves nothing behind", () => {
    const model = fakeModel({ selection: { batch: 0, pos: 2, latent: 1 } });
    const { root, element } = shown(model);
    model.set("_choices", { ...model.get("_choices"), batch: [0], pos: [0, null] }); // of the same message
    const axes = [
      axis("batch", [0]),
      axis("pos", [0], { texts: [["q"]], by: "batch", tokens: true }),
      axis("rank", [0]),
    ];
    model.set("_data", labelled(axes, { latent: whole([1, 1, 1], [3]), activation: floats([1, 1, 1], () => 2) }));
    expect(tokens(root).map((token) => token.textContent)).toEqual(["q"]);
    expect(bars(root)[0].textContent).toBe("3↑ ·c2.00");
    stop();
    stop = () => {};
    expect([element.children.length, model.listening]).toEqual([0, 0]);
  });

  it("lights up the token that a linked view points at", () => {
    const [model, other] = [fakeModel({ _links: ["a"] }), fakeModel({ _links: ["a"] })];
    const { root } = shown(model);
    const point = (labels: object) =>
      document.dispatchEvent(new CustomEvent("mi-linked-hover", { detail: { from: other, links: ["a"], labels } }));
    point({ query: 1 });
    expect(tokens(root).map((token) => token.classList.contains("mi-lit"))).toEqual([false, true, false]);
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel()));
});
