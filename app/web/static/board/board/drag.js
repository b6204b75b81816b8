// Dragging cards with a mouse or a finger.
import Sortable from "sortablejs";
import { effect, signal, useEffect } from "../lib.js";
import { duration } from "../ui/motion.js";

const TOUCH_DELAY_MS = 180;

/** Whether a card is being dragged: the board is not drawn anew before that is over. */
export const dragging = signal(false);

effect(() => {
  document.body.classList.toggle("dragging", dragging.value);
});

const idOf = (card) => Number(card.dataset.id);

/**
 * Let the cards of a list be dragged, within it and into the others.
 *
 * `onDrop(id, status, ids, index)` gets the cards of the list in their new order. Before that every
 * node is back where it was, since Preact owns them and will move them itself.
 */
export function useDrag(list, { enabled, onDrop }) {
  useEffect(() => {
    if (!enabled) return undefined;
    let home;
    const onStart = ({ item }) => {
      home = item.nextSibling;
      dragging.value = true;
    };
    const onEnd = ({ item, from, to }) => {
      const ids = [...to.querySelectorAll(".card")].map(idOf);
      const stays = to === from && item.nextSibling === home;
      from.insertBefore(item, home);
      if (!stays) onDrop(idOf(item), to.dataset.status, ids, ids.indexOf(idOf(item)));
      dragging.value = false;
    };
    const sortable = Sortable.create(list.current, {
      group: "cards",
      draggable: ".card",
      animation: duration(120),
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
    // Holding a finger on a link asks for its menu as well.
    const noMenu = (event) => dragging.value && event.preventDefault();
    const element = list.current;
    element.addEventListener("contextmenu", noMenu);
    return () => {
      element.removeEventListener("contextmenu", noMenu);
      sortable.destroy();
    };
  }, [enabled]);
}
