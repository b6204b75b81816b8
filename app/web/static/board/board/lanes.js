// The columns of a board as they are drawn: filtered, with the card that is carried, still in a drag.
import { html, useMemo, useRef } from "../lib.js";
import { route } from "../router.js";
import { tasks } from "../store/tasks.js";
import { carried, current, onCardKey, said, useKeptFocus, withCarried } from "./carry.js";
import { dragging } from "./drag.js";
import { isActive, passes } from "./filters.js";
import { useGlide } from "./glide.js";
import { Lane } from "./lane.js";
import { between, move, standing } from "./moves.js";

/** The id of a card where it is in the column; null otherwise. */
const within = (lane, id) => (lane.tasks.some((task) => task.id === id) ? id : null);

function filtered(lanes, filters) {
  if (!isActive(filters)) return lanes;
  const shown = (lane) => lane.tasks.filter((task) => passes(task, filters));
  return lanes.map((lane) => ({ ...lane, tasks: shown(lane) }));
}

/** Whether what is drawn anew is the person's own doing, and is where it belongs already. */
function useStill(filters) {
  const last = useRef({});
  const { wasDragging, before } = last.current;
  last.current = { wasDragging: dragging.value, before: filters };
  return wasDragging || Boolean(carried.value) || before !== filters;
}

/** The columns of a board. */
export function Lanes({ board, filters, canWrite }) {
  const frame = useRef(null);
  const drawn = useRef(null);
  const latest = useRef(null);
  // Always the same function, so that a column is drawn anew only when it is another one.
  const onDrop = useRef((...dropped) => latest.current(...dropped));
  const all = isActive(filters) ? board.allLanes.value : board.lanes.value;
  const visible = useMemo(() => filtered(all, filters), [all, filters]);
  const lanes = withCarried(visible, tasks.value);
  const still = useStill(filters);
  useGlide(frame, lanes, still || dragging.value);
  useKeptFocus(frame);
  // The same element again is not compared: no node moves under the pointer.
  if (dragging.value && drawn.current) return drawn.current;

  const drop = (id, place) => {
    const home = all.find((lane) => lane.tasks.some((task) => task.id === id));
    if (home) move(board, id, place, standing(home, id));
  };
  latest.current = (id, status, ids, index) => drop(id, between(status, ids, index));
  const onKeyDown = (event) => onCardKey(event, { lanes, canMove: canWrite, onDrop: drop });
  const there = lanes.find((lane) => within(lane, current.value));
  const first = there ? current.value : lanes.find((lane) => lane.tasks.length)?.tasks[0].id;
  const open = route.value.page === "task" ? route.value.id : null;
  drawn.current = html`<div class="board" ref=${frame} onKeyDown=${onKeyDown}>
    ${lanes.map(
      (lane) => html`<${Lane}
        key=${lane.id}
        board=${board}
        lane=${lane}
        filtered=${isActive(filters)}
        first=${within(lane, first)}
        open=${within(lane, open)}
        held=${within(lane, carried.value?.id)}
        canWrite=${canWrite}
        onDrop=${onDrop.current}
      />`,
    )}
    <p id="card-help" class="hidden-visually">
      ${canWrite ? "Space picks the card up, arrow keys move it. " : ""}Enter opens it.
    </p>
    <p class="hidden-visually" aria-live="assertive">${said.value}</p>
  </div>`;
  return drawn.current;
}
