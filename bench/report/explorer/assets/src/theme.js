// Light or dark: as the system has it, until somebody chooses.

const CHANGED = "themechange";

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function switchTheme() {
  const root = document.documentElement;
  root.dataset.theme = isDark() ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch { /* private mode */ }
  dispatchEvent(new Event(CHANGED));
}

/** Draw now, and again at each change while the element is on the page. */
export function inTheme(element, draw) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const again = () => {
    if (element.isConnected) return draw(isDark());
    removeEventListener(CHANGED, again);
    system.removeEventListener("change", again);
  };
  addEventListener(CHANGED, again);
  system.addEventListener("change", again);
  draw(isDark());
  return element;
}
