// The board: columns of cards that can be moved by mouse, finger and keyboard, live.
import { carried, current } from "../board/carry.js";
import { dragging } from "../board/drag.js";
import { FilterBar } from "../board/filter_bar.js";
import { asked, isActive, passes, read, toggled, write } from "../board/filters.js";
import { Loading, Locked, Missing } from "../board/frame.js";
import { Lanes } from "../board/lanes.js";
import { Present, useBoard } from "../board/live.js";
import { addingTo } from "../board/quick_add.js";
import { useCommands } from "../commands.js";
import { html, useEffect, useMemo } from "../lib.js";
import { go } from "../router.js";
import { me } from "../session.js";
import { Head } from "../shell/head.js";
import { useMembers } from "../store/members.js";
import { projectById } from "../store/projects.js";
import { toastError } from "../ui/toast.js";
import { counted } from "../ui/words.js";

const PAUSE_MS = 250;
const SECTION = "Board";

const onCard = () => document.activeElement?.closest(".card")?.dataset.id;

function useBoardCommands({ id, filters, view, canWrite }) {
  const mine = () => write(id, toggled(filters, "me"));
  const first = view?.columns[0]?.status;
  const create = () => (addingTo.value = first);
  const open = () => onCard() && go(`tasks/${onCard()}`);
  useCommands(
    [
      canWrite && first && { id: "card", title: "Add a card", section: SECTION, keys: "c", run: create },
      { id: "filter", title: "Filter the cards", section: SECTION, keys: "/", run: focusFilter },
      { id: "mine", title: "Only my cards, or all", section: SECTION, keys: "m", run: mine },
      { id: "open", title: "Open the card", section: SECTION, keys: "e", run: open },
      // The card itself heeds this one; it is here for the list of shortcuts.
      canWrite && { id: "carry", title: "Carry the card with the arrow keys", section: SECTION, keys: "Space", hidden: true },
    ].filter(Boolean),
    [id, filters, first, canWrite],
  );
}

const focusFilter = () => document.getElementById("board-filter")?.focus();

/** What the filter leaves, in words. */
function matching(lanes, filters) {
  const cards = lanes.flatMap((lane) => lane.tasks);
  const found = cards.filter((task) => passes(task, filters)).length;
  const all = lanes.reduce((sum, lane) => sum + lane.count, 0);
  return found ? `${found} of ${counted(all, "card")}` : "No card matches";
}

/** A filter is for the whole board, so what of it was not read is sought as well. */
function useSought(board, filters, isRead) {
  useEffect(() => {
    if (!isRead || !isActive(filters)) return undefined;
    const stop = new AbortController();
    const seek = () =>
      board.seek(asked(filters), { signal: stop.signal }).catch((error) => {
        if (error.name !== "AbortError") toastError("Not all cards could be searched.", error);
      });
    const pause = setTimeout(seek, PAUSE_MS);
    return () => {
      clearTimeout(pause);
      stop.abort();
    };
  }, [board, filters, isRead]);
}

function useLeaving() {
  useEffect(
    () => () => {
      carried.value = null;
      current.value = null;
      addingTo.value = null;
      dragging.value = false;
    },
    [],
  );
}

/** A board goes by the name of its project as well: many are called "Board". */
function titleOf(view) {
  if (!view) return "Board";
  const project = projectById.value.get(view.project);
  return project ? `${project.name} / ${view.name}` : view.name;
}

/** The page of a board. */
export function BoardPage({ id, query }) {
  const board = useBoard(id);
  const filters = useMemo(() => read(query), [query]);
  const view = board.view.value;
  const members = useMembers(view?.project);
  const canWrite = Boolean(view && !view.is_archived && (view.role || me.value.role === "ADMIN"));
  useBoardCommands({ id, filters, view, canWrite });
  useSought(board, filters, Boolean(view));
  useLeaving();
  const problem = board.problem.value;
  const gone = problem && (problem.status === 404 || !view);
  return html`
    <${Head} title=${titleOf(view)}><span class="spread"></span><${Present} /><//>
    ${gone && html`<${Missing} error=${problem} onRetry=${() => board.load()} />`}
    ${!gone && !view && html`<${Loading} />`}
    ${
      !gone &&
      view &&
      html`
      ${view.is_archived && html`<${Locked} />`}
      <${FilterBar}
        filters=${filters}
        members=${members}
        matching=${isActive(filters) && matching(board.allLanes.value, filters)}
        onChange=${(next) => write(id, next)}
      />
      <${Lanes} board=${board} filters=${filters} canWrite=${canWrite} />
    `
    }
  `;
}
