/** Light or dark, followed live: JupyterLab's own switch first, then VS Code's, then the system's. */
import type { Theme } from "./colour";

export function currentTheme(): Theme {
  const { jpThemeLight } = document.body.dataset;
  if (jpThemeLight) return jpThemeLight === "false" ? "dark" : "light";
  if (document.body.classList.contains("vscode-dark")) return "dark";
  if (document.body.classList.contains("vscode-light")) return "light";
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Call `changed` whenever the theme may have changed; returns a function that stops it. */
export function watchTheme(changed: (theme: Theme) => void): () => void {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  // JupyterLab sets its attribute before it has loaded the colours, so ask again when these have come.
  let later = 0;
  const tell = () => {
    changed(currentTheme());
    window.clearTimeout(later);
    later = window.setTimeout(() => changed(currentTheme()), 400);
  };
  const observer = new MutationObserver(tell);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"],
  });
  system.addEventListener("change", tell);
  return () => {
    window.clearTimeout(later);
    observer.disconnect();
    system.removeEventListener("change", tell);
  };
}
