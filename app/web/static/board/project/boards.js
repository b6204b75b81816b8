// The boards of a project: their order, and what can be done to them.
import { patch, post, remove } from "../api.js";
import { html, useState } from "../lib.js";
import { boards, loadProjects } from "../store/projects.js";
import { confirm, Dialog } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { FormFoot, useForm } from "../ui/form.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { SortableList } from "../ui/sortable_list.js";
import { toast, toastError } from "../ui/toast.js";
import { BoardSettings } from "./board_settings.js";
import { moved } from "./order.js";

function NewBoard({ project, onClose }) {
  const form = useForm(async ({ name }) => {
    await post("/boards/", { name, project: project.id });
    await loadProjects();
    onClose();
  });
  return html`<${Dialog} title="New board" onClose=${onClose}>
    <form class="stack" onSubmit=${form.submit}>
      <${Field}
        label="Name"
        name="name"
        maxlength="200"
        required
        autofocus
        hint="It comes with five columns, from Backlog to Done; change them in its settings."
        errors=${form.errors.name}
      />
      <${FormFoot} form=${form} action="Create board" onClose=${onClose} />
    </form>
  <//>`;
}

/** Show the new order at once, and the old one again where the service refuses. */
async function reorder(theirs, from, to) {
  const before = boards.value;
  const others = before.filter((each) => !theirs.includes(each));
  const ordered = moved(theirs, from, to).map((each, at) => ({ ...each, position: at + 1 }));
  boards.value = [...others, ...ordered];
  try {
    await patch(`/boards/${theirs[from].id}/`, { position: to + 1 });
  } catch (error) {
    boards.value = before;
    toastError("The order stays as it was.", error);
  }
}

async function discard(board) {
  const title = `Delete “${board.name}”?`;
  const text = "Its columns go with it. A board with tasks cannot be deleted: move them first.";
  if (!(await confirm({ title, text, action: "Delete board" }))) return;
  try {
    await remove(`/boards/${board.id}/`);
    boards.value = boards.value.filter((each) => each.id !== board.id);
    toast(`“${board.name}” is deleted.`);
  } catch (error) {
    toastError(`“${board.name}” stays.`, error);
  }
}

function Board({ board, refused, onSettings }) {
  const items = [
    { label: "Board settings", run: onSettings },
    { label: "Delete board", run: () => discard(board), danger: true, refused },
  ];
  return html`
    <a class="line-name cut" href="#boards/${board.id}">${board.name}</a>
    <span class="grow" />
    <${Menu}
      label="Actions for ${board.name}"
      class="button quiet icon-only"
      button=${html`<${Icon} name="dots" />`}
      items=${items}
    />
  `;
}

/** The section; `refused` says why boards cannot be changed, or is null. */
export function Boards({ project, refused }) {
  const [open, setOpen] = useState(null);
  const theirs = boards.value.filter((each) => each.project === project.id);
  const shown = theirs.find((each) => each.id === open);
  return html`<section class="section" aria-labelledby="boards">
    <div class="section-head">
      <h2 id="boards">Boards</h2>
      ${!refused &&
      html`<button type="button" class="button" onClick=${() => setOpen("new")}>
        <${Icon} name="plus" />New board
      </button>`}
    </div>
    <${SortableList}
      items=${theirs}
      label="Boards"
      disabled=${Boolean(refused) || theirs.length < 2}
      onMove=${(from, to) => reorder(theirs, from, to)}
    >
      ${(board) => html`<${Board}
        board=${board}
        refused=${refused || (theirs.length < 2 ? "It is the only board of the project." : null)}
        onSettings=${() => setOpen(board.id)}
      />`}
    <//>
    ${refused && html`<p class="soft tiny">${refused}</p>`}
    ${open === "new" && html`<${NewBoard} project=${project} onClose=${() => setOpen(null)} />`}
    ${shown &&
    html`<${BoardSettings} board=${shown} refused=${refused} onClose=${() => setOpen(null)} />`}
  </section>`;
}
