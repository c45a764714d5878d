/** What the displays of one model share: the measures, unpacked once. */
import { listen, type Model } from "../_shared/model";
import { type Measure, readMeasures, stepsOf } from "./measures";

export class Store {
  measures!: Measure[];
  steps!: number[]; // all that anything was measured at: more than can be selected, where a control has its own
  labels!: Record<string, unknown[]>; // what can be pointed at
  private listeners = new Set<() => void>();
  private stop: () => void;

  constructor(private model: Model) {
    this.read();
    this.stop = listen(model, {
      "change:_measures": () => {
        this.read();
        for (const listener of this.listeners) listener();
      },
    });
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  dispose(): void {
    this.stop();
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
