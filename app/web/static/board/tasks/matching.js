// Whether a task that was heard of belongs to what is listed, without asking the service again.
import { dueState, wall } from "../ui/time.js";
import { values } from "./query.js";

const text = (value) => (value === null || value === undefined ? "null" : String(value));
const among = (list, value) => values(list).includes(text(value));

function isPerson(list, id, me) {
  return among(list, id) || (id === me && among(list, "me"));
}

const isDay = (value) => /^\d{4}-\d\d-\d\d$/.test(value);
const TESTS = {
  status: (wanted, task) => among(wanted, task.status),
  status_not: (wanted, task) => !among(wanted, task.status),
  priority: (wanted, task) => among(wanted, task.priority),
  assignee: (wanted, task, me) => isPerson(wanted, task.assignee, me),
  reporter: (wanted, task, me) => isPerson(wanted, task.reporter, me),
  project: (wanted, task) => among(wanted, task.project),
  board: (wanted, task) => among(wanted, task.board),
  overdue: (wanted, task) => (dueState(task) === "overdue") === (wanted === "true"),
  due_date_gte: (day, task) => isDay(day) && task.due_date !== null && wall(task.due_date).day >= day,
  due_date_lte: (day, task) => isDay(day) && task.due_date !== null && wall(task.due_date).day <= day,
  ordering: () => true,
};

/** Whether the task answers to the query for sure; what only the service can tell does not. */
export function matches(task, query, me) {
  return Object.entries(query).every(([name, wanted]) => TESTS[name]?.(wanted, task, me) ?? false);
}
