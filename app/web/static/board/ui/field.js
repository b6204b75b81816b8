import { html, useId } from "../lib.js";

/**
 * A labelled input with its hint and its error; `as` is "input", "textarea" or "select".
 *
 * `errors` is what the service said of the field: a list of sentences, or nothing.
 */
export function Field({ label, as = "input", hint, errors, children, ...rest }) {
  const id = useId();
  const told = [hint && `${id}-hint`, errors && `${id}-error`].filter(Boolean).join(" ");
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <${as}
      id=${id}
      class="input"
      aria-invalid=${Boolean(errors)}
      aria-describedby=${told || undefined}
      ...${rest}
    >
      ${children}
    <//>
    ${hint && html`<span class="field-hint" id="${id}-hint">${hint}</span>`}
    ${errors && html`<span class="field-error" id="${id}-error">${[errors].flat().join("; ")}</span>`}
  </div>`;
}

/** Fields of a form, one below the other: each of `fields` has a name and what Field takes. */
export function Fields({ fields, errors }) {
  return fields.map(
    (each) => html`<${Field} key=${each.name} ...${each} errors=${errors[each.name]} />`,
  );
}
