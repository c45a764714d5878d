/** Copying code; where the browser does not allow it, the code is shown to be copied by hand. */
import { el } from "./dom";

/** @returns whether it is on the clipboard now. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or a page without https
  }
}

/** A box with the code, all of it selected; it goes when it loses the focus or with Escape. */
export function showForCopying(parent: HTMLElement, text: string): void {
  const box = el("textarea", { class: "mi-code", readonly: true, "aria-label": "code to copy, Ctrl+C" });
  box.value = text;
  box.rows = Math.min(12, text.split("\n").length + 1);
  box.addEventListener("blur", () => box.remove());
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") box.remove();
    event.stopPropagation();
  });
  parent.append(box);
  box.focus();
  box.select();
}
