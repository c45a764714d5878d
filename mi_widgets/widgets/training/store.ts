/** What the displays of one model share: the measures, unpacked once. */
import type { Model } from "../_shared/model";
import { Sent } from "../_shared/sent";
import { type Measure, readMeasures, stepsOf } from "./measures";

export class Store {
  measures!: Measure[];
  steps!: number[]; // all that anything was measured at: more than can be selected, where a control has its own
  labels!: Record<string, unknown[]>; // what can be pointed at
  readonly source: Sent;

  constructor(private model: Model) {
    this.source = new Sent(model, "_measures", () => this.read());
  }

  dispose(): void {
    this.source.dispose();
  }

  private read(): void {
    this.measures = readMeasures(this.model.get("_measures"));
    this.steps = stepsOf(this.measures);
    this.labels = {};
    for (const { curves } of this.measures) {
      for (const place of curves.places) {
        for (const [key, label] of Object.entries(place)) (this.labels[key] ??= []).push(label);
      }
    }
  }
}
