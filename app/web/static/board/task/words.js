// Values of a task's fields, and changes of them, as people read them.
import { boardById, people, projectById } from "../store/projects.js";
import { nameOf } from "../ui/avatar.js";
import { dueText } from "../ui/time.js";
import { PRIORITIES, STATUSES } from "../ui/words.js";

/** The name of a person by id. */
function personName(id) {
  return id === null ? "nobody" : nameOf(people.value.get(id) || { username: `#${id}` });
}

/** The name of a board by id, with that of its project. */
export function boardName(id) {
  const board = boardById.value.get(id);
  if (!board) return id === null ? "no board" : "another board";
  const project = projectById.value.get(board.project);
  return project ? `${project.name} / ${board.name}` : board.name;
}

// The last second of a minute is how the service writes a whole day.
const LAST_SECOND = /:59\.000Z$/;

function due(value) {
  const wholeDay = LAST_SECOND.test(value);
  return value ? dueText({ due_date: value, due_date_only: wholeDay, status: "DONE" }) : "no date";
}

/** The fields of a task: their names, and how a value reads. */
export const FIELDS = {
  title: ["Title", (value) => value],
  description: ["Description", (value) => value || "nothing"],
  status: ["Status", (value) => STATUSES[value]],
  priority: ["Priority", (value) => PRIORITIES[value]],
  assignee: ["Assignee", personName],
  due_date: ["Due date", due],
  due_date_only: ["Whole day", (value) => (value ? "yes" : "no")],
  estimated_hours: ["Estimate", (value) => (value === null ? "none" : `${value} h`)],
  board: ["Board", boardName],
};

const changed = (name) => (before, after) => {
  const [label, show] = FIELDS[name];
  return `changed the ${label.toLowerCase()} from ${show(before)} to ${show(after)}`;
};

const SENTENCES = {
  title: (before, after) => `renamed this from “${before}” to “${after}”`,
  description: () => "changed the description",
  status: (before, after) => `moved this from ${STATUSES[before]} to ${STATUSES[after]}`,
  priority: changed("priority"),
  assignee: (before, after) =>
    after === null
      ? `took this from ${personName(before)}`
      : `assigned this to ${personName(after)}`,
  due_date: (before, after) =>
    after ? `set the due date to ${due(after)}` : "removed the due date",
  estimated_hours: changed("estimated_hours"),
  board: (before, after) => `moved this to ${boardName(after)}`,
  sla_breached: (before, after) =>
    after ? "marked this as late" : "took the mark of being late off",
};

const WHOLE = {
  "task.created": "created this",
  "task.deleted": "deleted this",
  "task.restored": "brought this back",
};

/** What an entry of the history says, such as "moved this from To do to In progress". */
export function sentence({ type, changes }) {
  if (WHOLE[type]) return WHOLE[type];
  const told = Object.keys(SENTENCES).filter((name) => name in changes);
  if (told.length === 0)
    return "position" in changes ? "moved this within its column" : "changed this";
  return told.map((name) => SENTENCES[name](...changes[name])).join(", ");
}
