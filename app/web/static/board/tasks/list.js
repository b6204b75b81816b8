// The list of tasks that a query asks for, page by page, kept true by the socket.
import { get } from "../api.js";
import { useEffect, useRef, useState } from "../lib.js";
import { follow } from "../live.js";
import { me } from "../session.js";
import { projects } from "../store/projects.js";
import { taskOf } from "../store/tasks.js";
import { matches } from "./matching.js";

const PAGE = 50;
// A connection may follow a hundred streams, and open pages follow some as well.
const STREAMS = 40;
const FOLLOWED_MS = 400;

const EMPTY = { tasks: [], count: 0, next: null, fresh: new Set(), busy: true, error: null };

const cursorOf = (next) => next && new URL(next).searchParams.get("cursor");
const newer = (one, other) => (other && other.version > one.version ? { ...one, ...other } : one);

/** The list after a message: rows change in place, what would be new is only counted. */
function applied(state, message, query) {
  const at = state.tasks.findIndex((task) => task.id === message.task_id);
  const fresh = new Set(state.fresh);
  fresh.delete(message.task_id);
  if (message.action === "deleted") {
    const tasks = state.tasks.filter((task) => task.id !== message.task_id);
    return { ...state, tasks, fresh, count: state.count - (at < 0 ? 0 : 1) };
  }
  if (at < 0) {
    if (matches(taskOf(message), query, me.value.id)) fresh.add(message.task_id);
    return { ...state, fresh };
  }
  const known = state.tasks[at];
  return { ...state, tasks: state.tasks.with(at, newer(known, taskOf(message))) };
}

/**
 * Follow all that tells of tasks that one may see; `heard` gets each message about a task.
 *
 * `onReady` is called once: what is read from then on, together with the messages, is complete.
 */
export function useTaskMessages(heard, { onResync, onReady }) {
  const latest = useRef();
  latest.current = { heard, onResync, onReady };
  const known = projects.value !== null;
  const ids = (projects.value || []).filter((each) => !each.is_archived).map((each) => each.id);
  const streams = [`user:${me.value.id}`, ...ids.slice(0, STREAMS).map((id) => `project:${id}`)];
  useEffect(() => {
    const handlers = {
      onMessage: (name, message) => name.startsWith("task.") && latest.current.heard(message),
      onResync: () => latest.current.onResync(),
    };
    const following = streams.map((stream) => follow(stream, handlers));
    let stopped = false;
    Promise.all(following.map((each) => each.ready)).then(() => {
      if (known && !stopped) latest.current.onReady?.();
    });
    return () => {
      stopped = true;
      following.forEach((each) => each.stop());
    };
  }, [streams.join(), known]);
}

/**
 * The list for `query` (parameters of the API): its state, and what can be done with it.
 *
 * `fresh` are ids of tasks that came to match since; `reload()` takes them in, `more()` reads the
 * next page, `change(tasks)` puts in what the page itself has changed, `drop(ids)` takes out.
 */
export function useTaskList(query) {
  const [state, setState] = useState(EMPTY);
  const reading = useRef(null);
  const told = useRef(new Map());
  const key = JSON.stringify(query);

  const read = async (cursor) => {
    reading.current?.abort();
    const abort = (reading.current = new AbortController());
    told.current = new Map();
    setState((state) => ({ ...state, busy: true, error: null }));
    try {
      const page = await get("/tasks/", { ...query, page_size: PAGE, cursor }, abort);
      const tasks = page.results.flatMap((task) => {
        const later = told.current.get(task.id);
        return later?.action === "deleted" ? [] : [newer(task, later && taskOf(later))];
      });
      setState((state) => joined(cursor ? state : EMPTY, tasks, page));
    } catch (error) {
      if (error.name !== "AbortError") setState((state) => ({ ...state, busy: false, error }));
    } finally {
      if (reading.current === abort) reading.current = null;
    }
  };
  // Undoing may come when something else is listed.
  const latest = useRef(null);
  latest.current = read;
  const heard = (message) => {
    if (reading.current) told.current.set(message.task_id, message);
    setState((state) => applied(state, message, query));
  };
  const followed = useRef(false);
  const onReady = () => {
    if (!followed.current) read(null);
    followed.current = true;
  };
  useTaskMessages(heard, { onResync: () => read(null), onReady });
  useEffect(() => {
    setState(EMPTY);
    // What is read before the streams are followed is read again; without a line it has to do.
    const timer = setTimeout(read, followed.current ? 0 : FOLLOWED_MS, null);
    return () => {
      clearTimeout(timer);
      reading.current?.abort();
    };
  }, [key]);
  return {
    ...state,
    reload: () => latest.current(null),
    more: () => state.next && !state.busy && read(state.next),
    change: (changed) => setState((state) => changedIn(state, changed)),
    drop: (ids) => setState((state) => dropped(state, ids)),
  };
}

function joined(state, tasks, page) {
  const known = new Set(state.tasks.map((task) => task.id));
  return {
    tasks: [...state.tasks, ...tasks.filter((task) => !known.has(task.id))],
    count: page.count,
    next: cursorOf(page.next),
    fresh: new Set([...state.fresh].filter((id) => !tasks.some((task) => task.id === id))),
    busy: false,
    error: null,
  };
}

function changedIn(state, changed) {
  const byId = new Map(changed.map((task) => [task.id, task]));
  return { ...state, tasks: state.tasks.map((task) => newer(task, byId.get(task.id))) };
}

function dropped(state, ids) {
  const tasks = state.tasks.filter((task) => !ids.has(task.id));
  return { ...state, tasks, count: state.count - (state.tasks.length - tasks.length) };
}
