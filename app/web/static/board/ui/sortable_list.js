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

function useDragging(frame, disabled, onMove) {
  const latest = useRef(onMove);
  latest.current = onMove;
  useEffect(() => {
    if (disabled) return undefined;
    const sortable = Sortable.create(frame.current, {
      handle: ".grip",
      animation: duration(120),
      ghostClass: "dragged",
      onEnd: (event) => putBack(event) && latest.current(event.oldIndex, event.newIndex),
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
  const [told, setTold] = useState("");
  const move = (from, to) => {
    if (to < 0 || to >= items.length || to === from) return;
    setTold(`${items[from].name} is at place ${to + 1} of ${items.length}.`);
    onMove(from, to);
  };
  useDragging(frame, disabled, move);
  const onKeyDown = (at) => (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    const grip = event.currentTarget;
    move(at, at + STEPS[event.key]);
    // The element moves along with the item and loses the focus on the way.
    requestAnimationFrame(() => grip.focus());
  };
  return html`
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
}
