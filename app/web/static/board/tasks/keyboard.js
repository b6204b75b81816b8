// Going through the list with the keyboard: the focus moves from title to title.
import { useCommands } from "../commands.js";

const links = () => [...document.querySelectorAll(".task-row .task-title a")];

function step(by) {
  const all = links();
  const row = document.activeElement?.closest(".task-row");
  const at = row ? all.indexOf(row.querySelector(".task-title a")) : by > 0 ? -1 : all.length;
  all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
}

const focused = () => Number(document.activeElement?.closest(".task-row")?.dataset.id) || null;

/** The commands of the list; `search` is a ref to its search field. */
export function useListCommands(selection, search) {
  const toggle = (range) => () => focused() !== null && selection.toggle(focused(), range);
  const section = "List of tasks";
  useCommands(
    [
      { id: "next", title: "Next task", section, keys: "j", run: () => step(1), hidden: true },
      { id: "previous", title: "Previous task", section, keys: "k", run: () => step(-1), hidden: true },
      { id: "choose", title: "Choose the task", section, keys: "x", run: toggle(false), hidden: true },
      {
        id: "choose-range",
        title: "Choose up to the task",
        section,
        keys: "X",
        run: toggle(true),
        hidden: true,
      },
      { id: "choose-all", title: "Choose all that are shown", section, keys: "* a", run: selection.all },
      { id: "choose-none", title: "Choose none", section, keys: "* n", run: selection.clear },
      {
        id: "search-list",
        title: "Search in the list",
        section,
        keys: "/",
        run: () => search.current?.focus(),
      },
    ],
    [selection],
  );
}
