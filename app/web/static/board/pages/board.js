// The board: columns of cards that can be moved by mouse, finger and keyboard, live.
import { carried, current, onCardKey, said, withCarried } from "../board/carry.js";
import { frozen } from "../board/drag.js";
import { FilterBar } from "../board/filter_bar.js";
import { asked, isActive, passes, read, toggled, write } from "../board/filters.js";
import { useGlide } from "../board/glide.js";
import { Lane } from "../board/lane.js";
import { Present, useBoard } from "../board/live.js";
import { between, move, standing } from "../board/moves.js";
import { addingTo } from "../board/quick_add.js";
import { useCommands } from "../commands.js";
import { html, useEffect, useMemo, useRef } from "../lib.js";
import { go, route } from "../router.js";
import { me } from "../session.js";
import { Head } from "../shell/head.js";
import { useMembers } from "../store/members.js";
import { projectById } from "../store/projects.js";
import { tasks } from "../store/tasks.js";
import { Empty } from "../ui/empty.js";
import { Icon } from "../ui/icon.js";
import { Problem } from "../ui/problem.js";
import { toastError } from "../ui/toast.js";
import { counted } from "../ui/words.js";

const PAUSE_MS = 250;
const SECTION = "Board";

const onCard = () => document.activeElement?.closest(".card")?.dataset.id;

function useBoardCommands({ id, filters, view, canWrite }) {
  const mine = () => write(id, toggled(filters, "me"));
  const create = () => (addingTo.value = view.columns[0].status);
  const open = () => onCard() && go(`tasks/${onCard()}`);
  useCommands(
    [
      canWrite && { id: "card", title: "Add a card", section: SECTION, keys: "c", run: create },
      { id: "filter", title: "Filter the cards", section: SECTION, keys: "/", run: focusFilter },
      { id: "mine", title: "Only my cards, or all", section: SECTION, keys: "m", run: mine },
      { id: "open", title: "Open the card", section: SECTION, keys: "e", run: open },
    ].filter(Boolean),
    [id, filters, view?.columns[0].status, canWrite],
  );
}

const focusFilter = () => document.getElementById("board-filter")?.focus();

/** What stands for the columns while they are read. */
function Loading() {
  return html`<div class="board" role="status" aria-label="Loading the board">
    ${[3, 4, 2, 1].map(
      (cards, at) => html`<div key=${at} class="lane">
        ${Array.from(
          { length: cards },
          (_, each) => html`<div key=${each} class="skeleton card-skeleton" />`,
        )}
      </div>`,
    )}
  </div>`;
}

function Missing({ error, onRetry }) {
  if (error.status !== 404) {
    const title = "The board could not be read";
    return html`<${Problem} title=${title} error=${error} onRetry=${onRetry} />`;
  }
  return html`<${Empty}
    icon="lock"
    title="There is no such board for you"
    text="It was deleted, or you are not a member of its project."
  >
    <a class="button" href="#projects">Go to your projects</a>
  <//>`;
}

function Locked() {
  return html`<p class="board-locked">
    <${Icon} name="lock" />The project is archived: the board can be read, not changed.
  </p>`;
}

/** How each card that stands out looks. */
function looksOf(open) {
  const looks = new Map();
  if (open !== null) looks.set(open, "open");
  if (carried.value) looks.set(carried.value.id, "carried");
  return looks;
}

function Lanes({ board, filters, canWrite }) {
  const frame = useRef(null);
  const drawn = useRef([]);
  const last = useRef({});
  const all = isActive(filters) ? board.allLanes.value : board.lanes.value;
  const visible = useMemo(
    () =>
      isActive(filters)
        ? all.map((lane) => ({
            ...lane,
            tasks: lane.tasks.filter((task) => passes(task, filters)),
          }))
        : all,
    [all, filters],
  );
  const lanes = frozen.value || withCarried(visible, tasks.value);
  const still =
    last.current.frozen || frozen.value || carried.value || last.current.filters !== filters;
  useGlide(frame, lanes, still);
  drawn.current = lanes;
  last.current = { frozen: frozen.value, filters };

  const drop = (id, place) => {
    const home = all.find((lane) => lane.tasks.some((task) => task.id === id));
    if (home) move(board, id, place, standing(home, id));
  };
  const onDrop = (id, status, ids, index) => drop(id, between(status, ids, index));
  const keys = (event) =>
    onCardKey(event, { lanes: drawn.current, canMove: canWrite, onDrop: drop });

  const ids = lanes.flatMap((lane) => lane.tasks.map((task) => task.id));
  const first = ids.includes(current.value) ? current.value : ids[0];
  const looks = looksOf(route.value.page === "task" ? route.value.id : null);
  return html`<div class="board" ref=${frame} onKeyDown=${keys}>
    ${lanes.map(
      (lane) => html`<${Lane}
        key=${lane.id}
        board=${board}
        lane=${lane}
        filtered=${isActive(filters)}
        first=${first}
        looks=${looks}
        canWrite=${canWrite}
        lanes=${() => drawn.current}
        onDrop=${onDrop}
      />`,
    )}
    <p id="card-help" class="hidden-visually">
      ${canWrite ? "Space picks the card up, arrow keys move it. " : ""}Enter opens it.
    </p>
    <p class="hidden-visually" aria-live="assertive">${said.value}</p>
  </div>`;
}

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
      frozen.value = null;
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
