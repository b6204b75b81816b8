import { post } from "../api.js";
import { useCommands } from "../commands.js";
import { html, useState } from "../lib.js";
import { go } from "../router.js";
import { isNew, me } from "../session.js";
import { Head } from "../shell/head.js";
import { boards, loadProjects, projects } from "../store/projects.js";
import { roleName } from "../store/rights.js";
import { nameOf } from "../ui/avatar.js";
import { Dialog } from "../ui/dialog.js";
import { Empty, Skeleton } from "../ui/empty.js";
import { Field } from "../ui/field.js";
import { FormFoot, useForm } from "../ui/form.js";
import { Icon } from "../ui/icon.js";
import { counted } from "../ui/words.js";

/** Asks for the name of a new project and goes to it. */
function NewProject({ onClose }) {
  const form = useForm(async (values) => {
    const project = await post("/projects/", values);
    await loadProjects();
    onClose();
    go(`projects/${project.id}`);
  });
  return html`<${Dialog} title="New project" onClose=${onClose}>
    <form class="stack" onSubmit=${form.submit}>
      <${Field}
        label="Name"
        name="name"
        maxlength="200"
        required
        autofocus
        errors=${form.errors.name}
      />
      <${Field}
        label="Description"
        as="textarea"
        name="description"
        maxlength="20000"
        hint="What it is for; may be left empty."
        errors=${form.errors.description}
      />
      <${FormFoot} form=${form} action="Create project" onClose=${onClose} />
    </form>
  <//>`;
}

function Project({ project }) {
  const theirs = boards.value.filter((board) => board.project === project.id);
  return html`<li class="project">
    <div class="row">
      <a class="project-name cut" href="#projects/${project.id}">${project.name}</a>
      ${project.is_archived && html`<span class="badge">Archived</span>`}
      <span class="project-facts">
        ${project.role && html`<span class="badge">${roleName(project.role)}</span>`}
        <span class="soft tiny">${counted(project.members, "person", "people")}</span>
      </span>
    </div>
    ${project.description && html`<p class="soft cut">${project.description}</p>`}
    ${theirs.length > 0 &&
    html`<ul class="board-links" aria-label="Boards of ${project.name}">
      ${theirs.map(
        (board) => html`<li key=${board.id}>
          <a class="board-link" href="#boards/${board.id}"><${Icon} name="board" />${board.name}</a>
        </li>`,
      )}
    </ul>`}
  </li>`;
}

/** For who has just registered: what to do first. */
function Welcome() {
  const board = boards.value[0];
  if (!isNew.value || !board) return null;
  const project = projects.value.find((each) => each.id === board.project);
  return html`<section class="welcome" aria-labelledby="welcome">
    <h2 id="welcome">Welcome, ${nameOf(me.value)}</h2>
    <p>
      You are in ${project ? `“${project.name}”` : "a project"} already. Open its board and add the
      first task, or start a project of your own.
    </p>
    <div class="row">
      <a class="button primary" href="#boards/${board.id}">Open “${board.name}”</a>
      <button type="button" class="button quiet" onClick=${() => (isNew.value = false)}>
        Not now
      </button>
    </div>
  </section>`;
}

function List({ shown, archived, all, onAll }) {
  return html`
    <ul class="projects">
      ${shown.map((each) => html`<${Project} key=${each.id} project=${each} />`)}
    </ul>
    ${archived > 0 &&
    html`<button type="button" class="button quiet" aria-expanded=${all} onClick=${onAll}>
      <${Icon} name="archive" />${all ? "Hide archived projects" : `Show archived (${archived})`}
    </button>`}
  `;
}

export function ProjectsPage() {
  const [creating, setCreating] = useState(false);
  const [all, setAll] = useState(false);
  const create = () => setCreating(true);
  useCommands([
    { id: "new-project", title: "New project", section: "Projects", keys: "n", run: create },
  ]);
  const found = projects.value;
  const shown = (found || []).filter((each) => all || !each.is_archived);
  const archived = (found || []).filter((each) => each.is_archived).length;
  return html`<${Head} title="Projects">
      <button type="button" class="button primary spread" onClick=${create}>
        <${Icon} name="plus" />New project
      </button>
    <//>
    <div class="content">
      <div class="column stack">
        <${Welcome} />
        ${found === null
          ? html`<${Skeleton} height=${88} />`
          : html`<${List} ...${{ shown, archived, all, onAll: () => setAll(!all) }} />`}
        ${found !== null && shown.length === 0 && html`<${NoProjects} onCreate=${create} />`}
      </div>
    </div>
    ${creating && html`<${NewProject} onClose=${() => setCreating(false)} />`}`;
}

function NoProjects({ onCreate }) {
  const text =
    "A project holds boards, tasks and the people who work on them. Start one, or let somebody " +
    "add you to theirs.";
  return html`<${Empty} icon="folder" title="No projects yet" text=${text}>
    <button type="button" class="button primary" onClick=${onCreate}>Create a project</button>
  <//>`;
}
