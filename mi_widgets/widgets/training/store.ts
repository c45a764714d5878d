/** What the displays of one model share: the measures, read by their names. */
import { LabelledData } from "../_shared/labelled";
import type { LinkedLabels } from "../_shared/linked";
import type { Curves, Measure } from "./measures";

interface SentCurves {
  values: string; // the variable, of lines and, unless they are the same at every step, of steps
  names: string[];
  places: LinkedLabels[];
}

interface SentMeasure {
  name: string;
  unit: string;
  curves: SentCurves;
  controls: { name: string; curves: SentCurves }[];
}

export class Measures extends LabelledData {
  get all(): Measure[] {
    return this.sent.map(({ controls, curves, ...measure }) => ({
      ...measure,
      curves: this.curvesOf(curves),
      controls: controls.map(({ name, curves }) => ({ name, curves: this.curvesOf(curves) })),
    }));
  }

  /** All steps that anything was measured at: more than can be selected, where a control has its own. */
  get steps(): number[] {
    const all = this.sent.flatMap(({ curves, controls }) => [curves, ...controls.map((control) => control.curves)]);
    return [...new Set(all.flatMap((curves) => this.stepsOf(curves)))].sort((a, b) => a - b);
  }

  /** What can be pointed at. */
  get labels(): Record<string, unknown[]> {
    const found: Record<string, unknown[]> = {};
    for (const place of this.sent.flatMap(({ curves }) => curves.places)) {
      for (const [key, label] of Object.entries(place)) (found[key] ??= []).push(label);
    }
    return found;
  }

  private get sent(): SentMeasure[] {
    return this.derived.measures;
  }

  private stepsOf({ values }: SentCurves): number[] {
    return (this.get(values).axes[1]?.labels ?? []) as number[];
  }

  private curvesOf(sent: SentCurves): Curves {
    const { tensor } = this.get(sent.values);
    const rows = sent.names.map((_, line) => tensor.part(line).codes as Float32Array);
    return { steps: this.stepsOf(sent), names: sent.names, places: sent.places, rows };
  }
}
