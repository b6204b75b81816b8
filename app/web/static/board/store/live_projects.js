// Keeps the projects and boards of the store true, on whatever page one is.
import { effect } from "../lib.js";
import { follow, readAlong } from "../live.js";
import { boardById, boards, loadProjects, projectById, projects } from "./projects.js";

/** More would be too many to follow; of the others one hears when the page is opened again. */
const MOST_FOLLOWED = 40;
const PAUSE_MS = 300;
const ABOUT = /^(project|member|board)\./;

/** Keep the projects true while somebody is signed in; returns how to stop. `failed(error)`. */
export function followProjects(person, failed) {
  const streams = new Map();
  let timer;
  const load = () => loadProjects().catch(failed);
  // What happens to several boards or people at once is one reading.
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(load, PAUSE_MS);
  };
  const onMessage = (name, message) => ABOUT.test(name) && !applied(name, message) && soon();
  const listen = (stream) => streams.set(stream, follow(stream, { onMessage, onResync: soon }));
  const unwatch = effect(() => {
    const wanted = (projects.value || []).slice(0, MOST_FOLLOWED).map((p) => `project:${p.id}`);
    for (const stream of [...streams.keys()].filter((each) => !wanted.includes(each))) {
      streams.get(stream).stop();
      streams.delete(stream);
    }
    wanted.filter((each) => !streams.has(each)).forEach(listen);
  });
  const leave = readAlong(`user:${person}`, onMessage, load);
  return () => {
    clearTimeout(timer);
    unwatch();
    leave();
    streams.forEach((each) => each.stop());
  };
}

/** Take over what a message says; whether that was all there was to do. */
function applied(name, message) {
  if (name === "project.updated") return applyProject(message);
  if (name === "board.updated") return applyBoard(message);
  return false;
}

function applyProject({ project_id: id, version, name, description, ...rest }) {
  const { owner, is_archived, tracks_sla, updated_at } = rest;
  const news = { version, name, description, owner, is_archived, tracks_sla, updated_at };
  if (!projectById.peek().has(id)) return false;
  projects.value = projects
    .peek()
    .map((each) => (each.id === id && each.version < version ? { ...each, ...news } : each));
  return true;
}

function applyBoard({ board_id: id, name, position, updated_at }) {
  if (!boardById.peek().has(id)) return false;
  const place = (board) => [board.project, board.position, board.id];
  const byPlace = (one, other) => place(one).map((p, at) => p - place(other)[at]).find(Boolean);
  boards.value = boards
    .peek()
    .map((each) => (each.id === id ? { ...each, name, position, updated_at } : each))
    .sort(byPlace);
  return true;
}
