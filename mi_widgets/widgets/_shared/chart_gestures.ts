/** What the pointer does on pictures. */
import type { LineChart } from "./line_chart";
import type { ResultView } from "./result_view";
import type { Data } from "./synced_trait";

interface Curve {
  readonly chart: LineChart;
  at(event: MouseEvent): number; // a place on the axis
}

/**
 * On a chart over one axis: pressed it selects, also while it is dragged, and else it points.
 *
 * @param hover called without a place where the pointer leaves.
 */
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

/** On any other picture it points, and perhaps picks what is clicked; where it leaves, the view points at nothing. */
export function followPointer(
  view: ResultView<Data>,
  element: HTMLElement,
  hover: (event: PointerEvent) => void,
  pick?: (event: MouseEvent) => void,
): void {
  element.addEventListener("pointermove", hover);
  element.addEventListener("pointerleave", () => view.point({}));
  if (pick) element.addEventListener("click", pick);
}
