// The address of the list of tasks: a view, and parameters of the API that narrow it further.
import { CLOSED } from "../ui/words.js";

/** The ready-made views: what each asks the service for. */
export const VIEWS = {
  mine: { title: "Mine", base: { assignee: "me", status_not: CLOSED.join() } },
  reported: { title: "Reported by me", base: { reporter: "me", status_not: CLOSED.join() } },
  overdue: { title: "Overdue", base: { overdue: "true" } },
  all: { title: "All", base: {} },
};

/** The orders to choose from; the first is that of the service. */
export const ORDERS = {
  "-created_at": "Newest first",
  "-updated_at": "Last changed first",
  due_date: "Due soonest first",
  "-priority,due_date": "Most pressing first",
  status: "By status",
  title: "By title",
};

const PAGE_ONLY = ["view", "saved"];

/** What the address says: `{view, saved, own}`; `own` are the parameters beside those of the view. */
export function read(text) {
  const given = Object.fromEntries(new URLSearchParams(text));
  const own = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => !PAGE_ONLY.includes(name) && value !== ""),
  );
  const view = Object.hasOwn(VIEWS, given.view) ? given.view : "mine";
  return { view, saved: Number(given.saved) || null, own };
}

/** The address for what `read` returns. */
export function write({ view, saved, own }) {
  const query = new URLSearchParams(Object.entries(own).filter(([, value]) => value));
  if (saved) query.set("saved", saved);
  if (view !== "mine" || query.size > 0) query.set("view", view);
  const text = query.toString();
  return text ? `tasks?${text}` : "tasks";
}

/** What the service is asked for; a state that was chosen counts before those the view leaves out. */
export function asked({ view, own }) {
  const { status_not, ...base } = VIEWS[view].base;
  const hides = status_not && !own.status ? { status_not } : {};
  return { ...base, ...hides, ...own };
}

/** The address of a saved filter, with everything that it asks for. */
export function addressOf(filter) {
  const own = Object.fromEntries(
    Object.entries(filter.query).map(([name, value]) => [name, [value].flat().join()]),
  );
  return write({ view: "all", saved: filter.id, own });
}

/** The values of a parameter that takes several. */
export const values = (text) => (text ? text.split(",") : []);
