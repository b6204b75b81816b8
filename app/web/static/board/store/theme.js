// The chosen theme; theme.js has set it before anything was drawn.
import { signal } from "../lib.js";

/** "light" or "dark". */
export const theme = signal(document.documentElement.dataset.theme);

/** Choose the other theme, for this browser. */
export function toggleTheme() {
  theme.value = theme.value === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme.value;
  localStorage.setItem("theme", theme.value);
}
