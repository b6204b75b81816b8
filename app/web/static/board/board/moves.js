// Moving a card: shown at once, taken back with the reason where the service refuses it.
import { post } from "../api.js";
import { manages } from "../store/rights.js";
import { change, ifMatch, tasks } from "../store/tasks.js";
import { toast, toastError } from "../ui/toast.js";
import { STATUSES } from "../ui/words.js";

// Both sort between a place and any that follows it: places are letters and digits.
const RIGHT_BELOW = "!";
const AT_THE_END = "~";

/** Where a card stands: `{status, after}`, or `{status, before}` for the first one. */
export function standing(lane, id) {
  const ids = lane.tasks.map((task) => task.id);
  return between(lane.status, ids, ids.indexOf(id));
}

/** The place of the card at `index` of `ids` in a column. */
export function between(status, ids, index) {
  if (index > 0) return { status, after: ids[index - 1] };
  return ids.length > 1 ? { status, before: ids[1] } : { status };
}

function guessOf({ status, after, before }) {
  const above = after && tasks.peek().get(after)?.position;
  if (above) return { status, position: above + RIGHT_BELOW };
  return { status, position: before ? "" : AT_THE_END };
}

/** Move a card to `place` (see `standing`); `from` is where undoing brings it back to. */
export async function move(board, id, place, from, { override = false } = {}) {
  const body = override ? { ...place, override_wip_limit: true } : place;
  const send = () => post(`/tasks/${id}/move/`, body);
  try {
    const moved = await change(id, guessOf(place), send);
    board.show(id);
    const undo = () => takeBack(board, moved, from);
    toast(`#${id} moved to ${laneName(board, place)}.`, { undo });
  } catch (error) {
    refuse(board, id, place, from, error);
  }
}

/** The name of a column; it may be gone by now. */
function laneName(board, { status }) {
  const lane = board.view.peek().columns.find((each) => each.status === status);
  return lane?.name || STATUSES[status];
}

function refuse(board, id, place, from, error) {
  const limit = error.problem?.wip_limit;
  if (limit === undefined) {
    toastError(`#${id} is back where it was.`, error);
    return;
  }
  const full = new Error(`${laneName(board, place)} holds its limit of ${limit}.`);
  const again = () => move(board, id, place, from, { override: true });
  const action = manages(board.view.peek().project) ? { label: "Move anyway", run: again } : null;
  toastError(`#${id} is back where it was.`, full, { action });
}

/** Undo a move of one's own, unless somebody has changed the task since. */
async function takeBack(board, moved, from) {
  const { id } = moved;
  const body = { ...from, override_wip_limit: manages(board.view.peek().project) || undefined };
  try {
    await change(id, guessOf(from), () => post(`/tasks/${id}/move/`, body, ifMatch(moved)));
    board.show(id);
  } catch (error) {
    toastError("The move could not be undone.", error);
  }
}
