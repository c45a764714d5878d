/** One display of the widget: vectors, grid and curve, what they say in words, and every gesture a selection. */
import type { Help } from "../_shared/keys";
import { el } from "../_shared/dom";
import { type Action, Frame } from "../_shared/frame";
import { bindKeys } from "../_shared/keyboard";
import { onHover, sayHover } from "../_shared/linked";
import { listen, type Model } from "../_shared/model";
import { StepSlider } from "../_shared/step_slider";
import { Curve } from "./curve";
import { Grid } from "./grid";
import type { Instances, Selection } from "./instances";
import { GAP, layout } from "./layout";
import { Vectors } from "./vectors";
import { featureTable, featureTip, instanceTip, sentence } from "./words";

const KEYS: Help = [
  [["left", "right"], "the instance before, the instance after"],
  [["stepBefore", "stepAfter"], "the instance before, the instance after"],
  [["first", "last"], "the first and the last instance"],
  [["up", "down"], "the feature before, the feature after"],
];
const HEIGHT_BETWEEN = 18;

export class View {
  private frame: Frame;
  private vectors = new Vectors();
  private grid: Grid;
  private curve: Curve;
  private slider = new StepSlider("sparsity", (index) =>
    this.select({ instance: this.instances.sent.instances[index] }),
  );
  private pictures = el("div", { class: "mi-pictures" });
  private gridNote = el("span", { class: "mi-facts" });
  private curveNote = el("span", { class: "mi-facts" });
  private sentence = el("p", { class: "mi-sentence" });
  private numbers = el("div", {
    class: "mi-numbers",
    tabindex: 0,
    role: "region",
    "aria-label": "all features in numbers",
  });
  private selection!: Selection;
  private width = { plane: 0, grid: 0 };

