/** What a push does and costs; in a panel below the sliders, both continuations and the next tokens. */
import { PromptView } from "../_shared/prompt_view";
import { el } from "../_shared/dom";
import type { Help } from "../_shared/keys";
import type { ViewAction } from "../_shared/result_view";
import { Bars } from "./bars";
import { Settings } from "./settings";
import { type Slider, Sliders } from "./sliders";
import { Sweep } from "./sweep";
import { effectInWords } from "./words";

interface Continuation {
  pieces: [string, boolean][];
  writing: boolean;
  error: string;
}

const LONGEST = 400; // characters of a prompt: its end is what matters

export class SteeringView extends PromptView {
  protected readonly name = "steering";
  private directions: Slider[] = this.model.get("sliders");
  private sliders = new Sliders(this.directions, (i, scale) =>
    this.set(
      "scales",
      this.scales.map((old, j) => (i === j ? scale : old)),
    ),
  );
  private settings = new Settings(this.model, (name, value) =>
    this.set("settings", { ...this.model.get("settings"), [name]: value }),
  );
  private bars = new Bars();
  private sweep = new Sweep(this.model);
  private texts = { plain: el("p", { class: "mi-text" }), steered: el("p", { class: "mi-text" }) };
  private took = el("span", { class: "mi-facts mi-took" });
  private drawn = new Map<string, unknown>(); // what each of these was drawn for
  private drawers: Record<string, () => void> = {
    scales: () => this.sliders.draw(this.scales),
    settings: () => this.settings.draw(),
    plain: () => this.drawText("plain"),
    steered: () => this.drawText("steered"),
    _said: () => this.sayWrong(),
    _next: () => this.drawNext(),
  };
  protected readonly traits = [...Object.keys(this.drawers), "_measured", "_strengths"];

  protected parts() {
    this.words.classList.add("mi-figures-said");
    this.until(this.ask.follow(), () => this.sweep.dispose());
    if (!this.answered) return { body: [this.words] };
    this.took.title = "from the kernel hearing of the slider to the next token";
    const said = (name: string, text: HTMLElement, kind = "") =>
      el("figure", { class: `mi-said${kind}` }, el("figcaption", {}, el("strong", {}, name)), text);
    const key = (kind: string, name: string) =>
      el("span", { class: "mi-facts" }, el("span", { class: `mi-key ${kind}`, "aria-hidden": "true" }), name);
    const likely = said("next token", this.bars.element);
    likely.firstElementChild!.append(key("mi-before", "as it is"), key("mi-after", "steered"));
    const texts = [said("as it is", this.texts.plain), said("steered", this.texts.steered, " mi-is-steered")];
    const three = el("div", { class: "mi-three" }, ...texts, likely);
    return {
      body: [this.ask.element, this.sliders.element, three, this.sweep.element, this.settings.element],
      footer: [this.words, this.took],
    };
  }

  protected actions(): ViewAction[] {
    if (!this.answered) return [];
    const send = (what: string) => () => this.model.send({ do: what, slider: this.sliders.chosen });
    return [
      this.stopAction("stop what the model is doing", send("stop")),
      {
        label: "sweep",
        key: "sweep",
        hint: "effect and cost of all strengths of the slider that had the focus last",
        run: send("sweep"),
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
        state: () => ({ hidden: !this.active }),
      },
    ];
  }

  protected help(): Help {
    if (!this.answered) return [];
    return [
      [["left", "right"], "move the slider that has the focus"],
      [["zero"], "put it back to 0, as a double click does"],
      ...super.help(),
    ];
  }

  protected facts({ model }: Record<string, string>): string[] {
    return this.answered ? [model, `${this.active} of ${this.scales.length} active`] : [model]; // figures say their units
  }

  private get scales(): number[] {
    return this.model.get("scales");
  }

  private get active(): number {
    return this.scales.filter((scale) => scale !== 0).length;
  }

  set(trait: string, value: unknown): void {
    try {
      super.set(trait, value);
    } catch {
      this.ask.say("The kernel is gone: run the cell again.");
    }
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  protected paint(): void {
    if (!this.answered) return;
    for (const [trait, draw] of Object.entries(this.drawers)) {
      const value = this.model.get(trait);
      if (value === this.drawn.get(trait)) continue; // what somebody is typing meanwhile stays
      this.drawn.set(trait, value);
      draw();
    }
    const { scales, ms } = this.model.get("_measured");
    const swept = this.directions.findIndex(({ name }) => name === this.sweep.name);
    this.sweep.draw(this.frame.width, this.scales[swept]);
    this.took.textContent = ms === undefined ? "" : `${ms} ms`;
    // Figures of where the sliders stood before are not those of now.
    this.frame.footer.classList.toggle("mi-old", !!scales && JSON.stringify(scales) !== JSON.stringify(this.scales));
  }

  protected sentence() {
    return effectInWords(this.data).flatMap((line) => [line, " "]);
  }

  /** In a panel it is what is written that is read out. */
  protected get spoken(): boolean {
    return !this.answered;
  }

  private drawNext(): void {
    const { scales, tokens } = this.model.get("_next");
    this.bars.draw(tokens);
    requestAnimationFrame(() => (this.frame.root.dataset.shows = JSON.stringify(scales)));
  }

  private drawText(which: "plain" | "steered"): void {
    const { pieces, writing, error }: Continuation = this.model.get(which);
    const text = this.texts[which];
    text.setAttribute("aria-busy", String(writing));
    text.classList.toggle("mi-error", !!error);
    if (error) return text.replaceChildren(error);
    const prompt: string = this.model.get("prompt");
    const shown = prompt.length > LONGEST ? `…${prompt.slice(-LONGEST)}` : prompt;
    const parts = pieces.map(([piece, same]) => el("span", { class: same ? "mi-same" : "mi-changed" }, piece));
    text.replaceChildren(el("span", { class: "mi-prompt" }, shown), ...parts);
    if (writing) text.append(el("span", { class: "mi-writing", "aria-hidden": "true" }, "▍"));
    else if (which === "steered" && pieces.length)
      this.frame.announce(`steered: ${pieces.map(([piece]) => piece).join("")}`);
  }
}
