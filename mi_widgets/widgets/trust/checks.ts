/** The checks in the browser, in the order in which they are shown. */
import { LabelledData } from "../_shared/labelled";
import type { Label } from "../_shared/step_slider";

export interface Check {
  label: Label; // what a selection calls it
  name: string;
  status: "ok" | "note" | "warning";
  seen: string;
  sites: string; // "" for all
}

/** One for each model; its views share it. */
export class Report extends LabelledData {
  get checks(): Check[] {
    return this.axis("check").labels.map((label) => {
      const text = (name: string) => this.get(name).text({ check: label });
      const [name, seen, sites] = ["name", "seen", "sites"].map(text);
      return { label, name, status: text("status") as Check["status"], seen, sites };
    });
  }

  /** Whether what held is one line until somebody opens it. */
  get collapses(): boolean {
    return this.derived.collapses;
  }

  /** What stands above the checks, where they do not say it themselves. */
  get summary(): string {
    return this.derived.summary;
  }
}
