/** What the pointer does on a chart over one axis: pressed it selects, also while it is dragged, and else it points. */
import type { LineChart } from "./line_chart";

interface Curve {
  readonly chart: LineChart;
  at(event: MouseEvent): number; // a place on the axis
}

/** @param hover called without a place where the pointer leaves. */
export function followChart(
  curve: Curve,
  pick: (place: number) => void,
  hover: (place: number | undefined, event: PointerEvent) => void,
): void {
  const { element } = curve.chart;
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture?.(event.pointerId);
    pick(curve.at(event));
  });
  element.addEventListener("pointermove", (event) => {
    const place = curve.at(event);
    if (event.buttons & 1) pick(place);
    hover(place, event);
  });
  element.addEventListener("pointerleave", (event) => hover(undefined, event));
}
