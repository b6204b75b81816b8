// The columns of a board: which cards are in each, and what a message makes of them.

const byPlace = (a, b) =>
  a.position < b.position ? -1 : a.position > b.position ? 1 : a.id - b.id;

/** The columns as they were where nothing of them has changed, so that they are not drawn anew. */
export function reuse(before, after) {
  const old = new Map((before || []).map((lane) => [lane.id, lane]));
  return after.map((lane) => {
    const was = old.get(lane.id);
    const same =
      was &&
      Object.keys(lane).every((name) => name === "tasks" || lane[name] === was[name]) &&
      lane.tasks.length === was.tasks.length &&
      lane.tasks.every((task, at) => task === was.tasks[at]);
    return same ? was : lane;
  });
}

/** A column without its tasks; `bound` is the place up to which they were read. */
export function withoutTasks({ tasks: cards, ...column }) {
  return { ...column, bound: cards.at(-1)?.position ?? "" };
}

/** The columns with the `cards` that are in each, in their order. */
export function withTasks(columns, cards) {
  const found = new Map(columns.map((column) => [column.status, []]));
  cards.forEach((task) => found.get(task.status)?.push(task));
  return columns.map((column) => {
    const tasks = found.get(column.status).sort(byPlace);
    const count = column.next ? Math.max(column.count, tasks.length) : tasks.length;
    return { ...column, count, tasks };
  });
}

/** The columns under new names, limits and in a new order; null where they are others. */
export function renamed(columns, news) {
  const old = new Map(columns.map((column) => [column.status, column]));
  if (news.length !== old.size || news.some(({ status }) => !old.has(status))) return null;
  return news.map((column) => ({ ...old.get(column.status), ...column }));
}
