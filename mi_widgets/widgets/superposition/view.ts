/** Vectors, grid and curve, and what they say in words. */
import { followChart, followPointer } from "../_shared/chart_gestures";
import { el } from "../_shared/dom";
import type { Direction } from "../_shared/keyboard";
import type { Help } from "../_shared/keys";
import { inside } from "../_shared/moving";
import type { Page } from "../_shared/pages";
import { captioned } from "../_shared/pictures";
import { ResultView } from "../_shared/result_view";
import { Curve } from "./curve";
import { Grid } from "./grid";
import type { Instances, Selection } from "./instances";
import { layout } from "./layout";
import { Vectors } from "./vectors";
import { featureTable, featureTip, instanceTip, sentence } from "./words";

export class SuperpositionView extends ResultView<Instances, Selection> {
  protected readonly name = "superposition";
  private vectors = new Vectors();
  private grid = new Grid(this.data);
  private curve = new Curve(this.data);
  private gridNote = el("span", { class: "mi-facts" });
  private curveNote = el("span", { class: "mi-facts" });
  private pictures = [
    captioned(
      [el("strong", {}, "Features"), el("span", { class: "mi-facts" }, "as vectors; the circle has radius 1")],
      this.vectors.plane.element,
    ),
    captioned([el("strong", {}, "Wᵀ W"), this.gridNote], this.grid.map.element, this.grid.bar),
    captioned([el("strong", {}, "Dimensions per feature"), this.curveNote], this.curve.chart.element),
  ];
  private room = { side: 0, grid: 0 };

  protected readonly table = {
    name: "all features in numbers",
    hint: "every feature in numbers",
    make: () => featureTable(this.data, this.selection),
  };

  protected parts() {
    this.listenToFeatures();
    followChart(
      this.curve,
      (instance) => this.select({ instance: this.data.instances[instance] }),
      (instance, event) => this.hoverInstance(instance, event),
    );
    const pictures = el("div", { class: "mi-pictures" }, ...this.pictures);
    return { body: [pictures, this.numbers], footer: [this.words] };
  }

  protected help(): Help {
    return [
      [["left", "right"], "the instance before, the instance after"],
      [["first", "last"], "the first and the last instance"],
      [["up", "down"], "the feature before, the feature after"],
    ];
  }

  protected pages(): Page[] {
    const { instances, derived } = this.data;
    return [{ key: "instance", name: "sparsity", labels: instances, texts: derived.sparsities, control: "slider" }];
  }

  protected facts({ facts }: Record<string, string[]>): string[] {
    return facts;
  }

  /** The indices of the selected instance and feature. */
  private get place(): [number, number] {
    return this.data.place(this.selection);
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  protected arrow(to: Direction): void {
    const { data, place } = this;
    const [instance, feature] = place;
    const order = data.derived.orders[instance]; // of the features, as they stand in the grid
    if (to === "up" || to === "down") {
      this.pick(order[inside(order.indexOf(feature) + (to === "up" ? -1 : 1), order.length)]);
    } else {
      const next = { left: instance - 1, right: instance + 1, first: 0, last: Infinity }[to];
      this.select({ instance: data.instances[inside(next, data.instances.length)] });
    }
  }

  private listenToFeatures(): void {
    const { vectors, grid } = this;
    const hoverTip = (event: PointerEvent) => this.hoverFeature(vectors.at(event), event);
    followPointer(this, vectors.plane.element, hoverTip, (event) => this.pick(vectors.at(event)));
    const pickCell = (event: MouseEvent) => {
      const { feature, other } = grid.at(event);
      this.pick(feature ?? other);
    };
    followPointer(this, grid.map.element, (event) => this.hoverCell(event), pickCell);
  }

  /** Select a feature by its index, if there is one. */
  private pick(feature: number | undefined): void {
    if (feature !== undefined) this.select({ feature: this.data.features[feature] });
  }

  private hoverInstance(instance: number | undefined, event: PointerEvent): void {
    if (instance === undefined) return this.point({});
    this.point({ instance: this.data.instances[instance] }, event, instanceTip(this.data, instance));
  }

  private hoverFeature(feature: number | undefined, event: PointerEvent): void {
    if (feature === undefined) return this.point({});
    const tip = featureTip(this.data.feature(this.place[0], feature));
    this.point({ feature: this.data.features[feature] }, event, tip);
  }

  private hoverCell(event: PointerEvent): void {
    const { spot, feature, other } = this.grid.at(event);
    if (feature === undefined || other === undefined) return this.hoverFeature(feature ?? other, event);
    const labels = { feature: this.data.features[feature], other: this.data.features[other] };
    const lines = Object.entries(labels).map(([name, label]): [string, string] => [name, String(label)]);
    this.point(labels, event, [...lines, ["dot product", this.grid.value(spot)]]);
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  protected arrange(): void {
    const { inPlane, derived } = this.data;
    const { side, grid, curve } = layout(this.frame.width, inPlane);
    this.room = { side, grid };
    this.pictures[0].hidden = !inPlane;
    this.pictures.forEach((picture, i) => (picture.style.width = `${[side, grid, curve.width][i]}px`));
    this.curveNote.textContent = derived.by_sparsity ? "over 1/(1 − S), log scale" : "by instance";
    this.curve.draw(curve);
  }

  /** Nothing is drawn anew that is the same for another instance or feature, so that the picture follows the hand. */
  protected paint(): void {
    const { data, room } = this;
    const [instance, feature] = this.place;
    if (data.inPlane)
      this.vectors.draw(data.tips(instance), data.all(instance), feature, data.derived.reach, room.side);
    this.grid.draw(instance, feature, room.grid, this.theme);
    this.gridNote.textContent = `at S = ${data.derived.sparsities[instance]}${data.inPlane ? "" : "; features of one figure side by side"}`;
    this.curve.mark(instance);
  }

  protected light(): void {
    const place = (axis: string, key = axis) => this.data.axis(axis).place(this.hovered[key]);
    const feature = place("feature");
    this.vectors.light(feature);
    this.grid.light(feature, place("feature", "other"));
    this.curve.point(place("instance"));
    this.curve.light(feature ?? this.place[1]); // the selected one where the pointer is on none
  }

  protected sentence() {
    return sentence(this.data, this.selection);
  }

  protected describe(said: string): void {
    this.vectors.plane.describe(`${this.data.features.length} features as vectors in the plane. ${said}`);
    this.grid.describe(this.selection.feature, said);
  }
}
