// Tasks as the socket tells of them, in the shape of the API.

const LAST_SECOND = /:59(\.0+)?Z$/;

/** The task of a `task.…` message, over what is known of it already. */
export function taskOf(message, known = {}) {
  const { task_id, assigned_to, created_by, action, stream, seq, event_id, ...fields } = message;
  const task = { ...known, ...fields, id: task_id, assignee: assigned_to, reporter: created_by };
  if (task.due_date !== known.due_date) {
    task.due_date_only = task.due_date !== null && LAST_SECOND.test(task.due_date);
  }
  return task;
}
