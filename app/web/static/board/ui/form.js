import { useState } from "../lib.js";

/**
 * A form's submission: `{submit, busy, errors, problem}`.
 *
 * `send(values)` gets the fields by name; what the service refuses is in `errors` by field, and
 * `problem` is the sentence for all that belongs to no field.
 */
export function useForm(send) {
  const [state, setState] = useState({ busy: false, errors: {}, problem: null });
  const submit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    setState({ busy: true, errors: {}, problem: null });
    try {
      await send(values);
      setState({ busy: false, errors: {}, problem: null });
    } catch (error) {
      const errors = error.errors || {};
      const problem = Object.keys(errors).length ? null : error.message;
      setState({ busy: false, errors, problem });
    }
  };
  return { ...state, submit };
}
