// The head of the panel: what can be done to the task as a whole.
import { html } from "../lib.js";
import { IconButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { toast } from "../ui/toast.js";
import { deleteTask, mayDelete } from "./saving.js";

/** Put the address of a task where it can be pasted from. */
export async function copyLink(id) {
  const address = `${location.origin}${location.pathname}#tasks/${id}`;
  try {
    await navigator.clipboard.writeText(address);
    toast("The link is copied.");
  } catch {
    toast(address, { seconds: 20 });
  }
}

/** The head; `task` is there as soon as it is read. */
export function PanelHead({ id, task, onClose }) {
  const del = () => deleteTask(task, onClose);
  const dots = html`<${Icon} name="dots" />`;
  const refused = task && !mayDelete(task) && "Only the reporter or a manager of the project may.";
  const items = [
    { label: "Copy the link", icon: html`<${Icon} name="link" />`, run: () => copyLink(id) },
    task && {
      label: "Delete",
      icon: html`<${Icon} name="trash" />`,
      danger: true,
      refused,
      run: del,
    },
  ];
  return html`<header class="panel-head">
    <span class="soft">#${id}</span>
    <span class="grow"></span>
    <${IconButton} icon="link" label="Copy the link" onClick=${() => copyLink(id)} />
    <${Menu} label="More" class="button quiet icon-only" button=${dots} items=${items} />
    <${IconButton} icon="close" label="Close the task" onClick=${onClose} />
  </header>`;
}
