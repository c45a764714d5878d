/** Elements. Text only ever becomes text nodes: a token such as "<img onerror=…>" stays a token. */

type Attributes = Record<string, string | number | boolean | undefined>;
type Child = Node | string;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children); // strings are appended as text nodes
  return element;
}

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

export function button(className: string, run: () => void, ...children: Child[]): HTMLButtonElement {
  const element = el("button", { type: "button", class: className }, ...children);
  element.addEventListener("click", run);
  return element;
}

/** The number of the row, or of the token, that an event is on; undefined where it is on none. */
export function indexAt({ target }: Event): number | undefined {
  const item = (target as Element).closest<HTMLElement>("[data-index]");
  return item ? Number(item.dataset.index) : undefined;
}
