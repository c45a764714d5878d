/** What the displays of one model share: the checks, in the order in which they are shown. */
import type { Model } from "../_shared/model";
import { Sent } from "../_shared/sent";

export type Label = number | string;

export interface Check {
  label: Label; // what a selection calls it
  name: string;
  status: "ok" | "note" | "warning";
  seen: string;
  sites: string; // "" for all
}

export interface Report {
  checks: Check[];
  folds: boolean; // what held is one line until somebody opens it
  summary: string; // what stands above them, where they do not say it themselves
}

export class Store {
  report!: Report;
  readonly source: Sent;

  constructor(model: Model) {
    this.source = new Sent(model, "_report", () => (this.report = model.get("_report")));
  }

  dispose(): void {
    this.source.dispose();
  }
}
