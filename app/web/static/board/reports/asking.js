// The form that asks for a report.
import { post } from "../api.js";
import { html, useState } from "../lib.js";
import { projects } from "../store/projects.js";
import { filters } from "../tasks/saved.js";
import { Dialog } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { FormFoot, useForm } from "../ui/form.js";
import { CLOSED, STATUSES } from "../ui/words.js";

const FORMATS = {
  pdf: "PDF: a summary with charts",
  html: "Web page: a summary with charts",
  xlsx: "Excel: one row per task",
  csv: "CSV: one row per task",
  json: "JSON: one row per task",
};
const SUMMARIES = ["pdf", "html"];

/** What the form asks for, as the service takes it. */
function wanted({ format, title, from, to, which, project, status }) {
  const open = status === "open" ? { status_not: CLOSED.join() } : status && { status };
  const query = {
    ...(which === "mine" && { assignee: "me" }),
    ...(Number(which) && { filter: Number(which) }),
    ...(project && { project: Number(project) }),
    ...open,
  };
  const period = { ...(from && { from }), ...(to && { to }) };
  return { format, title, query, ...period };
}

function Which() {
  return html`<${Field} as="select" label="Tasks" name="which">
    <option value="">All that I may see</option>
    <option value="mine">Assigned to me</option>
    ${filters.value.length > 0 &&
    html`<optgroup label="Saved filters">
      ${filters.value.map((each) => html`<option key=${each.id} value=${each.id}>${each.name}</option>`)}
    </optgroup>`}
  <//>`;
}

function Where() {
  return html`<div class="pair">
    <${Field} as="select" label="Project" name="project">
      <option value="">Any</option>
      ${(projects.value || []).map(({ id, name }) => html`<option key=${id} value=${id}>${name}</option>`)}
    <//>
    <${Field} as="select" label="Status" name="status">
      <option value="">Any</option>
      <option value="open">Open</option>
      ${Object.entries(STATUSES).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}
    <//>
  </div>`;
}

function Period({ errors }) {
  return html`<div class="pair">
    <${Field} label="From" name="from" type="date" hint="Default: 30 days" errors=${errors.from} />
    <${Field} label="To" name="to" type="date" hint="Default: today" errors=${errors.to} />
  </div>`;
}

/** The dialog for a new report; `onAsked(report)` gets what the service has taken in hand. */
export function AskDialog({ onAsked, onClose }) {
  const [format, setFormat] = useState("pdf");
  const form = useForm(async (values) => onAsked(await post("/reports/", wanted(values))));
  const { errors } = form;
  return html`<${Dialog} title="New report" onClose=${onClose}>
    <form class="stack" onSubmit=${form.submit}>
      <${Field}
        as="select"
        label="Format"
        name="format"
        value=${format}
        onChange=${(event) => setFormat(event.target.value)}
        errors=${errors.format}
      >
        ${Object.entries(FORMATS).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}
      <//>
      <${Field} label="Title" name="title" maxlength="200" hint="Optional" errors=${errors.title} />
      <${Which} />
      <${Where} />
      ${SUMMARIES.includes(format) && html`<${Period} errors=${errors} />`}
      <${FormFoot} form=${form} action="Create" onClose=${onClose} />
    </form>
  <//>`;
}
