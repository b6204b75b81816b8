import { html } from "../lib.js";
import { Head } from "../shell/head.js";
import { Empty } from "../ui/empty.js";

export function TasksPage() {
  return html`<${Head} title="Tasks" />
    <div class="content"><${Empty} icon="list" title="Tasks" /></div>`;
}
