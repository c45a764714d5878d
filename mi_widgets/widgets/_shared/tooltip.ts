/** One tooltip a widget: a few lines of name and value beside the pointer, always inside the frame. */
import { el } from "./dom";

export interface Tooltip {
  show(x: number, y: number, lines: [string, string][], picture?: HTMLElement): void;
  hide(): void;
}

const AWAY = 14;

/** @param frame a positioned element; x and y are relative to it. */
export function tooltip(frame: HTMLElement): Tooltip {
  const box = el("div", { class: "mi-tooltip", "aria-hidden": "true" });
  box.hidden = true;
  frame.append(box);
  return {
    show(x, y, lines, picture) {
      box.replaceChildren(
        ...lines.flatMap(([name, value]) => [el("span", { class: "mi-tooltip-name" }, name), el("span", {}, value)]),
      );
      if (picture) box.append(picture);
      box.hidden = false;
      const right = x + AWAY + box.offsetWidth <= frame.clientWidth;
      const below = y + AWAY + box.offsetHeight <= frame.clientHeight;
      box.style.left = `${Math.max(0, right ? x + AWAY : x - AWAY - box.offsetWidth)}px`;
      box.style.top = `${Math.max(0, below ? y + AWAY : y - AWAY - box.offsetHeight)}px`;
    },
    hide() {
      box.hidden = true;
    },
  };
}
