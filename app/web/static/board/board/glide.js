// Cards glide to their new places when somebody else moves them.
import { useLayoutEffect, useRef } from "../lib.js";
import { duration } from "../ui/motion.js";

const GLIDE_MS = 200;
const EASING = "cubic-bezier(0.2, 0, 0, 1)";

/** Where the cards of some columns are, as far as they are in sight. */
function places(frame, statuses) {
  const found = new Map();
  for (const list of frame.querySelectorAll(".lane-cards")) {
    if (!statuses.has(list.dataset.status)) continue;
    for (const card of list.children) {
      const { left, top, bottom } = card.getBoundingClientRect();
      if (bottom > 0 && top < innerHeight) found.set(card.dataset.id, { card, left, top, list });
    }
  }
  return found;
}

function glide(before, { card, left, top, list }) {
  const timing = { duration: GLIDE_MS, easing: EASING };
  if (before?.list === list) {
    const [x, y] = [before.left - left, before.top - top];
    if (x || y) card.animate({ transform: [`translate(${x}px, ${y}px)`, "none"] }, timing);
  } else {
    card.animate({ opacity: [0, 1], transform: ["scale(0.96)", "none"] }, timing);
  }
}

/** The columns that are others than they were. */
function changed(before, after) {
  const old = new Set(before);
  return new Set(after.filter((lane) => !old.has(lane)).map((lane) => lane.status));
}

/**
 * Animate what is new in `lanes` since they were drawn last.
 *
 * `still` says that it is the person's own doing, which is where it belongs already.
 */
export function useGlide(frame, lanes, still) {
  const drawn = useRef(null);
  const before = useRef(null);
  if (frame.current && drawn.current && drawn.current !== lanes && !still && duration(GLIDE_MS)) {
    const statuses = changed(drawn.current, lanes);
    before.current = { statuses, places: places(frame.current, statuses) };
  }
  useLayoutEffect(() => {
    const earlier = before.current;
    before.current = null;
    drawn.current = lanes;
    if (!earlier) return;
    for (const [id, place] of places(frame.current, earlier.statuses)) {
      glide(earlier.places.get(id), place);
    }
  });
}
