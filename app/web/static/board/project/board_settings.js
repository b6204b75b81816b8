// The settings of a board: its name and its columns.
import { patch } from "../api.js";
import { html } from "../lib.js";
import { Dialog } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { useForm } from "../ui/form.js";
import { Columns } from "./columns.js";

function Name({ board, refused }) {
  const form = useForm(({ name }) => patch(`/boards/${board.id}/`, { name }));
  return html`<form class="row top" onSubmit=${form.submit}>
    <div class="grow">
      <${Field}
        label="Name"
        name="name"
        defaultValue=${board.name}
        maxlength="200"
        required
        disabled=${Boolean(refused)}
        errors=${form.errors.name || form.problem}
      />
    </div>
    ${!refused && html`<button class="button below-label" disabled=${form.busy}>Rename</button>`}
  </form>`;
}

/** The dialog; `refused` says why the board cannot be changed, or is null. */
export function BoardSettings({ board, refused, onClose }) {
  return html`<${Dialog} title="Settings of “${board.name}”" class="wide" onClose=${onClose}>
    <div class="stack">
      <${Name} board=${board} refused=${refused} />
      <section class="section" aria-labelledby="columns">
        <h3 id="columns">Columns</h3>
        <p class="soft tiny">
          A column shows the tasks of the board that have its status. Where it is full, only
          managers may put another one into it.
        </p>
        <${Columns} board=${board} refused=${refused} />
      </section>
    </div>
  <//>`;
}
