// Tasks as the socket tells of them, in the shape of the API.

/** The task of a `task.…` message, over what is known of it already. */
export function taskOf(message, known = {}) {
  const { task_id, assigned_to, created_by, action, stream, seq, event_id, ...fields } = message;
  return { ...known, ...fields, id: task_id, assignee: assigned_to, reporter: created_by };
}
