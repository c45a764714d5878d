/** One display of the widget: norms, circle and spectrum, what they say in words, and every gesture a selection. */
import type { Help } from "../_shared/keys";
import { colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { type Action, Frame } from "../_shared/frame";
import { NOWHERE, type Spot } from "../_shared/heat_map";
import { bindKeys } from "../_shared/keyboard";
import { onHover, sayHover } from "../_shared/linked";
import { reading } from "../_shared/numbers";
import { listen, type Model } from "../_shared/model";
import { STEP_KEYS, StepSlider } from "../_shared/step_slider";
import { CirclePicture } from "./circle";
import { GAP, layout } from "./layout";
import { Norms } from "./norms";
import { Plane } from "./plane";
import type { Moment, Selection, Spectrum } from "./spectrum";
import { frequencyTip, keyNote, normTable, sentence } from "./words";

const KEYS: Help = [
  [["left", "right"], "the frequency before, the frequency after"],
  [["up", "down"], "the key frequency before, the key frequency after"],
  [["first", "last"], "the first and the last frequency"],
];
const HEIGHT_BETWEEN = 18;

export class View {
  private frame: Frame;
  private norms = new Norms();
  private circle = new CirclePicture();
  private plane: Plane;
  private slider = new StepSlider("step", (index) => this.select({ step: this.spectrum.steps![index] }));
  private grid = el("div", { class: "mi-pictures" });
  private normsNote = el("span", { class: "mi-facts" });
  private keysNote = el("span", { class: "mi-keys-note" });
  private circleName = el("strong");
  private circleBar = el("div");
  private sentence = el("p", { class: "mi-sentence" });
  private numbers = el("div", {
    class: "mi-numbers",
    tabindex: 0,
    role: "region",
    "aria-label": "all frequencies in numbers",
  });
  private selection!: Selection;
  private side = 0;
  private planeWidth = 0;

  constructor(
    private model: Model,
    private spectrum: Spectrum,
    element: HTMLElement,
  ) {
    const keys = [...KEYS, ...(spectrum.steps && spectrum.steps.length > 1 ? STEP_KEYS : [])];
    this.frame = new Frame(element, this.actions(), keys, () => this.draw());
    this.frame.root.classList.add("mi-fourier");
    this.plane = new Plane(spectrum, (target) => this.select({ target }));
    this.numbers.hidden = true;
    this.fill();
    this.readTraits();
    this.listenToPeople();
    this.listenToModel();
    this.frame.followWidth();
  }

  dispose(): void {
    this.frame.dispose();
  }

  // -- what there is ------------------------------------------------------------------------------------------------

  private actions(): Action[] {
    return [
      { label: "as table", key: "table", hint: "every frequency in numbers", run: () => this.toggleTable() },
      {
        label: "copy code",
        key: "code",
        hint: "copy the Python that makes this view",
        run: () => void this.frame.copy(this.model.get("_code")),
      },
    ];
  }

  private fill(): void {
    const caption = (...parts: (Node | string)[]) => el("figcaption", {}, ...parts);
    const facts = el("span", { class: "mi-facts" }, "along its cosine and its sine");
    this.grid.append(
      el(
        "figure",
        { class: "mi-picture-of" },
        caption(el("strong", {}, "Norms"), this.normsNote, this.keysNote),
        this.norms.element,
      ),
      el(
        "figure",
        { class: "mi-picture-of" },
        caption(this.circleName, facts),
        this.circle.plane.element,
        this.circleBar,
      ),
      this.plane.element,
    );
    this.frame.extras.append(this.slider.element);
    this.frame.body.append(this.grid, this.numbers);
    this.frame.footer.append(this.sentence);
  }

  private readTraits(): void {
    const chosen = this.model.get("selection");
    // A linked widget, or a new spectrum ahead of its selection, may leave one that cannot be shown.
    if (this.spectrum.fits(chosen)) this.selection = chosen;
    else if (!this.selection || !this.spectrum.fits(this.selection)) this.selection = this.spectrum.first;
    const { title, model, unit, p, warnings } = this.model.get("_header");
    this.frame.say({ title, facts: [model, `p = ${p}`, unit], warnings });
    this.normsNote.textContent = `${unit}, by frequency`;
    const { steps } = this.spectrum;
    this.slider.say(steps ?? [], steps ? steps.indexOf(this.selection.step!) : 0);
  }

  private listenToModel(): void {
    const changed = () => {
      this.readTraits();
      this.draw();
    };
    const chosen = () => {
      this.readTraits();
      this.mark();
    };
    this.frame.until(
      this.spectrum.source.onChange(changed),
      listen(this.model, { "change:selection": chosen, "change:_header": changed }),
      onHover(this.model, ({ frequency }) => this.norms.point(this.spectrum.frequencies.indexOf(frequency as number))),
    );
  }

  private get moment(): Moment {
    return this.spectrum.moment(this.selection);
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private listenToPeople(): void {
    const last = () => this.spectrum.frequencies.length - 1;
    const moves = {
      left: () => this.go(this.place - 1),
      right: () => this.go(this.place + 1),
      up: () => this.goToKey(-1),
      down: () => this.goToKey(1),
      first: () => this.go(0),
      last: () => this.go(last()),
      stepBefore: () => this.slider.shift(-1),
      stepAfter: () => this.slider.shift(1),
    };
    this.frame.until(bindKeys(this.frame.root, moves));
    this.listenToPointer();
  }

  private listenToPointer(): void {
    const [norms, circle, map] = [this.norms.element, this.circle.plane.element, this.plane.map.element];
    norms.addEventListener("click", (event) => {
      const place = this.norms.at(event);
      if (place !== undefined) this.go(place);
    });
    norms.addEventListener("pointermove", (event) => this.pointedAtNorm(event));
    circle.addEventListener("pointermove", (event) => this.pointedAtNumber(event));
    map.addEventListener("pointermove", (event) => this.pointedAtCell(event));
    map.addEventListener("click", (event) => {
      const frequency = this.plane.frequencyAt(this.plane.map.spotAt(event) ?? NOWHERE);
      if (frequency !== undefined && this.spectrum.frequencies.includes(frequency)) this.select({ frequency });
    });
    for (const element of [norms, circle, map]) element.addEventListener("pointerleave", () => this.left());
  }

  private get place(): number {
    return this.spectrum.place(this.selection);
  }

  private select(change: Partial<Selection>): void {
    const [[key, label]] = Object.entries(change);
    if (this.selection[key as keyof Selection] === label) return;
    this.model.set("selection", { ...this.selection, ...change });
    this.model.save_changes();
  }

  /** To a frequency by its index; the ends where it is beyond them. */
  private go(index: number): void {
    const { frequencies } = this.spectrum;
    this.select({ frequency: frequencies[Math.max(0, Math.min(frequencies.length - 1, index))] });
  }

  private goToKey(by: 1 | -1): void {
    const { keys } = this.moment;
    let place = this.place + by;
    while (place >= 0 && place < keys.length && !keys[place]) place += by;
    if (place >= 0 && place < keys.length) this.go(place);
  }

  private pointedAtNorm(event: PointerEvent): void {
    const place = this.norms.at(event);
    if (place === undefined) return this.left();
    this.norms.point(place);
    this.frame.tip(event, frequencyTip(this.spectrum, this.moment, place));
    sayHover(this.model, { frequency: this.spectrum.frequencies[place] });
  }

  private pointedAtNumber(event: PointerEvent): void {
    const n = this.circle.at(event);
    this.circle.light(n);
    if (n === undefined) return this.frame.tooltip.hide();
    const { x, y } = this.spectrum.circle(this.selection);
    const lines: [string, string][] = [
      ["number", String(n)],
      ["cosine", reading(x[n])],
      ["sine", reading(y[n])],
    ];
    this.frame.tip(event, [...lines, ["next on the circle", String(this.circle.next(n))]]);
  }

  private pointedAtCell(event: PointerEvent): void {
    const spot: Spot = this.plane.map.spotAt(event) ?? NOWHERE;
    this.plane.light(spot);
    const frequency = this.plane.frequencyAt(spot);
    this.norms.point(frequency === undefined ? undefined : this.spectrum.frequencies.indexOf(frequency));
    const lines = this.plane.tip(spot, this.selection);
    if (lines.length) this.frame.tip(event, lines);
    else this.frame.tooltip.hide();
  }

  private left(): void {
    this.frame.tooltip.hide();
    this.norms.point(undefined);
    this.circle.light(undefined);
    if (!this.plane.element.hidden) this.plane.light(NOWHERE);
    sayHover(this.model, {});
  }

  private toggleTable(): void {
    this.numbers.hidden = !this.numbers.hidden;
    this.drawWords();
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private draw(): void {
    if (!this.frame.width) return; // not shown yet
    const { spectrum } = this;
    const { norms, side, plane } = layout(this.frame.width, spectrum.targets.length > 0);
    [this.side, this.planeWidth] = [side, plane];
    const [first, second] = this.grid.children as unknown as HTMLElement[];
    [first.style.width, second.style.width] = [`${norms.width}px`, `${side}px`];
    Object.assign(this.grid.style, { gap: `${HEIGHT_BETWEEN}px ${GAP}px` });
    this.norms.draw({ frequencies: spectrum.frequencies, highest: spectrum.highest, ...norms });
    const bar = colourBar({ map: "viridis", low: "0", high: String(spectrum.p - 1), note: "joined by their angle" });
    bar.draw(this.frame.theme);
    this.circleBar.replaceChildren(bar.element);
    this.mark();
  }

  /** Show another step, frequency or target: nothing else is drawn anew, so that it follows the hand. */
  private mark(): void {
    if (!this.side) return;
    const { spectrum, selection, place, moment } = this;
    this.norms.mark(moment.norms, moment.keys, place);
    this.circle.draw({
      ...spectrum.circle(selection),
      frequency: selection.frequency,
      reach: spectrum.reach(place),
      side: this.side,
      theme: this.frame.theme,
    });
    this.plane.draw(selection, this.planeWidth, this.frame.theme);
    this.drawWords();
    requestAnimationFrame(() => this.frame.painted());
  }

  private drawWords(): void {
    const { spectrum, selection, moment } = this;
    this.circleName.textContent = `Frequency ${selection.frequency}`;
    this.keysNote.textContent = keyNote(moment, spectrum.frequencies);
    this.keysNote.classList.toggle("mi-none", !this.keysNote.textContent.startsWith("◆"));
    this.sentence.replaceChildren(...sentence(spectrum, selection));
    const said = this.sentence.textContent!;
    this.norms.describe(this.place, said);
    this.circle.plane.describe(`The ${spectrum.p} numbers on the circle of frequency ${selection.frequency}. ${said}`);
    this.frame.announce(said);
    const shown = !this.numbers.hidden;
    this.frame.label("table", "as table", { pressed: shown });
    if (shown) this.numbers.replaceChildren(normTable(spectrum, selection));
  }
}
