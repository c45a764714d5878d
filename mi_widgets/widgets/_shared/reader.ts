/** What a reader does to a view, and sees of it, for the front end's tests. No widget imports it. */

/** What the picture says in words. */
export function words(root: Element): string {
  return root.querySelector(".mi-sentence")!.textContent!;
}

/** An attribute of several elements, as numbers. */
export function numbers(elements: Iterable<Element>, name: string): number[] {
  return [...elements].map((one) => Number(one.getAttribute(name)));
}

export function press(element: Element, key: string): void {
  element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

/** Move a slider, as a hand or the arrow keys do. */
export function slide(root: Element, to: number): void {
  const slider = root.querySelector<HTMLInputElement>("input[type=range]")!;
  slider.value = String(to);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}
