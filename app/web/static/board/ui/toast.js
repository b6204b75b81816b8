import { html, signal } from "../lib.js";

const SECONDS = 6;
const toasts = signal([]);
let last = 0;

function dismiss(id) {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

/**
 * Tell something in passing; with `undo` there is a button that takes it back, and `action` is
 * another one, `{label, run}`.
 */
export function toast(text, { undo = null, action = null, kind = "info", seconds = SECONDS } = {}) {
  const id = ++last;
  const offered = action || (undo && { label: "Undo", run: undo });
  toasts.value = [...toasts.value.slice(-3), { id, text, offered, kind }];
  setTimeout(dismiss, seconds * 1000, id);
}

/** Tell that something failed, with the reason that the service gave. */
export function toastError(text, error, { action = null } = {}) {
  toast(`${text} ${error.message}`, { kind: "error", seconds: SECONDS * 2, action });
}

/** The place where toasts appear; once on the page. */
export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map(
      ({ id, text, offered, kind }) => html`<div key=${id} class="toast ${kind}">
        <span class="grow">${text}</span>
        ${
          offered &&
          html`<button type="button" onClick=${() => (dismiss(id), offered.run())}>
          ${offered.label}
        </button>`
        }
        <button type="button" aria-label="Dismiss" onClick=${() => dismiss(id)}>✕</button>
      </div>`,
    )}
  </div>`;
}
