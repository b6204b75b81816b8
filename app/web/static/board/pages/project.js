import { html } from "../lib.js";
import { Boards } from "../project/boards.js";
import { Members } from "../project/members.js";
import { Settings } from "../project/settings.js";
import { Head } from "../shell/head.js";
import { projectById, projects } from "../store/projects.js";
import { refusal } from "../store/rights.js";
import { Empty, Skeleton } from "../ui/empty.js";

function Missing() {
  const text = "It may have been deleted, or you are not in it (any more).";
  return html`<${Empty} icon="folder" title="There is no such project" text=${text}>
    <a class="button" href="#projects">All projects</a>
  <//>`;
}

function Sections({ project }) {
  return html`<div class="column stack sections">
    ${project.description && html`<p class="soft lines-kept">${project.description}</p>`}
    <${Boards} project=${project} refused=${refusal(project, "boards")} />
    <${Members} project=${project} />
    <${Settings} project=${project} />
  </div>`;
}

/** A project: its boards, its people, its settings. */
export function ProjectPage({ id }) {
  const project = projectById.value.get(id);
  const loading = projects.value === null;
  return html`<${Head} title=${project?.name || "Project"}>
      ${project?.is_archived && html`<span class="badge">Archived</span>`}
    <//>
    <div class="content">
      ${loading && html`<div class="column"><${Skeleton} lines=${6} /></div>`}
      ${!loading && (project ? html`<${Sections} project=${project} />` : html`<${Missing} />`)}
    </div>`;
}
