import { html, signal } from "../lib.js";

const SECONDS = 6;
const toasts = signal([]);
let last = 0;

function dismiss(id) {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

/** Tell something in passing; with `undo` there is a button that takes it back. */
export function toast(text, { undo = null, kind = "info", seconds = SECONDS } = {}) {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-3), { id, text, undo, kind }];
  setTimeout(dismiss, seconds * 1000, id);
}

/** Tell that something failed, with the reason that the service gave. */
export function toastError(text, error) {
  toast(`${text} ${error.message}`, { kind: "error", seconds: SECONDS * 2 });
}

/** The place where toasts appear; once on the page. */
export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map(
      ({ id, text, undo, kind }) => html`<div key=${id} class="toast ${kind}">
        <span class="grow">${text}</span>
        ${undo && html`<button type="button" onClick=${() => (dismiss(id), undo())}>Undo</button>`}
        <button type="button" aria-label="Dismiss" onClick=${() => dismiss(id)}>✕</button>
      </div>`,
    )}
  </div>`;
}
