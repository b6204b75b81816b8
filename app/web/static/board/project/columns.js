// The columns of a board as they can be changed: name, status, limit, order.
import { get, patch, post, remove } from "../api.js";
import { html, useEffect, useState } from "../lib.js";
import { readAlong } from "../live.js";
import { IconButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { Skeleton } from "../ui/empty.js";
import { useForm } from "../ui/form.js";
import { SortableList } from "../ui/sortable_list.js";
import { toastError } from "../ui/toast.js";
import { STATUSES } from "../ui/words.js";
import { moved } from "./order.js";

/** The columns of a board, live; null until they are read. */
function useColumns(board) {
  const [columns, setColumns] = useState(null);
  useEffect(() => {
    const read = () =>
      get(`/boards/${board.id}/columns/`).then(setColumns, (error) =>
        toastError("The columns could not be read.", error),
      );
    const onMessage = (name, message) => {
      if (name === "board.updated" && message.board_id === board.id) setColumns(message.columns);
    };
    return readAlong(`project:${board.project}`, onMessage, read);
  }, [board.id]);
  return [columns, setColumns];
}

function StatusSelect({ label, value, taken, ...rest }) {
  const free = Object.keys(STATUSES).filter((each) => each === value || !taken.includes(each));
  return html`<select class="input" aria-label=${label} name="status" ...${rest}>
    ${free.map(
      (each) => html`<option key=${each} value=${each} selected=${each === value}>
        ${STATUSES[each]}
      </option>`,
    )}
  </select>`;
}

/** The limit in a field: null where it is empty. */
const limitIn = ({ value }) => (value === "" ? null : Number(value));

function Column({ column, taken, refused, onChange, onDelete }) {
  const [error, setError] = useState(null);
  const change = (values) =>
    onChange(column, values).then(
      () => setError(null),
      (failed) => setError(Object.values(failed.errors).flat()[0] || failed.message),
    );
  const locked = Boolean(refused);
  return html`<div class="column-fields">
    <input
      class="input"
      aria-label="Name of the column ${column.name}"
      value=${column.name}
      maxlength="100"
      disabled=${locked}
      onChange=${(event) => change({ name: event.target.value })}
    />
    <${StatusSelect}
      label="Status of the column ${column.name}"
      value=${column.status}
      taken=${taken}
      disabled=${locked}
      onChange=${(event) => change({ status: event.target.value })}
    />
    <input
      class="input"
      type="number"
      min="1"
      max="10000"
      placeholder="No limit"
      aria-label="At most so many tasks in ${column.name}"
      value=${column.wip_limit ?? ""}
      disabled=${locked}
      onChange=${(event) => change({ wip_limit: limitIn(event.target) })}
    />
    ${!locked &&
    html`<${IconButton}
      icon="trash"
      label="Delete the column ${column.name}"
      onClick=${onDelete}
    />`}
    ${error && html`<span class="field-error" role="alert">${error}</span>`}
  </div>`;
}

function AddColumn({ board, taken, onAdded }) {
  const form = useForm(async (values) => {
    const wip_limit = limitIn({ value: values.wip_limit });
    onAdded(await post(`/boards/${board.id}/columns/`, { ...values, wip_limit }));
  });
  const wrong = Object.values(form.errors).flat()[0] || form.problem;
  if (taken.length === Object.keys(STATUSES).length) {
    return html`<p class="soft tiny">Each status has its column; there are no others.</p>`;
  }
  return html`<form key=${taken.length} onSubmit=${form.submit}>
    <div class="column-fields">
      <input
        class="input"
        name="name"
        placeholder="New column"
        aria-label="Name of a new column"
        maxlength="100"
        required
      />
      <${StatusSelect} label="Status of the new column" taken=${taken} />
      <input
        class="input"
        name="wip_limit"
        type="number"
        min="1"
        max="10000"
        placeholder="No limit"
        aria-label="At most so many tasks in the new column"
      />
      <button class="button" disabled=${form.busy}>Add</button>
    </div>
    ${wrong && html`<span class="field-error" role="alert">${wrong}</span>`}
  </form>`;
}

function useColumnChanges(board, columns, setColumns) {
  const path = (column) => `/boards/${board.id}/columns/${column.id}/`;
  const replace = (found) =>
    setColumns((all) => all.map((each) => (each.id === found.id ? found : each)));
  const change = async (column, values) => {
    try {
      replace(await patch(path(column), values));
    } catch (error) {
      // The fields show again what is so.
      replace({ ...column });
      throw error;
    }
  };
  const move = async (from, to) => {
    setColumns(moved(columns, from, to));
    try {
      await patch(path(columns[from]), { position: to + 1 });
    } catch (error) {
      setColumns(columns);
      toastError("The order stays as it was.", error);
    }
  };
  const discard = async (column) => {
    const title = `Delete the column “${column.name}”?`;
    const text = "Its tasks stay as they are, but this board does not show them any more.";
    if (!(await confirm({ title, text, action: "Delete column" }))) return;
    try {
      await remove(path(column));
      setColumns((all) => all.filter((each) => each.id !== column.id));
    } catch (error) {
      toastError("The column stays.", error);
    }
  };
  return { change, move, discard };
}

/** The columns; `refused` says why they cannot be changed, or is null. */
export function Columns({ board, refused }) {
  const [columns, setColumns] = useColumns(board);
  const changes = useColumnChanges(board, columns, setColumns);
  if (columns === null) return html`<${Skeleton} lines=${5} />`;
  const taken = columns.map((each) => each.status);
  return html`
    <div class="column-fields column-heads soft tiny" aria-hidden="true">
      <span>Name</span><span>Status</span><span>At most</span>
    </div>
    <${SortableList}
      items=${columns}
      label="Columns"
      disabled=${Boolean(refused)}
      onMove=${changes.move}
    >
      ${(column) => html`<${Column}
        column=${column}
        taken=${taken}
        refused=${refused}
        onChange=${changes.change}
        onDelete=${() => changes.discard(column)}
      />`}
    <//>
    ${refused
      ? html`<p class="soft tiny">${refused}</p>`
      : html`<${AddColumn}
          board=${board}
          taken=${taken}
          onAdded=${(column) =>
            setColumns((all) => [...all.filter((each) => each.id !== column.id), column])}
        />`}
  `;
}
