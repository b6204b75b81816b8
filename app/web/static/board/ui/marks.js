// The state and the priority of a task as small drawings: told apart by shape, not by colour alone.
import { html } from "../lib.js";
import { STATUSES } from "./words.js";

const RING = "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Z";

// What is drawn of each state: strokes, and what is filled.
const STATES = {
  BACKLOG: [RING, ""],
  TODO: [RING, ""],
  IN_PROGRESS: [RING, "M12 7a5 5 0 0 1 0 10Z"],
  REVIEW: [RING, "M12 12V7a5 5 0 1 1-5 5Z"],
  DONE: [`${RING}M8 12l3 3 5-6`, ""],
  CANCELLED: [`${RING}M9 9l6 6m0-6-6 6`, ""],
  ARCHIVED: ["M3 4h18v4H3zM5 8v12h14V8M10 12h4", ""],
};

const LEVELS = { LOW: 1, MEDIUM: 2, HIGH: 3 };
const URGENT = "M12 4v9m0 5v.01";

function Bars({ level }) {
  return [1, 2, 3].map(
    (each) => html`<path
      key=${each}
      class=${each > level ? "faint" : ""}
      d="M${6 * each} 20V${18 - 4 * each}"
    />`,
  );
}

/** The drawing of a state; what it means is said beside it. */
export function StatusMark({ status }) {
  const [strokes, filled] = STATES[status];
  const kind = status.toLowerCase().replace("_", "-");
  return html`<svg class="icon mark is-${kind}" viewBox="0 0 24 24" aria-hidden="true">
    <path d=${strokes} />
    ${filled && html`<path class="solid" d=${filled} />`}
  </svg>`;
}

/** The drawing of a priority: one to three bars, an exclamation mark above them. */
export function PriorityMark({ priority }) {
  return html`<svg
    class="icon mark bars is-${priority.toLowerCase()}"
    viewBox="0 0 24 24"
    aria-hidden="true"
  >
    ${priority in LEVELS ? html`<${Bars} level=${LEVELS[priority]} />` : html`<path d=${URGENT} />`}
  </svg>`;
}

/** A state with its name. */
export function Status({ status }) {
  return html`<span class="marked"><${StatusMark} status=${status} />${STATUSES[status]}</span>`;
}
