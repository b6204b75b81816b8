import { post } from "../api.js";
import { html, signal, useEffect, useRef, useState } from "../lib.js";
import { manages } from "../store/rights.js";
import { keep } from "../store/tasks.js";
import { toastError } from "../ui/toast.js";
import { Icon } from "../ui/icon.js";

/** The status of the column in which a card is being added; null for none. */
export const addingTo = signal(null);

async function create(board, lane, title, override) {
  const body = { title, board: board.id, status: lane.status };
  if (override) body.override_wip_limit = true;
  const task = await post("/tasks/", body);
  keep([task]);
  board.show(task.id);
}

/** What was refused can be sent again where only the limit stands against it. */
function refuse(board, lane, title, error) {
  const full = error.problem?.wip_limit !== undefined;
  const reason = full ? new Error(`${lane.name} holds its limit of ${lane.wip_limit}.`) : error;
  const again = () =>
    create(board, lane, title, true).catch((next) => refuse(board, lane, title, next));
  const action =
    full && manages(board.view.peek().project) ? { label: "Add anyway", run: again } : null;
  toastError(`“${title}” was not added.`, reason, { action });
}

/** The field at the foot of a column: Enter adds a card and keeps the field for the next. */
export function QuickAdd({ board, lane }) {
  const field = useRef(null);
  const button = useRef(null);
  // One is created after the other, so that they stand in the order in which they were typed.
  const last = useRef(Promise.resolve());
  const [pending, setPending] = useState([]);
  const open = addingTo.value === lane.status;
  useEffect(() => {
    if (open) field.current.focus();
  }, [open]);

  const add = async (title) => {
    const draft = { title };
    setPending((all) => [...all, draft]);
    last.current = last.current
      .then(() => create(board, lane, title, false))
      .catch((error) => refuse(board, lane, title, error));
    await last.current;
    setPending((all) => all.filter((each) => each !== draft));
  };
  const leave = () => {
    addingTo.value = null;
    requestAnimationFrame(() => button.current?.focus());
  };
  const onKeyDown = (event) => {
    if (event.key === "Escape") leave();
    else if (event.key !== "Enter" || event.isComposing) return;
    else if (field.current.value.trim()) {
      add(field.current.value.trim());
      field.current.value = "";
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const onBlur = () => field.current?.value.trim() === "" && (addingTo.value = null);
  return html`
    ${pending.map(
      (each) => html`<div key=${each} class="card pending" aria-busy="true">${each.title}</div>`,
    )}
    ${
      open
        ? html`<input
          ref=${field}
          class="input"
          maxlength="500"
          placeholder="What is to be done?"
          aria-label="Title of a new card in ${lane.name}"
          onKeyDown=${onKeyDown}
          onBlur=${onBlur}
        />`
        : html`<button
          ref=${button}
          type="button"
          class="button quiet lane-add"
          aria-label="Add a card to ${lane.name}"
          onClick=${() => (addingTo.value = lane.status)}
        >
          <${Icon} name="plus" />Add a card
        </button>`
    }
  `;
}
