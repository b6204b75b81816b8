// What of a board is shown: the filters are a part of the address, so that a link shows the same.
import { computed } from "../lib.js";
import { behind, replace, route } from "../router.js";
import { me } from "../session.js";
import { dueState, instantOf, now, wall } from "../ui/time.js";
import { CLOSED, STATUSES } from "../ui/words.js";

const DAY = 24 * 3_600_000;
const OPEN = Object.keys(STATUSES).filter((status) => !CLOSED.includes(status));

/** No filter at all. */
export const NONE = { text: "", who: [], priority: "", due: "" };

/** The filters of a query: `{text, who, priority, due}`; `who` holds ids, "me" and "nobody". */
export function read(query) {
  const given = new URLSearchParams(query);
  return {
    text: given.get("text") || "",
    who: given.getAll("who"),
    priority: given.get("priority") || "",
    due: given.get("due") || "",
  };
}

/** Show the board with these filters; the address says so without a step back in the history. */
export function write(board, { who, ...filters }) {
  const pairs = Object.entries(filters).filter(([, value]) => value);
  const query = new URLSearchParams([...pairs, ...who.map((each) => ["who", each])]).toString();
  // While a task is open, its address is shown and the board waits behind it.
  if (route.value.page === "task") behind.value = { page: "board", id: board, query };
  else replace(query ? `boards/${board}?${query}` : `boards/${board}`);
}

/** The filters with one more assignee, or without that one. */
export function toggled(filters, each) {
  const rest = filters.who.filter((one) => one !== each);
  return { ...filters, who: rest.length < filters.who.length ? rest : [...rest, each] };
}

/** Whether anything is filtered at all. */
export function isActive({ text, who, priority, due }) {
  return Boolean(text || who.length || priority || due);
}

/** The query of the list of tasks for the same; `passes` has the last word. */
export function asked({ text, who, priority, due }) {
  const dates = {
    overdue: { overdue: true },
    soon: {
      status: OPEN.join(),
      due_date_lte: instantOf(wall(now.value + 2 * DAY).day, "00:00:00"),
    },
    none: { due_date: "null" },
  };
  const assignee = who.map((each) => (each === "nobody" ? "null" : each)).join();
  return { search: text, assignee, priority, ...dates[due] };
}

const myself = computed(() => String(me.value?.id));

function isOf(task, who) {
  const assignee = task.assignee === null ? "nobody" : String(task.assignee);
  return who.some((each) => (each === "me" ? myself.value : each) === assignee);
}

function isDue(task, due) {
  if (due === "none") return !task.due_date;
  const state = dueState(task);
  return state === "overdue" || (due === "soon" && state === "soon");
}

function says(task, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = `#${task.id} ${task.title} ${task.description}`.toLowerCase();
  return words.every((word) => all.includes(word));
}

/** Whether a task passes the filters. */
export function passes(task, { text, who, priority, due }) {
  return (
    (!priority || task.priority === priority) &&
    (!who.length || isOf(task, who)) &&
    (!due || isDue(task, due)) &&
    (!text || says(task, text))
  );
}
