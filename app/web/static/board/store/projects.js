// The projects of the person, their boards, and the names of the people one shares them with.
import { get, getAll } from "../api.js";
import { batch, computed, signal } from "../lib.js";
import { clearWithSession } from "../session.js";

/** The projects as the API shows them; null until they are read. */
export const projects = signal(null);

/** The boards of all of them, in the order of each project. */
export const boards = signal([]);

/** Names by user id: `{id, username, first_name, last_name}`. */
export const people = signal(new Map());

clearWithSession(() =>
  batch(() => {
    projects.value = null;
    boards.value = [];
    people.value = new Map();
  }),
);

export const projectById = computed(() => new Map((projects.value || []).map((p) => [p.id, p])));
export const boardById = computed(() => new Map(boards.value.map((b) => [b.id, b])));

/** Read the projects and boards anew. Throws ApiError. */
export async function loadProjects() {
  const [found, theirs] = await Promise.all([getAll("/projects/"), getAll("/boards/")]);
  batch(() => {
    projects.value = found;
    boards.value = theirs;
  });
}

/** Keep the names of people that came with something else. */
export function remember(found) {
  people.value = new Map([...people.value, ...found.map((each) => [each.id, each])]);
}

/** See that the name of a person is known; who cannot be seen any more has none. */
export async function learn(id) {
  if (!id || people.value.has(id)) return;
  remember([{ id, username: `#${id}` }]);
  remember([await get(`/users/${id}/`).catch(() => ({ id, username: "somebody" }))]);
}

