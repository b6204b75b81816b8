// The people one shares a project with, for lists to choose from.
import { get } from "../api.js";
import { signal } from "../lib.js";
import { me } from "../session.js";
import { remember } from "./projects.js";

const AT_ONCE = 100;

/** The people to choose from: `{all, known}`; `known` says whether these are all there are. */
export const choices = signal({ all: [], known: false });

let reader = null;

/** Read the first people, once for whoever is signed in. Throws ApiError. */
export async function loadPeople() {
  if (reader === me.value.id) return;
  reader = me.value.id;
  try {
    choices.value = await findPeople("");
  } catch (error) {
    reader = null;
    throw error;
  }
}

/** The people whose name holds `text`, as `{all, known}`. */
export async function findPeople(text, options) {
  const query = { search: text, page_size: AT_ONCE };
  const { results, next } = await get("/users/", query, options);
  remember(results);
  return { all: results, known: next === null };
}
