import { html, signal } from "../lib.js";
import { Dialog } from "../ui/dialog.js";

/** Whether the command palette is shown. */
export const paletteOpen = signal(false);

export function Palette() {
  if (!paletteOpen.value) return null;
  return html`<${Dialog} title="Search and commands" onClose=${() => (paletteOpen.value = false)} />`;
}
