import { html } from "../lib.js";
import { Head } from "../shell/head.js";
import { projects } from "../store/projects.js";
import { Skeleton } from "../ui/empty.js";

export function ProjectsPage() {
  return html`<${Head} title="Projects" />
    <div class="content">
      ${projects.value === null
        ? html`<${Skeleton} />`
        : projects.value.map((each) => html`<p key=${each.id}><a href="#projects/${each.id}">${each.name}</a></p>`)}
    </div>`;
}
