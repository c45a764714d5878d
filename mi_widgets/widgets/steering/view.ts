/** One display of the panel: sliders, both continuations, the next tokens; below what it does and costs. */
import { copyCode } from "../_shared/copying";
import type { Help } from "../_shared/keys";
import { Ask } from "../_shared/ask";
import { el } from "../_shared/dom";
import { type Action, Frame } from "../_shared/frame";
import { bindKeys } from "../_shared/keyboard";
import { listen, type Model } from "../_shared/model";
import { Bars } from "./bars";
import { Settings } from "./settings";
import { Sliders } from "./sliders";
import { Sweep } from "./sweep";
import { figuresInWords } from "./words";

interface Said {
  pieces: [string, boolean][];
  writing: boolean;
  error: string;
}

const LONGEST = 400; // signs of a prompt: its end is what matters
const KEYS: Help = [
  [["left", "right"], "move the slider that has the focus"],
  [["zero"], "put it back to 0, as a double click does"],
  [["write"], "write another text; Esc leaves it"],
];

export class View {
  private frame: Frame;
  private ask: Ask;
  private sliders: Sliders;
  private settings: Settings;
  private bars = new Bars();
  private sweep = new Sweep();
  private texts = { _plain: el("p", { class: "mi-text" }), _steered: el("p", { class: "mi-text" }) };
  private figures = el("span", { class: "mi-figures-said" });
  private took = el("span", { class: "mi-facts mi-took" });

  constructor(
    private model: Model,
    element: HTMLElement,
  ) {
    this.frame = new Frame(element, this.actions(), KEYS, () => this.draw());
    this.frame.root.classList.add("mi-steering");
    this.ask = new Ask(model, () => this.frame.root.focus());
    this.sliders = new Sliders(model.get("_sliders"), (i, scale) => this.slide(i, scale));
    this.settings = new Settings(model, (name, value) =>
      this.set("settings", { ...model.get("settings"), [name]: value }),
    );
    this.assemble();
    this.listen();
    this.frame.followWidth();
  }

  dispose(): void {
    this.frame.dispose();
  }

  private actions(): Action[] {
    return [
      { label: "stop", key: "stop", hint: "stop what the model is doing", run: () => this.send("stop") },
      {
        label: "sweep",
        key: "sweep",
        hint: "effect and cost of all strengths of the slider that had the focus last",
        run: () => this.send("sweep"),
      },
      {
        label: "reset",
        key: "reset",
        hint: "put all sliders back to 0",
        run: () =>
          this.set(
            "scales",
            this.scales.map(() => 0),
          ),
      },
      {
        label: "copy code",
        key: "code",
        hint: "copy the Python that steers so",
        run: () => copyCode(this.model, this.frame),
      },
    ];
  }

  private assemble(): void {
    const said = (name: string, text: HTMLElement) =>
      el("figure", { class: "mi-said" }, el("figcaption", {}, el("strong", {}, name)), text);
    const key = (kind: string, name: string) =>
      el("span", { class: "mi-facts" }, el("span", { class: `mi-key ${kind}`, "aria-hidden": "true" }), name);
    const bars = el(
      "figure",
      { class: "mi-said" },
      el("figcaption", {}, el("strong", {}, "next token"), key("mi-before", "as it is"), key("mi-after", "steered")),
      this.bars.element,
    );
    const steered = said("steered", this.texts._steered);
    steered.classList.add("mi-is-steered");
    this.frame.body.append(
      this.ask.element,
      this.sliders.element,
      el("div", { class: "mi-three" }, said("as it is", this.texts._plain), steered, bars),
      this.sweep.element,
      this.settings.element,
    );
    this.frame.footer.append(this.figures, this.took);
  }

