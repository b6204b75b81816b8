// What a notification says, in the words of the mails.
import { STATUSES, PRIORITIES } from "../ui/words.js";
import { day } from "../ui/time.js";

const LABELS = {
  title: "title",
  description: "description",
  status: "status",
  priority: "priority",
  assignee: "assignee",
  due_date: "due date",
  estimated_hours: "estimate",
};

const SENTENCES = {
  mentioned: (who) => `${who} mentioned you`,
  assigned: (who) => `${who} assigned you`,
  sla_breached: () => "Overdue",
  due_soon: () => "Due within a day",
  project_invitation: (who) => `${who} added you to the project`,
  commented: (who) => `${who} commented`,
  changed: (who) => `${who} changed`,
  webhook_disabled: () => "A webhook of yours was switched off after failing for long",
  test: () => "Notifications work: this is the test you asked for",
};

/** The icon of each kind. */
export const ICONS = {
  mentioned: "comment",
  assigned: "user",
  sla_breached: "alert",
  due_soon: "clock",
  project_invitation: "people",
  commented: "comment",
  changed: "edit",
  webhook_disabled: "alert",
  test: "bell",
};

/** What happened, as a phrase that the title of the task or project may follow. */
export function sentence({ kind, actor }) {
  return SENTENCES[kind](actor?.username || "Somebody");
}

const READABLE = {
  status: (value) => STATUSES[value] || value,
  priority: (value) => PRIORITIES[value] || value,
  due_date: day,
  title: (value) => `“${value}”`,
  estimated_hours: (value) => `${value} h`,
};

function change(field, [before, after]) {
  if (!(field in READABLE)) return `${LABELS[field]} changed`;
  const say = (value) => (value == null || value === "" ? "none" : READABLE[field](value));
  return `${LABELS[field]}: ${say(before)} → ${say(after)}`;
}

/** What was changed of the task: "status: To do → Review; description changed". */
export function changes({ kind, changes: changed }) {
  if (kind !== "changed") return "";
  const fields = Object.keys(LABELS).filter((field) => field in changed);
  return fields.map((field) => change(field, changed[field])).join("; ");
}

/** Where a notification leads: the address after the #, or null where there is nothing to open. */
export function target({ kind, task, project }) {
  if (task) return `tasks/${task.id}`;
  if (project) return `projects/${project.id}`;
  return kind === "test" || kind === "webhook_disabled" ? "preferences" : null;
}
