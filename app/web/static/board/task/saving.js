// Saving fields of a task: at once on the screen, taken back when refused, asked when in conflict.
import { get, patch, post, remove } from "../api.js";
import { signal } from "../lib.js";
import { go } from "../router.js";
import { manages } from "../store/rights.js";
import { change, forget, ifMatch, keep } from "../store/tasks.js";
import { me } from "../session.js";
import { toast, toastError } from "../ui/toast.js";

/** What somebody else has changed while it was edited here: `{edit, theirs, names}`, or null. */
export const conflict = signal(null);

/**
 * Save fields of a task: `base` is the task as the person saw it when beginning to edit.
 *
 * `fields` is what is sent; `shown` what the task looks like then, where that differs. Resolves to
 * whether it was saved.
 */
export async function save(base, fields, shown = fields) {
  const edit = { base, fields, shown };
  try {
    await change(base.id, shown, () => send(edit));
    return true;
  } catch (error) {
    if (!(error instanceof Conflict)) return refuse(edit, error);
    conflict.value = error;
    return false;
  }
}

/** What is edited here was changed by somebody else: `{edit, theirs, names}`. */
class Conflict extends Error {
  constructor(found) {
    super();
    Object.assign(this, found);
  }
}

/** Send an edit; where others have only changed other fields meanwhile, on top of that. */
async function send(edit) {
  const { base, fields, shown } = edit;
  try {
    return await patch(`/tasks/${base.id}/`, fields, ifMatch(base));
  } catch (error) {
    if (error.status !== 412) throw error;
  }
  const theirs = await get(`/tasks/${base.id}/`);
  keep([theirs]);
  const names = Object.keys(shown).filter((name) => theirs[name] !== base[name]);
  if (names.length) throw new Conflict({ edit, theirs, names });
  return send({ ...edit, base: theirs });
}

function refuse(edit, error) {
  const full = error.problem?.wip_limit !== undefined && manages(edit.base.project);
  const again = () => save(edit.base, { ...edit.fields, override_wip_limit: true }, edit.shown);
  const action = full ? { label: "Do it anyway", run: again } : null;
  const [reasons] = Object.values(error.errors || {});
  const reason = error.status === 422 && reasons ? new Error(`It ${reasons[0]}.`) : error;
  toastError("Not saved.", reason, { action });
  return false;
}

/** Go on with one's own values, over those of the other. */
export function keepMine() {
  const { edit, theirs } = conflict.value;
  conflict.value = null;
  return save(theirs, edit.fields, edit.shown);
}

/** Whether the person may delete the task. */
export const mayDelete = (task) => task.reporter === me.value.id || manages(task.project);

/** The tasks that this page deletes: nobody has to ask what became of them. */
export const deleting = new Set();

/** Delete a task and call `onDone`; undoing brings it back. */
export async function deleteTask(task, onDone) {
  deleting.add(task.id);
  try {
    await remove(`/tasks/${task.id}/`);
  } catch (error) {
    deleting.delete(task.id);
    toastError(`#${task.id} was not deleted.`, error);
    return;
  }
  onDone();
  forget(task.id);
  toast(`#${task.id} deleted.`, { undo: () => restore(task.id) });
}

async function restore(id) {
  try {
    keep([await post(`/tasks/${id}/restore/`)]);
    deleting.delete(id);
    go(`tasks/${id}`);
  } catch (error) {
    toastError(`#${id} could not be brought back.`, error);
  }
}
