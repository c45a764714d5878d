/** What the displays of one model share: the lines. */
import type { Model } from "../_shared/model";
import { SyncedTrait } from "../_shared/synced_trait";

export interface Line {
  name: string; // what was done
  prompt: string;
  continuation: string; // what the model has added so far
  likely: [string, number][]; // its likeliest next tokens
  writing: boolean;
  error: string;
}

export class Store {
  lines: Line[] = [];
  readonly source: SyncedTrait;

  constructor(model: Model) {
    this.source = new SyncedTrait(model, "_lines", () => (this.lines = model.get("_lines")));
  }

  dispose(): void {
    this.source.dispose();
  }
}
