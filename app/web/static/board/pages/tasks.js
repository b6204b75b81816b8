import { html, useEffect, useMemo, useRef } from "../lib.js";
import { paletteOpen } from "../palette/palette.js";
import { replace } from "../router.js";
import { Head } from "../shell/head.js";
import { loadPeople } from "../store/people.js";
import { BulkBar } from "../tasks/bulk.js";
import { chipNames, Chips } from "../tasks/chips.js";
import { useListCommands } from "../tasks/keyboard.js";
import { useTaskList } from "../tasks/list.js";
import { Narrowing } from "../tasks/narrowing.js";
import { asked, ORDERS, read, VIEWS, write } from "../tasks/query.js";
import { Rows } from "../tasks/rows.js";
import { filters, SavedFilters, useFilters } from "../tasks/saved.js";
import { useSelection } from "../tasks/selection.js";
import { IconButton } from "../ui/button.js";
import { save } from "../ui/download.js";
import { Empty, Skeleton } from "../ui/empty.js";
import { Problem } from "../ui/problem.js";
import { SearchField } from "../ui/search_field.js";
import { toastError } from "../ui/toast.js";
import { counted } from "../ui/words.js";

function Views({ shown }) {
  const current = shown.saved ? null : shown.view;
  return html`<nav class="views" aria-label="Views">
    ${Object.entries(VIEWS).map(
      ([view, { title }]) => html`<a
        key=${view}
        class="view"
        href="#${write({ view, own: {} })}"
        aria-current=${view === current ? "page" : undefined}
      >
        ${title}
      </a>`,
    )}
  </nav>`;
}

function Order({ own, onChange }) {
  const orders = own.search ? { "": "Best match first", ...ORDERS } : ORDERS;
  const known = own.ordering && !(own.ordering in orders) ? { [own.ordering]: own.ordering } : {};
  return html`<select
    class="input tasks-order"
    aria-label="Order"
    value=${own.ordering || Object.keys(orders)[0]}
    onChange=${(event) => onChange("ordering", event.target.value)}
  >
    ${Object.entries({ ...orders, ...known }).map(
      ([value, title]) => html`<option key=${value} value=${value}>${title}</option>`,
    )}
  </select>`;
}

function exportShown(query) {
  save("/tasks/export/", { query, name: "tasks.csv" }).catch((error) =>
    toastError("The tasks were not exported.", error),
  );
}

const EMPTY_TEXTS = {
  mine: ["Nothing is waiting for you", "Open tasks that are assigned to you appear here."],
  reported: ["You have reported no open tasks", "Tasks that you create appear here until they are done."],
  overdue: ["Nothing is overdue", "Open tasks past their due date would be listed here."],
  all: ["There are no tasks yet", "Create the first one, or ask to be added to a project."],
};

/** What is typed into the palette can become a task. */
const create = () => (paletteOpen.value = true);

function Nothing({ shown, onClear }) {
  if (chipNames(shown.own).length || shown.own.search) {
    return html`<${Empty} icon="filter" title="No task answers to this" text="Take a filter off, or search for less.">
      <button type="button" class="button" onClick=${onClear}>Clear search and filters</button>
    <//>`;
  }
  const [title, text] = EMPTY_TEXTS[shown.view];
  return html`<${Empty} icon="list" title=${title} text=${text}>
    ${shown.view === "all" || shown.view === "reported"
      ? html`<button type="button" class="button" onClick=${create}>Create a task</button>`
      : html`<a class="button" href="#${write({ view: "all", own: {} })}">Show all tasks</a>`}
  <//>`;
}

function Body({ list, selection, shown, onClear }) {
  if (list.error && list.tasks.length === 0) {
    return html`<${Problem} title="The tasks could not be read" error=${list.error} onRetry=${list.reload}>
      <a class="button quiet" href="#tasks">Show your own tasks</a>
    <//>`;
  }
  if (list.tasks.length > 0) return html`<${Rows} list=${list} selection=${selection} />`;
  if (list.busy) return html`<div class="tasks-more"><${Skeleton} lines=${10} height=${24} /></div>`;
  return html`<${Nothing} shown=${shown} onClear=${onClear} />`;
}

function Fresh({ number, onShow }) {
  if (number === 0) return null;
  return html`<div class="fresh" role="status">
    ${number === 1 ? "A task has come in" : `${counted(number, "task")} have come in`}
    <button type="button" class="button quiet" onClick=${onShow}>Show</button>
  </div>`;
}

/** What the address says, and how it is changed. */
function useShown(text) {
  const shown = useMemo(() => read(text), [text]);
  const narrow = (own) => replace(write({ ...shown, own }));
  const set = (name, value) => narrow({ ...shown.own, [name]: value });
  const clear = () => narrow(shown.own.ordering ? { ordering: shown.own.ordering } : {});
  return { shown, set, clear };
}

/** The list of all tasks that one may see, narrowed by the address. */
export function TasksPage({ query: text }) {
  const { shown, set, clear } = useShown(text);
  const query = asked(shown);
  const list = useTaskList(query);
  const selection = useSelection(list.tasks);
  const search = useRef(null);
  useFilters();
  useListCommands(selection, search);
  useEffect(() => {
    loadPeople().catch(() => {});
  }, []);
  const saved = filters.value.find((each) => each.id === shown.saved);
  return html`
    <${Head} title=${saved?.name || "Tasks"}>
      <span class="soft tasks-count" role="status">
        ${(list.busy || list.error) && !list.tasks.length ? "" : counted(list.count, "task")}
      </span>
      <span class="spread row">
        <${IconButton} icon="download" label="Export as CSV" onClick=${() => exportShown(query)} />
        <button type="button" class="button primary" onClick=${create}>New task</button>
      </span>
    <//>
    <div class="tasks-bar">
      <${Views} shown=${shown} />
      <div class="tasks-tools">
        <${SearchField}
          aria-label="Search in the list"
          placeholder="Search"
          field=${search}
          text=${shown.own.search || ""}
          onSearch=${(typed) => set("search", typed)}
        />
        <${Narrowing} own=${shown.own} onChange=${set} />
        <${Order} own=${shown.own} onChange=${set} />
        <${SavedFilters} shown=${query} active=${shown.saved} />
      </div>
      <${Chips} own=${shown.own} onRemove=${(name) => set(name, "")} onClear=${clear} />
    </div>
    <div class="content flush">
      <${Fresh} number=${list.fresh.size} onShow=${list.reload} />
      <${Body} list=${list} selection=${selection} shown=${shown} onClear=${clear} />
    </div>
    ${selection.ids.size > 0 &&
    html`<${BulkBar}
      ids=${selection.ids}
      onChanged=${list.change}
      onRemoved=${list.drop}
      onRestored=${list.reload}
      onClear=${selection.clear}
    />`}
  `;
}
