// Instants in the time zone of the person and the language of the browser.
import { computed, html, signal } from "../lib.js";
import { me } from "../session.js";
import { CLOSED } from "./words.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The present instant in milliseconds; moves on every half minute. */
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), MINUTE / 2);

/** The zone of the person; that of the browser where it does not know that one. */
function zone() {
  const timeZone = me.value?.timezone;
  try {
    return new Intl.DateTimeFormat(undefined, { timeZone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

const formats = computed(() => {
  const timeZone = zone();
  const format = (options) => new Intl.DateTimeFormat(undefined, { timeZone, ...options });
  const date = { day: "numeric", month: "short" };
  const time = { hour: "2-digit", minute: "2-digit" };
  return {
    day: format(date),
    dayOfYear: format({ ...date, year: "numeric" }),
    time: format(time),
    exact: format({ dateStyle: "full", timeStyle: "short" }),
    exactDay: format({ dateStyle: "full" }),
    // The Swedish way to write a date is that of ISO 8601.
    iso: new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" }),
  };
});

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

/** An instant on the person's clock: `{day: "2026-03-31", time: "17:00"}`. */
export function wall(iso) {
  const [day, time] = formats.value.iso.format(new Date(iso)).split(" ");
  return { day, time: time.slice(0, 5) };
}

/** The day so many days before today on the person's clock, such as "2026-03-31". */
export function daysAgo(days) {
  const today = wall(now.value).day;
  return new Date(Date.parse(today) - days * DAY).toISOString().slice(0, 10);
}

/** The instant at which the person's clock shows that day and time, as ISO 8601. */
export function instantOf(day, time) {
  const wanted = Date.parse(`${day}T${time}Z`);
  const offset = (at) => {
    const shown = formats.value.iso.format(new Date(at)).replace(" ", "T");
    return Date.parse(`${shown}Z`) - at;
  };
  // The second time for the offset that holds at the result, which may lie beyond a change of it.
  return new Date(wanted - offset(wanted - offset(wanted))).toISOString();
}

/** The day of an instant, such as "31 Mar"; with its year unless that is the present one. */
export function day(iso) {
  const then = new Date(iso);
  const sameYear = wall(iso).day.slice(0, 4) === wall(now.value).day.slice(0, 4);
  return (sameYear ? formats.value.day : formats.value.dayOfYear).format(then);
}

/** An instant in full, such as "Tuesday, 31 March 2026 at 17:00". */
export function exact(iso) {
  return formats.value.exact.format(new Date(iso));
}

function ago(iso) {
  const past = Date.parse(iso) - now.value;
  const size = Math.abs(past);
  if (size < MINUTE) return "just now";
  if (size < HOUR) return relative.format(Math.trunc(past / MINUTE), "minute");
  if (size < DAY) return relative.format(Math.trunc(past / HOUR), "hour");
  if (size < 7 * DAY) return relative.format(Math.trunc(past / DAY), "day");
  return day(iso);
}

/** How long ago something was; exact on hovering. */
export function Ago({ at }) {
  return html`<time datetime=${at} title=${exact(at)}>${ago(at)}</time>`;
}

const daysBetween = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / DAY);

/** How a task stands to its due date: "overdue", "soon" (within two days), "later", or null. */
export function dueState({ due_date: due, status }) {
  if (!due) return null;
  if (CLOSED.includes(status)) return "later";
  if (Date.parse(due) < now.value) return "overdue";
  return daysBetween(wall(now.value).day, wall(due).day) <= 1 ? "soon" : "later";
}

/** The due date of a task in words, such as "Overdue, 31 Mar", "Today 17:00" or "12 Apr". */
export function dueText(task) {
  const { due_date: due, due_date_only: wholeDay } = task;
  const time = wholeDay ? "" : ` ${formats.value.time.format(new Date(due))}`;
  const state = dueState(task);
  if (state === "overdue") return `Overdue, ${day(due)}${time}`;
  const distance = daysBetween(wall(now.value).day, wall(due).day);
  const word = { 0: "Today", 1: "Tomorrow" }[distance];
  return (state === "soon" && word ? word : day(due)) + time;
}

/** The due date of a task as a mark; nothing where it has none. */
export function Due({ task }) {
  const state = dueState(task);
  if (!state) return null;
  const { due_date: due, due_date_only: wholeDay } = task;
  const full = wholeDay ? formats.value.exactDay.format(new Date(due)) : exact(due);
  return html`<time class="due ${state}" datetime=${due} title="Due ${full}">
    ${dueText(task)}
  </time>`;
}