  constructor(
    private model: Model,
    private instances: Instances,
    element: HTMLElement,
  ) {
    this.frame = new Frame(element, this.actions(), KEYS, () => this.draw());
    this.frame.root.classList.add("mi-superposition");
    this.grid = new Grid(instances);
    this.curve = new Curve(instances);
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
      { label: "as table", key: "table", hint: "every feature in numbers", run: () => this.toggleTable() },
      {
        label: "copy code",
        key: "code",
        hint: "copy the Python that makes this view",
        run: () => void this.frame.copy(this.model.get("_code")),
      },
    ];
  }

  private fill(): void {
    const figure = (name: string, note: Node | string, ...parts: Node[]) => {
      const caption = el("figcaption", {}, el("strong", {}, name), note);
      return el("figure", { class: "mi-picture-of" }, caption, ...parts);
    };
    this.pictures.append(
      figure(
        "Features",
        el("span", { class: "mi-facts" }, "as vectors; the circle has radius 1"),
        this.vectors.element,
      ),
      figure("Wᵀ W", this.gridNote, this.grid.map.element, this.grid.bar),
      figure("Dimensions per feature", this.curveNote, this.curve.chart.element),
    );
    this.frame.extras.append(this.slider.element);
    this.frame.body.append(this.pictures, this.numbers);
    this.frame.footer.append(this.sentence);
  }

  private readTraits(): void {
    const chosen = this.model.get("selection");
    const { instances } = this;
    // A linked widget, or another toy model ahead of its selection, may leave one that cannot be shown.
    if (instances.fits(chosen)) this.selection = chosen;
    else if (!this.selection || !instances.fits(this.selection)) this.selection = instances.first;
    this.frame.say(this.model.get("_header"));
    const { sparsities, by_sparsity } = instances.sent;
    this.slider.say(sparsities, this.place[0]);
    this.curveNote.textContent = by_sparsity ? "over 1/(1 − S), log scale" : "by instance";
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
      this.instances.source.onChange(changed),
      listen(this.model, { "change:selection": chosen, "change:_header": changed }),
      onHover(this.model, (labels) => this.pointElsewhere(labels)),
    );
  }

  /** The indices of the selected instance and feature. */
  private get place(): [number, number] {
    return this.instances.place(this.selection);
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private listenToPeople(): void {
    const go = (index: number) => this.select({ instance: this.instances.sent.instances[index] });
    const moves = {
      left: () => this.slider.shift(-1),
      right: () => this.slider.shift(1),
      stepBefore: () => this.slider.shift(-1),
      stepAfter: () => this.slider.shift(1),
      up: () => this.shiftFeature(-1),
      down: () => this.shiftFeature(1),
      first: () => go(0),
      last: () => go(this.instances.sent.instances.length - 1),
    };
    this.frame.until(bindKeys(this.frame.root, moves));
    this.listenToFeatures();
    this.listenToCurve();
  }

  private listenToFeatures(): void {
    const [vectors, map] = [this.vectors.element, this.grid.map.element];
    vectors.addEventListener("click", (event) => this.choose(this.vectors.at(event)));
    map.addEventListener("click", (event) => {
      const { feature, other } = this.grid.at(event);
      this.choose(feature ?? other);
    });
    vectors.addEventListener("pointermove", (event) => this.pointedAtFeature(event, this.vectors.at(event)));
    map.addEventListener("pointermove", (event) => this.pointedAtCell(event));
    for (const element of [vectors, map]) element.addEventListener("pointerleave", () => this.left());
  }

  private listenToCurve(): void {
    const { element } = this.curve.chart;
    const grab = (event: PointerEvent) =>
      this.select({ instance: this.instances.sent.instances[this.curve.at(event)] });
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture?.(event.pointerId);
      grab(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) grab(event);
      const instance = this.curve.at(event);
      this.curve.point(instance);
      this.frame.tip(event, instanceTip(this.instances, instance));
      sayHover(this.model, { instance: this.instances.sent.instances[instance] });
    });
    element.addEventListener("pointerleave", () => this.left());
  }

  private select(change: Partial<Selection>): void {
    const next = { ...this.selection, ...change };
    if (next.instance === this.selection.instance && next.feature === this.selection.feature) return;
    this.model.set("selection", next);
    this.model.save_changes();
  }

  /** Select a feature by its index, if there is one. */
  private choose(feature: number | undefined): void {
    if (feature !== undefined) this.select({ feature: this.instances.sent.features[feature] });
  }

  private shiftFeature(by: 1 | -1): void {
    const { orders, features } = this.instances.sent;
    const [instance, feature] = this.place;
    const order = orders[instance]; // as they stand in the grid
    const next = Math.max(0, Math.min(features.length - 1, order.indexOf(feature) + by));
    this.choose(order[next]);
  }

  private pointedAtFeature(event: PointerEvent, feature: number | undefined): void {
    if (feature === undefined) return this.left();
    this.light(feature);
    this.frame.tip(event, featureTip(this.instances.feature(this.place[0], feature)));
    sayHover(this.model, { feature: this.instances.sent.features[feature] });
  }

  private pointedAtCell(event: PointerEvent): void {
    const { spot, feature, other } = this.grid.at(event);
    if (feature === undefined || other === undefined) return this.pointedAtFeature(event, feature ?? other);
    const { features } = this.instances.sent;
    this.light(feature);
    this.grid.light(spot);
    const value = [["dot product", this.grid.value(spot)]] as [string, string][];
    this.frame.tip(event, [["feature", String(features[feature])], ["other", String(features[other])], ...value]);
    sayHover(this.model, { feature: features[feature] });
  }

  private light(feature: number | undefined): void {
    this.vectors.light(feature);
    this.grid.light(feature);
    this.curve.light(feature ?? this.place[1]); // the selected one where the pointer is on none
  }

  private left(): void {
    this.frame.tooltip.hide();
    this.pointElsewhere({});
    sayHover(this.model, {});
  }

  /** Show what the pointer is on in a linked view, or that it is on nothing. */
  private pointElsewhere({ instance, feature }: Record<string, unknown>): void {
    if (!this.width.grid) return; // not drawn yet
    const { instances, features } = this.instances.sent;
    const [at, lit] = [instances.indexOf(instance as number), features.indexOf(feature as number)];
    this.curve.point(at < 0 ? undefined : at);
    this.light(lit < 0 ? undefined : lit);
  }

  private toggleTable(): void {
    this.numbers.hidden = !this.numbers.hidden;
    this.drawWords();
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private draw(): void {
    if (!this.frame.width) return; // not shown yet
    const { side, grid, curve } = layout(this.frame.width, this.instances.inPlane);
    this.width = { plane: side, grid };
    const [first, second, third] = this.pictures.children as unknown as HTMLElement[];
    first.hidden = !this.instances.inPlane;
    [first, second, third].forEach((figure, i) => (figure.style.width = `${[side, grid, curve.width][i]}px`));
    Object.assign(this.pictures.style, { gap: `${HEIGHT_BETWEEN}px ${GAP}px` });
    this.curve.draw(curve);
    this.mark();
  }

  /** Show another instance or feature: nothing else is drawn anew, so that it follows the hand. */
  private mark(): void {
    if (!this.width.grid) return;
    const [instance, feature] = this.place;
    this.drawVectors(instance, feature);
    this.grid.draw(instance, feature, this.width.grid, this.frame.theme);
    this.curve.mark(instance);
    this.curve.light(feature);
    this.drawWords();
    requestAnimationFrame(() => this.frame.painted());
  }

  private drawVectors(instance: number, at: number): void {
    if (!this.instances.inPlane) return;
    const { features, reach } = this.instances.sent;
    const represented = this.instances.all(instance).map((feature) => feature.represented);
    const names = features.map(String);
    this.vectors.draw({ ...this.instances.tips(instance), names, represented, at, reach, side: this.width.plane });
  }

  private drawWords(): void {
    const { instances, selection } = this;
    this.gridNote.textContent = `at S = ${instances.sent.sparsities[this.place[0]]}${instances.inPlane ? "" : "; features of one figure side by side"}`;
    this.sentence.replaceChildren(...sentence(instances, selection));
    const said = this.sentence.textContent!;
    this.vectors.describe(`${instances.sent.features.length} features as vectors in the plane. ${said}`);
    this.grid.describe(selection.feature, said);
    this.frame.announce(said);
    const shown = !this.numbers.hidden;
    this.frame.label("table", "as table", { pressed: shown });
    if (shown) this.numbers.replaceChildren(featureTable(instances, selection));
  }
}
