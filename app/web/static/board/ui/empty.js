import { html } from "../lib.js";
import { Icon } from "./icon.js";

/** What is shown where there is nothing yet: why, and the next step as `children`. */
export function Empty({ icon, title, text, children }) {
  return html`<div class="empty">
    <${Icon} name=${icon} />
    <h2>${title}</h2>
    ${text && html`<p>${text}</p>`} ${children}
  </div>`;
}

/** What stands for lines that are still on their way. */
export function Skeleton({ lines = 3, height = 40 }) {
  return html`<div class="stack" role="status" aria-label="Loading">
    ${Array.from({ length: lines }, (_, at) => html`<div key=${at} class="skeleton" style=${{ height }} />`)}
  </div>`;
}
