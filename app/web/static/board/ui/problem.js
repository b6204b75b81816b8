import { html } from "../lib.js";
import { Empty } from "./empty.js";

/** Why something failed, with what the service said of each field. */
export function reasonOf(error) {
  const details = Object.entries(error.errors || {}).map(([name, said]) => `${name}: ${said}`);
  return [error.message, ...details].join(" ");
}

/** What is shown in place of data that could not be read: why, and the way to try again. */
export function Problem({ title, error, onRetry, children }) {
  return html`<div role="alert">
    <${Empty} icon="alert" title=${title} text=${reasonOf(error)}>
      <button type="button" class="button" onClick=${onRetry}>Try again</button>
      ${children}
    <//>
  </div>`;
}
