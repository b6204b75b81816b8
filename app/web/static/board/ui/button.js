import { html } from "../lib.js";
import { Icon } from "./icon.js";

/** A button with an icon alone; `label` is read out and shown on hovering. */
export function IconButton({ icon, label, class: extra = "", ...rest }) {
  return html`<button
    type="button"
    class="button quiet icon-only ${extra}"
    aria-label=${label}
    title=${label}
    ...${rest}
  >
    <${Icon} name=${icon} />
  </button>`;
}
