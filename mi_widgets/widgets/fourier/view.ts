/** Norms, circle and spectrum, and what they say in words. */
import { labelsOf } from "../_shared/cell_gestures";
import { followPointer } from "../_shared/chart_gestures";
import { drawBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { NOWHERE } from "../_shared/heat_map";
import type { Direction } from "../_shared/keyboard";
import type { Help } from "../_shared/keys";
import { inside } from "../_shared/moving";
import { numberText } from "../_shared/numbers";
import type { Page } from "../_shared/pages";
import { captioned } from "../_shared/pictures";
import { type Lines, ResultView } from "../_shared/result_view";
import { CirclePicture } from "./circle";
import { layout } from "./layout";
import { Norms } from "./norms";
import { Plane } from "./plane";
import type { Moment, Selection, Spectrum } from "./spectrum";
import { frequencyTip, keyNote, normTable, sentence } from "./words";

export class FourierView extends ResultView<Spectrum, Selection> {
  protected readonly name = "fourier";
  private norms = new Norms();
  private circle = new CirclePicture();
  private plane = new Plane(this.data, (target) => this.select({ target }));
  private normsNote = el("span", { class: "mi-facts" });
  private keysNote = el("span", { class: "mi-keys-note" });
  private circleName = el("strong");
  private circleBar = el("div");
  private pictures = [
    captioned([el("strong", {}, "Norms"), this.normsNote, this.keysNote], this.norms.element),
    captioned(
      [this.circleName, el("span", { class: "mi-facts" }, "along its cosine and its sine")],
      this.circle.plane.element,
      this.circleBar,
    ),
    this.plane.element,
  ];
  private room = { side: 0, plane: 0 };

  protected readonly table = {
    name: "all frequencies in numbers",
    hint: "every frequency in numbers",
    make: () => normTable(this.data, this.selection),
  };

  protected parts() {
    this.listenToPointer();
    const pictures = el("div", { class: "mi-pictures" }, ...this.pictures);
    return { body: [pictures, this.numbers], footer: [this.words] };
  }

  protected help(): Help {
    return [
      [["left", "right"], "the frequency before, the frequency after"],
      [["up", "down"], "the key frequency before, the key frequency after"],
      [["first", "last"], "the first and the last frequency"],
    ];
  }

  protected pages(): Page[] {
    return [{ key: "step", labels: this.data.steps ?? [], control: "slider" }];
  }

  protected facts({ model, p, unit }: Record<string, string>): string[] {
    return [model, `p = ${p}`, unit];
  }

  private get moment(): Moment {
    return this.data.moment(this.selection);
  }

  /** The index of the selected frequency. */
  private get place(): number {
    return this.data.place(this.selection);
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  protected arrow(to: Direction): void {
    const { place } = this;
    if (to === "up" || to === "down") return this.goToKey(to === "up" ? -1 : 1);
    this.go({ left: place - 1, right: place + 1, first: 0, last: Infinity }[to]);
  }

  /** To a frequency by its index; the ends where it is beyond them. */
  private go(index: number): void {
    const { frequencies } = this.data;
    this.select({ frequency: frequencies[inside(index, frequencies.length)] });
  }

  private goToKey(by: 1 | -1): void {
    const { keys } = this.moment;
    let place = this.place + by;
    while (place >= 0 && place < keys.length && !keys[place]) place += by;
    if (place >= 0 && place < keys.length) this.go(place);
  }

  private listenToPointer(): void {
    const pickNorm = (event: MouseEvent) => {
      const place = this.norms.at(event);
      if (place !== undefined) this.go(place);
    };
    const pickCell = (event: MouseEvent) => {
      const frequency = this.plane.frequencyAt(this.plane.map.spotAt(event) ?? NOWHERE);
      if (frequency !== undefined && this.data.frequencies.includes(frequency)) this.select({ frequency });
    };
    followPointer(this, this.norms.element, (event) => this.hoverNorm(event), pickNorm);
    followPointer(this, this.circle.plane.element, (event) => this.hoverNumber(event));
    followPointer(this, this.plane.map.element, (event) => this.hoverCell(event), pickCell);
  }

  private hoverNorm(event: PointerEvent): void {
    const place = this.norms.at(event);
    if (place === undefined) return this.point({});
    this.point({ frequency: this.data.frequencies[place] }, event, frequencyTip(this.data, this.moment, place));
  }

  private hoverNumber(event: PointerEvent): void {
    const number = this.circle.at(event);
    if (number === undefined) return this.point({});
    const { x, y } = this.data.circle(this.selection);
    const lines: Lines = [
      ["number", String(number)],
      ["cosine", numberText(x[number])],
      ["sine", numberText(y[number])],
      ["next on the circle", String(this.circle.next(number))],
    ];
    this.point({ number }, event, lines);
  }

  private hoverCell(event: PointerEvent): void {
    const spot = this.plane.map.spotAt(event) ?? NOWHERE;
    const labels = { ...labelsOf(this.data, spot), frequency: this.plane.frequencyAt(spot) };
    this.point(labels, event, this.plane.tip(spot));
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  protected arrange(): void {
    const { data, pictures } = this;
    const { norms, side, plane } = layout(this.frame.width, data.targets.length > 0);
    this.room = { side, plane };
    pictures.forEach((picture, i) => (picture.style.width = `${[norms.width, side, plane][i]}px`));
    this.normsNote.textContent = `${this.header.unit}, by frequency`;
    this.norms.draw({ frequencies: data.frequencies, highest: data.derived.highest, ...norms });
    drawBar(this.circleBar, { map: "viridis", low: 0, high: data.p - 1 }, this.theme, "joined by their angle");
  }

  /** Nothing is drawn anew that is the same for another step, frequency or target, so that the picture follows the hand. */
  protected paint(): void {
    const { data, selection, place, moment, room, theme } = this;
    this.norms.mark(moment.norms, moment.keys, place);
    this.keysNote.textContent = keyNote(moment, data.frequencies);
    this.keysNote.classList.toggle("mi-none", !this.keysNote.textContent.startsWith("◆"));
    const { frequency } = selection;
    this.circleName.textContent = `Frequency ${frequency}`;
    this.circle.draw({
      ...data.circle(selection),
      frequency,
      reach: data.derived.reaches[place],
      side: room.side,
      theme,
    });
    this.plane.draw(selection, room.plane, theme);
  }

  protected light(): void {
    const { frequency, number } = this.hovered;
    this.norms.point(this.data.axis("frequency").place(frequency));
    this.circle.light(number as number | undefined);
    this.plane.light(this.hovered);
  }

  protected sentence() {
    return sentence(this.data, this.selection);
  }

  protected describe(said: string): void {
    const { p } = this.data;
    this.norms.describe(this.place, said);
    this.circle.plane.describe(`The ${p} numbers on the circle of frequency ${this.selection.frequency}. ${said}`);
  }
}
