// The chosen theme; theme.js has set it before anything was drawn.
import { signal } from "../lib.js";

/** "light" or "dark". */
export const theme = signal(document.documentElement.dataset.theme);

function show(name) {
  theme.value = name;
  document.documentElement.dataset.theme = name;
}

/** Choose the other theme, for this browser. */
export function toggleTheme() {
  show(theme.value === "dark" ? "light" : "dark");
  localStorage.setItem("theme", theme.value);
}

// Many systems change theirs in the evening; who has chosen one keeps it.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ({ matches }) => {
  if (!localStorage.getItem("theme")) show(matches ? "dark" : "light");
});
