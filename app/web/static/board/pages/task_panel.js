import { html } from "../lib.js";

export function TaskPanel({ id }) {
  return html`<aside aria-label="Task">Task ${id}</aside>`;
}
