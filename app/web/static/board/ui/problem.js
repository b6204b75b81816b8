import { html } from "../lib.js";
import { Empty } from "./empty.js";

/** What is shown in place of data that could not be read: why, and the way to try again. */
export function Problem({ title, error, onRetry, children }) {
  return html`<div role="alert">
    <${Empty} icon="alert" title=${title} text=${error.message}>
      <button type="button" class="button" onClick=${onRetry}>Try again</button>
      ${children}
    <//>
  </div>`;
}
