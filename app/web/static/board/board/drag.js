// Dragging cards with a mouse or a finger.
import Sortable from "sortablejs";
import { signal, useEffect } from "../lib.js";

const TOUCH_DELAY_MS = 180;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** The columns as they were when the drag began; null while nothing is dragged. */
export const frozen = signal(null);

const idOf = (card) => Number(card.dataset.id);

/**
 * Let the cards of a list be dragged, within it and into the others.
 *
 * `lanes()` are the columns as they are drawn: they stay so during a drag, whatever comes in.
 * `onDrop(id, status, ids, index)` gets the cards of the list in their new order. Before that every
 * node is back where it was, since Preact owns them and will move them itself.
 */
export function useDrag(list, { enabled, lanes, onDrop }) {
  useEffect(() => {
    if (!enabled) return undefined;
    let home;
    const onStart = ({ item }) => {
      home = item.nextSibling;
      frozen.value = lanes();
      document.body.classList.add("dragging");
    };
    const onEnd = ({ item, from, to }) => {
      const ids = [...to.querySelectorAll(".card")].map(idOf);
      const stays = to === from && item.nextSibling === home;
      from.insertBefore(item, home);
      document.body.classList.remove("dragging");
      if (!stays) onDrop(idOf(item), to.dataset.status, ids, ids.indexOf(idOf(item)));
      frozen.value = null;
    };
    const sortable = Sortable.create(list.current, {
      group: "cards",
      draggable: ".card",
      animation: calm.matches ? 0 : 120,
      forceFallback: true,
      fallbackOnBody: true,
      fallbackTolerance: 4,
      delay: TOUCH_DELAY_MS,
      delayOnTouchOnly: true,
      touchStartThreshold: 4,
      scrollSensitivity: 60,
      ghostClass: "card-gap",
      fallbackClass: "card-flying",
      onStart,
      onEnd,
    });
    return () => sortable.destroy();
  }, [enabled]);
}
