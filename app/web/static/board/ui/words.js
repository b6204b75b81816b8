// The states and priorities of tasks as people read them.

/** The states in the order of the work. */
export const STATUSES = {
  BACKLOG: "Backlog",
  TODO: "To do",
  IN_PROGRESS: "In progress",
  REVIEW: "Review",
  DONE: "Done",
  CANCELLED: "Cancelled",
  ARCHIVED: "Archived",
};

/** The states of a task that is over. */
export const CLOSED = ["DONE", "CANCELLED", "ARCHIVED"];

/** The priorities, most pressing first. */
export const PRIORITIES = { CRITICAL: "Critical", HIGH: "High", MEDIUM: "Medium", LOW: "Low" };

/** "1 task", "2 tasks". */
export function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}