  private listen(): void {
    const { model } = this;
    this.frame.until(
      this.ask.follow(),
      bindKeys(this.frame.root, { write: () => this.ask.focus() }),
      listen(model, {
        "change:scales": () => this.drawScales(),
        "change:settings": () => this.settings.draw(),
        "change:_next": () => this.drawNext(),
        "change:_plain": () => this.drawText("_plain"),
        "change:_steered": () => this.drawText("_steered"),
        "change:_figures": () => this.drawFigures(),
        "change:_sweep": () => this.drawSweep(),
        "change:_said": () => this.drawSaid(),
      }),
    );
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private get scales(): number[] {
    return this.model.get("scales");
  }

  private slide(index: number, scale: number): void {
    this.set(
      "scales",
      this.scales.map((old, i) => (i === index ? scale : old)),
    );
  }

  private set(name: string, value: unknown): void {
    this.model.set(name, value);
    try {
      this.model.save_changes();
    } catch {
      this.ask.say("The kernel is gone: run the cell again.");
    }
  }

  private send(what: "stop" | "sweep"): void {
    this.model.send({ do: what, slider: this.sliders.chosen });
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private draw(): void {
    if (!this.frame.width) return; // not shown yet
    this.drawScales();
    this.settings.draw();
    this.drawText("_plain");
    this.drawText("_steered");
    this.drawFigures();
    this.drawSweep();
    this.drawSaid();
    this.drawNext();
  }

  private drawScales(): void {
    const { title, model, warnings } = this.model.get("_header");
    const active = this.scales.filter((scale) => scale !== 0).length;
    this.frame.say({ title, facts: [model, `${active} of ${this.scales.length} active`], warnings });
    this.sliders.draw(this.scales);
    this.fade();
    this.frame.label("reset", "reset", { hidden: !active });
  }

  private drawNext(): void {
    const { scales, tokens } = this.model.get("_next");
    this.bars.draw(tokens);
    requestAnimationFrame(() => {
      this.frame.root.dataset.shows = JSON.stringify(scales);
      this.frame.painted();
    });
  }

  private drawText(which: "_plain" | "_steered"): void {
    const { pieces, writing, error }: Said = this.model.get(which);
    const text = this.texts[which];
    text.setAttribute("aria-busy", String(writing));
    text.classList.toggle("mi-error", !!error);
    if (error) return text.replaceChildren(error);
    const prompt: string = this.model.get("prompt");
    const shown = prompt.length > LONGEST ? `…${prompt.slice(-LONGEST)}` : prompt;
    const parts = pieces.map(([piece, same]) => el("span", { class: same ? "mi-same" : "mi-changed" }, piece));
    text.replaceChildren(el("span", { class: "mi-prompt" }, shown), ...parts);
    if (writing) text.append(el("span", { class: "mi-writing", "aria-hidden": "true" }, "▍"));
    else if (which === "_steered" && pieces.length)
      this.frame.announce(`steered: ${pieces.map(([piece]) => piece).join("")}`);
  }

  private drawFigures(): void {
    const figures = this.model.get("_figures");
    this.figures.replaceChildren(...figuresInWords(figures));
    this.took.textContent = figures.ms === undefined ? "" : `${figures.ms} ms`;
    this.took.title = "from the kernel hearing of the slider to the next token";
    this.fade();
  }

  /** Figures of where the sliders stood before are not those of now. */
  private fade(): void {
    const { scales } = this.model.get("_figures");
    const old = scales !== undefined && JSON.stringify(scales) !== JSON.stringify(this.scales);
    this.frame.footer.classList.toggle("mi-old", old);
  }

  private drawSweep(): void {
    const sent = this.model.get("_sweep");
    const at = this.model.get("_sliders").findIndex(({ name }: { name: string }) => name === sent.name);
    this.sweep.draw(sent, this.frame.width, at < 0 ? undefined : this.scales[at]);
  }

  private drawSaid(): void {
    const { error, busy } = this.model.get("_said");
    this.ask.say(error);
    this.frame.root.classList.toggle("mi-behind", !!error);
    this.frame.label("stop", busy ? `stop ${busy}` : "stop", { hidden: !busy });
  }
}
