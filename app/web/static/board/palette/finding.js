// The entries of the palette: `{id, icon, title, detail, keys, run, score}` in sections.
import { get, post, remove } from "../api.js";
import { commands } from "../commands.js";
import { useEffect, useState } from "../lib.js";
import { go, route } from "../router.js";
import { boardById, boards, projectById, projects } from "../store/projects.js";
import { toast, toastError } from "../ui/toast.js";
import { STATUSES } from "../ui/words.js";
import { ordered, ranked } from "./ranking.js";
import { recent } from "./recent.js";

const PAUSE_MS = 250;
const TASKS = 8;
const OTHERS = 5;
// What the full-text search found stands below a name that begins like what was typed.
const FOUND = 2.5;

/** A task as an entry. */
function taskEntry(task) {
  const project = projectById.value.get(task.project)?.name;
  return {
    id: `task-${task.id}`,
    status: task.status,
    title: task.title,
    detail: [`#${task.id}`, project, STATUSES[task.status]].filter(Boolean).join(" · "),
    run: () => go(`tasks/${task.id}`),
    score: FOUND,
  };
}

const projectEntry = (project) => ({
  id: `project-${project.id}`,
  icon: "folder",
  title: project.name,
  detail: project.is_archived ? "Archived project" : "Project",
  run: () => go(`projects/${project.id}`),
});

const boardEntry = (board) => ({
  id: `board-${board.id}`,
  icon: "board",
  title: board.name,
  detail: projectById.value.get(board.project)?.name,
  run: () => go(`boards/${board.id}`),
});

function commandEntries() {
  const offered = commands.value.filter((each) => !each.hidden && each.id !== "palette");
  return offered.map((each) => ({ ...each, id: `command-${each.id}`, icon: "arrow", detail: "" }));
}

/** The board on which a new task is put: that which is looked at, else the project's first. */
function boardHere() {
  const { page, id } = route.value;
  if (page === "board") return boardById.value.get(id);
  if (page === "project") return boards.value.find((each) => each.project === id);
  return undefined;
}

async function create(title, board) {
  try {
    const task = await post("/tasks/", { title, board: board?.id ?? null });
    const undo = () =>
      remove(`/tasks/${task.id}/`).catch((error) => toastError("The task stays.", error));
    toast(`Created “${task.title}”.`, { undo });
    go(`tasks/${task.id}`);
  } catch (error) {
    const action = { label: "Try again", run: () => create(title, board) };
    toastError(`“${title}” was not created.`, error, { action });
  }
}

function createEntry(title) {
  const board = boardHere();
  return {
    id: "create",
    icon: "plus",
    title: `Create task “${title}”`,
    detail: board ? `On ${board.name}` : "In no project",
    run: () => create(title, board),
    score: 0,
  };
}

/** The tasks that answer to what was typed; a number is an id as well. */
async function findTasks(typed, signal) {
  const number = typed.match(/^#?(\d{1,18})$/)?.[1];
  const asked = [get("/tasks/", { search: typed, page_size: TASKS }, { signal })];
  if (number && Number(number) > 0) asked.unshift(get("/tasks/", { id: number }, { signal }));
  const pages = await Promise.all(asked);
  const found = new Map(pages.flatMap((page) => page.results).map((task) => [task.id, task]));
  return [...found.values()];
}

async function recentTasks(signal) {
  const ids = recent().filter((each) => each.page === "task").map((each) => each.id);
  return ids.length ? (await get("/tasks/", { id: ids }, { signal })).results : [];
}

/** The tasks for what is typed, a pause after the last key: `{tasks, busy, problem}`. */
export function useTasks(typed) {
  const [state, setState] = useState({ tasks: [], busy: true, problem: null });
  useEffect(() => {
    const abort = new AbortController();
    const search = async () => {
      try {
        const found = typed ? findTasks(typed, abort.signal) : recentTasks(abort.signal);
        setState({ tasks: await found, busy: false, problem: null });
      } catch (error) {
        if (error.name === "AbortError") return;
        // What is no search (a lone minus) finds nothing; anything else is worth a word.
        setState({ tasks: [], busy: false, problem: error.status === 422 ? null : error.message });
      }
    };
    setState((state) => ({ ...state, busy: true }));
    const timer = setTimeout(search, typed ? PAUSE_MS : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [typed]);
  return state;
}

function recentEntries(tasks) {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const kinds = {
    task: [byId, taskEntry],
    board: [boardById.value, boardEntry],
    project: [projectById.value, projectEntry],
  };
  return recent().flatMap(({ page, id }) => {
    const [known, entry] = kinds[page];
    return known.has(id) ? [entry(known.get(id))] : [];
  });
}

/** The sections of the palette for what is typed; `tasks` are those that the service found. */
export function sectionsFor(typed, tasks) {
  if (!typed) {
    return [
      { title: "Recent", entries: recentEntries(tasks) },
      { title: "Commands", entries: commandEntries() },
    ].filter(({ entries }) => entries.length > 0);
  }
  const places = [...(projects.value || []).map(projectEntry), ...boards.value.map(boardEntry)];
  const found = ordered([
    { title: "Tasks", entries: tasks.map(taskEntry) },
    { title: "Projects and boards", entries: ranked(places, typed, OTHERS) },
    { title: "Commands", entries: ranked(commandEntries(), typed, OTHERS) },
  ]);
  return [...found, { title: "New", entries: [createEntry(typed)] }];
}
