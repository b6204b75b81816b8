// The settings of a project: name, description, SLA, the archive, and its end.
import { patch, post, remove } from "../api.js";
import { html, useState } from "../lib.js";
import { go } from "../router.js";
import { loadProjects } from "../store/projects.js";
import { refusal } from "../store/rights.js";
import { Dialog } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { changed, FormFoot, useForm } from "../ui/form.js";
import { Switch } from "../ui/switch.js";
import { toast, toastError } from "../ui/toast.js";

function Details({ project, refused }) {
  const form = useForm(async (values) => {
    const news = changed(project, values);
    if (Object.keys(news).length > 0) await patch(`/projects/${project.id}/`, news);
    await loadProjects();
    toast("Saved.");
  });
  const locked = Boolean(refused);
  return html`<form class="stack" onSubmit=${form.submit}>
    <${Field}
      label="Name"
      name="name"
      defaultValue=${project.name}
      maxlength="200"
      required
      disabled=${locked}
      errors=${form.errors.name}
    />
    <${Field}
      label="Description"
      as="textarea"
      name="description"
      defaultValue=${project.description}
      maxlength="20000"
      disabled=${locked}
      errors=${form.errors.description}
    />
    <p class="form-error" role="alert">${form.problem}</p>
    ${!locked &&
    html`<div><button class="button primary" disabled=${form.busy}>Save</button></div>`}
  </form>`;
}

function Sla({ project, refused }) {
  const [asked, setAsked] = useState(null);
  const change = async (tracks_sla) => {
    setAsked(tracks_sla);
    try {
      await patch(`/projects/${project.id}/`, { tracks_sla });
      await loadProjects();
    } catch (error) {
      toastError("The setting stays as it was.", error);
    }
    setAsked(null);
  };
  return html`<${Switch}
    label="Track overdue tasks as SLA breaches"
    hint="Tasks past their due date are marked, and their people are told."
    checked=${asked ?? project.tracks_sla}
    disabled=${Boolean(refused)}
    onChange=${change}
  />`;
}

async function setArchived(project, archived) {
  const verb = archived ? "archive" : "unarchive";
  try {
    await post(`/projects/${project.id}/${verb}/`);
    await loadProjects();
    const text = archived ? "The project is archived." : "The project can be changed again.";
    toast(text, { undo: () => setArchived(project, !archived) });
  } catch (error) {
    toastError("Nothing has changed.", error);
  }
}

function DeleteProject({ project, onClose }) {
  const [typed, setTyped] = useState("");
  const form = useForm(async () => {
    await remove(`/projects/${project.id}/`);
    go("projects");
    await loadProjects();
    toast(`“${project.name}” is deleted.`);
  });
  return html`<${Dialog} title="Delete “${project.name}”?" onClose=${onClose}>
    <form class="stack" onSubmit=${form.submit}>
      <p>All its boards and tasks are deleted with it, for everybody. This cannot be undone.</p>
      <${Field}
        label="Type the name of the project to confirm"
        name="typed"
        autocomplete="off"
        value=${typed}
        onInput=${(event) => setTyped(event.target.value)}
      />
      <${FormFoot}
        form=${form}
        action="Delete project"
        look="danger"
        disabled=${typed.trim() !== project.name}
        onClose=${onClose}
      />
    </form>
  <//>`;
}

function Action({ title, text, refused, children }) {
  return html`<div class="action">
    <div class="grow">
      <h3>${title}</h3>
      <p class="soft tiny">${refused || text}</p>
    </div>
    ${children}
  </div>`;
}

function Endings({ project }) {
  const [deleting, setDeleting] = useState(false);
  const archived = project.is_archived;
  const archiving = refusal(project, "archive");
  const deletion = refusal(project, "delete");
  return html`<div class="lines">
    <${Action}
      title=${archived ? "Archived" : "Archive"}
      text=${archived
        ? "Everything can be read and nothing changed."
        : "Everything stays and can be read, but not changed. It can be undone."}
      refused=${archiving}
    >
      <button
        type="button"
        class="button"
        disabled=${Boolean(archiving)}
        onClick=${() => setArchived(project, !archived)}
      >
        ${archived ? "Unarchive" : "Archive project"}
      </button>
    <//>
    <${Action}
      title="Delete"
      text="With all boards and tasks, for everybody, for good."
      refused=${deletion}
    >
      <button
        type="button"
        class="button danger"
        disabled=${Boolean(deletion)}
        onClick=${() => setDeleting(true)}
      >
        Delete project
      </button>
    <//>
    ${deleting && html`<${DeleteProject} project=${project} onClose=${() => setDeleting(false)} />`}
  </div>`;
}

/** The section of what concerns the project as a whole. */
export function Settings({ project }) {
  const refused = refusal(project, "edit");
  return html`<section class="section" aria-labelledby="settings">
    <div class="section-head"><h2 id="settings">Settings</h2></div>
    ${refused && html`<p class="soft">${refused}</p>`}
    <div class="box stack">
      <${Details} key=${project.id} project=${project} refused=${refused} />
    </div>
    <div class="box"><${Sla} project=${project} refused=${refused} /></div>
    <${Endings} project=${project} />
  </section>`;
}
