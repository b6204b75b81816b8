import { html } from "../lib.js";
import { Head } from "../shell/head.js";
import { Empty } from "../ui/empty.js";

export function ProjectPage() {
  return html`<${Head} title="Project" />
    <div class="content"><${Empty} icon="folder" title="Project" /></div>`;
}
