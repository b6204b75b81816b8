import { html, useId } from "../lib.js";

/** A switch with its label; `onChange(on)`. With `compact` the label is only read out. */
export function Switch({ label, hint, checked, disabled, compact = false, onChange }) {
  const id = useId();
  return html`<div class="switch-field">
    <label class=${compact ? "hidden-visually" : "grow"} for=${id}>
      ${label} ${hint && html`<span class="field-hint">${hint}</span>`}
    </label>
    <input
      id=${id}
      class="switch"
      type="checkbox"
      role="switch"
      checked=${checked}
      disabled=${disabled}
      onChange=${(event) => onChange(event.target.checked)}
    />
  </div>`;
}
