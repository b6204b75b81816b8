// What is shown around the columns of a board, or in their place.
import { html } from "../lib.js";
import { Empty } from "../ui/empty.js";
import { Icon } from "../ui/icon.js";
import { Problem } from "../ui/problem.js";

/** What stands for the columns while they are read. */
export function Loading() {
  return html`<div class="board" role="status" aria-label="Loading the board">
    ${[3, 4, 2, 1].map(
      (cards, at) => html`<div key=${at} class="lane">
        ${Array.from(
          { length: cards },
          (_, each) => html`<div key=${each} class="skeleton card-skeleton" />`,
        )}
      </div>`,
    )}
  </div>`;
}

/** Why there is no board to see. */
export function Missing({ error, onRetry }) {
  if (error.status !== 404) {
    const title = "The board could not be read";
    return html`<${Problem} title=${title} error=${error} onRetry=${onRetry} />`;
  }
  return html`<${Empty}
    icon="lock"
    title="There is no such board for you"
    text="It was deleted, or you are not a member of its project."
  >
    <a class="button" href="#projects">Go to your projects</a>
  <//>`;
}

/** Says that nothing can be changed. */
export function Locked() {
  return html`<p class="board-locked">
    <${Icon} name="lock" />The project is archived: the board can be read, not changed.
  </p>`;
}
