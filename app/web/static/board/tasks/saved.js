// The saved filters of the person: apply, save, rename, delete.
import { getAll, patch, post, remove } from "../api.js";
import { html, signal, useEffect, useState } from "../lib.js";
import { readAlong } from "../live.js";
import { go } from "../router.js";
import { clearWithSession, me } from "../session.js";
import { confirm, Dialog } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { FormFoot, useForm } from "../ui/form.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { toast, toastError } from "../ui/toast.js";
import { addressOf } from "./query.js";

/** The saved filters, by name. */
export const filters = signal([]);

clearWithSession(() => (filters.value = []));

async function load() {
  filters.value = await getAll("/filters/");
}

const reload = () => load().catch((error) => toastError("Your filters could not be read.", error));

/** Keep the saved filters true; those of another window appear by themselves. */
export function useFilters() {
  useEffect(() => {
    const onMessage = (name) => name.startsWith("filter.") && reload();
    return readAlong(`user:${me.value.id}`, onMessage, reload);
  }, []);
}

function NameDialog({ title, name = "", action, send, onClose }) {
  const form = useForm(async ({ name }) => {
    await send(name);
    onClose();
  });
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form class="stack" onSubmit=${form.submit}>
      <${Field}
        label="Name"
        name="name"
        defaultValue=${name}
        maxlength="100"
        required
        autofocus
        errors=${form.errors.name}
      />
      <${FormFoot} form=${form} action=${action} onClose=${onClose} />
    </form>
  <//>`;
}

async function discard(filter) {
  const text = "The tasks that it shows stay as they are.";
  const title = `Delete the filter “${filter.name}”?`;
  if (!(await confirm({ title, text, action: "Delete" }))) return;
  try {
    await remove(`/filters/${filter.id}/`);
    await load();
    go("tasks");
  } catch (error) {
    toastError("The filter stays.", error);
  }
}

async function update(filter, query) {
  try {
    await patch(`/filters/${filter.id}/`, { query });
    await load();
    toast(`“${filter.name}” shows this now.`);
  } catch (error) {
    toastError("The filter stays as it was.", error);
  }
}

async function saveAs(name, query) {
  const saved = await post("/filters/", { name, query });
  await load();
  go(addressOf(saved));
}

async function rename(filter, name) {
  await patch(`/filters/${filter.id}/`, { name });
  await load();
}

/** The menu of saved filters. `shown` is what is asked for now, `active` the filter it came from. */
export function SavedFilters({ shown, active }) {
  const [asking, setAsking] = useState(null);
  const filter = filters.value.find((each) => each.id === active);
  const items = [
    ...filters.value.map((each) => ({
      label: each.name,
      checked: each.id === active,
      run: () => go(addressOf(each)),
    })),
    Object.keys(shown).length > 0 && { label: "Save what is shown…", run: () => setAsking("save") },
    filter && { label: `Update “${filter.name}” to what is shown`, run: () => update(filter, shown) },
    filter && { label: `Rename “${filter.name}”…`, run: () => setAsking("rename") },
    filter && { label: `Delete “${filter.name}”…`, danger: true, run: () => discard(filter) },
  ].filter(Boolean);
  const close = () => setAsking(null);
  if (items.length === 0) return null;
  return html`
    <${Menu}
      label=${filter ? `Saved filters: ${filter.name}` : "Saved filters"}
      class="button"
      button=${html`<${Icon} name="bookmark" /><span class="cut">${filter?.name || "Saved"}</span>`}
      items=${items}
    />
    ${asking === "save" &&
    html`<${NameDialog}
      title="Save this filter"
      action="Save"
      send=${(name) => saveAs(name, shown)}
      onClose=${close}
    />`}
    ${asking === "rename" &&
    filter &&
    html`<${NameDialog}
      title="Rename the filter"
      name=${filter.name}
      action="Rename"
      send=${(name) => rename(filter, name)}
      onClose=${close}
    />`}
  `;
}
