// What narrows the list, in words, each part with a way to take it off.
import { html } from "../lib.js";
import { me } from "../session.js";
import { boardById, people, projectById } from "../store/projects.js";
import { nameOf } from "../ui/avatar.js";
import { Icon } from "../ui/icon.js";
import { PRIORITIES, STATUSES } from "../ui/words.js";
import { values } from "./query.js";

const day = (value) =>
  /^\d{4}-\d\d-\d\d$/.test(value)
    ? new Date(`${value}T00:00`).toLocaleDateString(undefined, { dateStyle: "medium" })
    : value;

function person(id) {
  if (id === "null") return "nobody";
  if (id === "me" || Number(id) === me.value.id) return "me";
  const known = people.value.get(Number(id));
  return known ? nameOf(known) : `#${id}`;
}

const place = (byId) => (id) => (id === "null" ? "none" : byId.value.get(Number(id))?.name || `#${id}`);

const WORDS = {
  status: ["Status", (value) => STATUSES[value] || value],
  status_not: ["Status is not", (value) => STATUSES[value] || value],
  priority: ["Priority", (value) => PRIORITIES[value] || value],
  assignee: ["Assignee", person],
  reporter: ["Reporter", person],
  project: ["Project", place(projectById)],
  board: ["Board", place(boardById)],
  due_date_gte: ["Due from", day],
  due_date_lte: ["Due until", day],
  overdue: ["Overdue", (value) => (value === "true" ? "yes" : "no")],
};

const SHOWN_ELSEWHERE = ["search", "ordering"];

function described(name, text) {
  const [title, say] = WORDS[name] || [name.replaceAll("_", " "), (value) => value];
  return { title, text: values(text).map(say).join(", ") };
}

/** The names of the parameters that are shown as chips. */
export const chipNames = (own) => Object.keys(own).filter((name) => !SHOWN_ELSEWHERE.includes(name));

/** The chips for the parameters `own`; `onRemove(name)`. */
export function Chips({ own, onRemove, onClear }) {
  const names = chipNames(own);
  if (names.length === 0) return null;
  return html`<ul class="filter-chips" aria-label="Filters">
    ${names.map((name) => {
      const { title, text } = described(name, own[name]);
      return html`<li key=${name} class="filter-chip">
        <span class="cut"><span class="soft">${title}:</span> ${text}</span>
        <button type="button" aria-label="Remove the filter ${title}" onClick=${() => onRemove(name)}>
          <${Icon} name="close" />
        </button>
      </li>`;
    })}
    ${names.length > 1 &&
    html`<li><button type="button" class="button quiet" onClick=${onClear}>Clear all</button></li>`}
  </ul>`;
}
