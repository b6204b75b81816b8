// Cards glide to their new places when somebody else moves them.
import { useLayoutEffect, useRef } from "../lib.js";

const GLIDE = { duration: 200, easing: "cubic-bezier(0.2, 0, 0, 1)" };
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function places(frame) {
  const found = new Map();
  for (const card of frame.querySelectorAll(".card")) {
    const { left, top } = card.getBoundingClientRect();
    found.set(card.dataset.id, { card, left, top, list: card.parentNode });
  }
  return found;
}

function glide(before, { card, left, top, list }) {
  if (before?.list === list) {
    const [x, y] = [before.left - left, before.top - top];
    if (x || y) card.animate({ transform: [`translate(${x}px, ${y}px)`, "none"] }, GLIDE);
  } else {
    card.animate({ opacity: [0, 1], transform: ["scale(0.96)", "none"] }, GLIDE);
  }
}

/**
 * Animate what is new in `lanes` since they were drawn last.
 *
 * `still` says that it is the person's own doing, which is where it belongs already.
 */
export function useGlide(frame, lanes, still) {
  const drawn = useRef(null);
  const before = useRef(null);
  if (frame.current && drawn.current !== lanes && !still) before.current = places(frame.current);
  useLayoutEffect(() => {
    const earlier = before.current;
    before.current = null;
    drawn.current = lanes;
    if (!earlier || calm.matches) return;
    for (const [id, place] of places(frame.current)) glide(earlier.get(id), place);
  });
}
