import { html, useState } from "../lib.js";
import { reasonOf } from "./problem.js";

const FRESH = { busy: false, errors: {}, problem: null };

/** Why a form was refused: by field, and in a sentence where it is not about its fields alone. */
function refusal(error, values) {
  const errors = error.errors || {};
  const names = Object.keys(errors);
  const isTold = names.length > 0 && names.every((name) => name in values);
  return { errors, problem: isTold ? null : reasonOf(error) };
}

/**
 * A form's submission: `{submit, busy, errors, problem}`.
 *
 * `send(values)` gets the fields by name; what the service refuses is in `errors` by field, and
 * `problem` is the sentence for all that belongs to no field of the form.
 */
export function useForm(send) {
  const [state, setState] = useState(FRESH);
  const submit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    setState({ ...FRESH, busy: true });
    try {
      await send(values);
      setState(FRESH);
    } catch (error) {
      setState({ busy: false, ...refusal(error, values) });
    }
  };
  return { ...state, submit };
}

/** The values that are others than those of `present`: what is left out stays as it is. */
export function changed(present, values) {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => value !== (present[name] ?? "")),
  );
}

/** The foot of a form in a dialog: what went wrong, the way back, and the way on. */
export function FormFoot({ form, action, look = "primary", disabled = false, onClose }) {
  return html`
    <p class="form-error" role="alert">${form.problem}</p>
    <div class="actions">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button class="button ${look}" disabled=${form.busy || disabled}>${action}</button>
    </div>
  `;
}
