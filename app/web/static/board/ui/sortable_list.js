// A list that is put into order by dragging, or with the arrow keys on the grip.
import { html, useEffect, useRef, useState } from "../lib.js";
import Sortable from "sortablejs";
import { Icon } from "./icon.js";
import { duration } from "./motion.js";

const STEPS = { ArrowUp: -1, ArrowDown: 1 };

/** Dragging moves the element; the list is drawn by Preact, which has to find it where it was. */
function putBack({ from, item, oldIndex, newIndex }) {
  const others = [...from.children].filter((each) => each !== item);
  from.insertBefore(item, others[oldIndex] || null);
  return newIndex - oldIndex;
}

function useDragging(frame, disabled, onHold, onMove) {
  const latest = useRef(onMove);
  latest.current = onMove;
  useEffect(() => {
    if (disabled) return undefined;
    const sortable = Sortable.create(frame.current, {
      handle: ".grip",
      animation: duration(120),
      ghostClass: "dragged",
      onStart: () => onHold(true),
      onEnd: (event) => {
        if (putBack(event)) latest.current(event.oldIndex, event.newIndex);
        onHold(false);
      },
    });
    return () => sortable.destroy();
  }, [disabled]);
}

/**
 * `items` have an `id` and a `name`; `children(item)` draws one. `onMove(from, to)` is told of a
 * new order, and has to bring it about. Without a right to do so (`disabled`) it is a plain list.
 */
export function SortableList({ items, label, onMove, disabled = false, children }) {
  const frame = useRef(null);
  const drawn = useRef(null);
  const shown = useRef(items);
  const [held, setHeld] = useState(false);
  const [told, setTold] = useState("");
  const move = (from, to) => {
    if (from < 0 || to < 0 || to >= items.length || to === from) return;
    setTold(`${items[from].name} is at place ${to + 1} of ${items.length}.`);
    onMove(from, to);
  };
  const now = (at) => items.findIndex(({ id }) => id === shown.current[at].id);
  useDragging(frame, disabled, setHeld, (from, to) => move(now(from), now(to)));
  // What others change meanwhile waits until the item is let go: the same is not drawn anew.
  if (held && drawn.current) return drawn.current;

  shown.current = items;
  const onKeyDown = (at) => (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    const grip = event.currentTarget;
    move(at, at + STEPS[event.key]);
    // The element moves along with the item and loses the focus on the way.
    requestAnimationFrame(() => grip.focus());
  };
  drawn.current = html`
    <ul class="lines" ref=${frame} aria-label=${label}>
      ${items.map(
        (item, at) => html`<li key=${item.id} class="line">
          ${!disabled &&
          html`<button
            type="button"
            class="button quiet icon-only grip"
            aria-label="Move ${item.name}; use the arrow keys"
            title="Drag, or use the arrow keys"
            onKeyDown=${onKeyDown(at)}
          >
            <${Icon} name="grip" />
          </button>`}
          ${children(item, at)}
        </li>`,
      )}
    </ul>
    <span class="hidden-visually" role="status">${told}</span>
  `;
  return drawn.current;
}
