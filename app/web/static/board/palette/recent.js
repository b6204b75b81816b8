// What was opened last, on this device, for the palette to offer when nothing is typed.
import { effect } from "../lib.js";
import { route } from "../router.js";
import { me } from "../session.js";

const KEPT = 6;
const PAGES = ["board", "project", "task"];

const key = () => `recent:${me.value.id}`;

/** The last pages, newest first: `{page, id}`. */
export function recent() {
  try {
    return JSON.parse(localStorage.getItem(key())) || [];
  } catch {
    return [];
  }
}

effect(() => {
  const { page, id } = route.value;
  if (!me.value || !PAGES.includes(page)) return;
  const others = recent().filter((each) => each.page !== page || each.id !== id);
  localStorage.setItem(key(), JSON.stringify([{ page, id }, ...others].slice(0, KEPT)));
});
