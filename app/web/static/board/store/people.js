// The people one shares a project with, for lists to choose from.
import { get } from "../api.js";
import { signal } from "../lib.js";
import { clearWithSession } from "../session.js";
import { remember } from "./projects.js";

const AT_ONCE = 100;

const NOBODY = { all: [], known: false };

/** The people to choose from: `{all, known}`; `known` says whether these are all there are. */
export const choices = signal(NOBODY);

let isRead = false;

clearWithSession(() => {
  choices.value = NOBODY;
  isRead = false;
});

/** Read the first people, once. Throws ApiError. */
export async function loadPeople() {
  if (isRead) return;
  isRead = true;
  try {
    choices.value = await findPeople("");
  } catch (error) {
    isRead = false;
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
