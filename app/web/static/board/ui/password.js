import { html, useState } from "../lib.js";

/** An input for a password that can be shown; for `as` of Field. */
export function Password({ children, ...rest }) {
  const [shown, setShown] = useState(false);
  return html`<div class="password">
    <input
      ...${rest}
      type=${shown ? "text" : "password"}
      autocapitalize="none"
      spellcheck=${false}
    />
    <button
      type="button"
      aria-pressed=${shown}
      aria-label="Show the password"
      onClick=${() => setShown(!shown)}
    >
      ${shown ? "Hide" : "Show"}
    </button>
  </div>`;
}
