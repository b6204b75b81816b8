import { commands } from "../commands.js";
import { html, signal } from "../lib.js";
import { Dialog } from "../ui/dialog.js";

/** Whether the list of shortcuts is shown. */
export const helpOpen = signal(false);

export function Help() {
  if (!helpOpen.value) return null;
  const shown = commands.value.filter((command) => command.keys);
  return html`<${Dialog} title="Keyboard shortcuts" onClose=${() => (helpOpen.value = false)}>
    ${shown.map((each) => html`<p key=${each.id}><kbd>${each.keys}</kbd> ${each.title}</p>`)}
  <//>`;
}
