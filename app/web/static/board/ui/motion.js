const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** How long something moves, in milliseconds: not at all for whoever prefers that. */
export const duration = (milliseconds) => (calm.matches ? 0 : milliseconds);
