// The board from the keyboard: going from card to card, and carrying one elsewhere.
import { signal, useLayoutEffect } from "../lib.js";
import { between } from "./moves.js";

/** The card that the tab key leads to; null for the first one. */
export const current = signal(null);

/** The card that is being carried: `{id, status, index, from}`; null for none. */
export const carried = signal(null);

/** What is read out by screen readers. */
export const said = signal("");

const STEPS = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/** The columns with the carried card where it would be put down. */
export function withCarried(lanes, tasks) {
  if (!carried.value) return lanes;
  const { id, status, index } = carried.value;
  const task = tasks.get(id);
  if (!task) return lanes;
  return lanes.map((lane) => {
    const rest = lane.tasks.filter((task) => task.id !== id);
    if (lane.status === status) rest.splice(index, 0, task);
    return rest.length === lane.tasks.length && lane.status !== status
      ? lane
      : { ...lane, tasks: rest };
  });
}

/** Put the focus on a card, as soon as it is drawn. */
export function focusCard(id) {
  current.value = id;
  requestAnimationFrame(() => {
    document.querySelector(`.card[data-id="${id}"] .card-link`)?.focus();
  });
}

/** Keep the focus on a card that is drawn anew elsewhere, in another column. */
export function useKeptFocus(frame) {
  const held = frame.current?.contains(document.activeElement);
  const id = held && document.activeElement.closest(".card")?.dataset.id;
  useLayoutEffect(() => {
    if (!id || document.activeElement !== document.body) return;
    frame.current.querySelector(`.card[data-id="${id}"] .card-link`)?.focus();
  });
}

function find(lanes, id) {
  for (const [lane, { tasks }] of lanes.entries()) {
    const index = tasks.findIndex((task) => task.id === id);
    if (index >= 0) return { lane, index };
  }
  return null;
}

function go(lanes, at, [across, down]) {
  let lane = at.lane + across;
  while (across && lanes[lane]?.tasks.length === 0) lane += across;
  const there = lanes[lane]?.tasks;
  const next = there?.[across ? Math.min(at.index, there.length - 1) : at.index + down];
  if (next) focusCard(next.id);
}

function carry(lanes, [across, down]) {
  const { id, status, index, from } = carried.value;
  const at = lanes.findIndex((lane) => lane.status === status);
  const lane = lanes[at + across];
  if (!lane) return;
  const others = lane.tasks.filter((task) => task.id !== id).length;
  const place = Math.max(0, Math.min(index + down, others));
  carried.value = { id, status: lane.status, index: place, from };
  said.value = `${lane.name}, place ${place + 1} of ${others + 1}.`;
  focusCard(id);
}

function pickUp(lanes, at, id) {
  const { status } = lanes[at.lane];
  carried.value = { id, status, index: at.index, from: at };
  said.value = `#${id} picked up. Arrow keys move it, Space puts it down, Escape puts it back.`;
}

function putDown(lanes, onDrop) {
  const { id, status, index, from } = carried.value;
  const lane = lanes.find((each) => each.status === status);
  const ids = lane.tasks.map((task) => task.id);
  const moved = lanes.indexOf(lane) !== from.lane || index !== from.index;
  if (moved) onDrop(id, between(status, ids, ids.indexOf(id)));
  carried.value = null;
  said.value = `#${id} put down in ${lane.name}.`;
  focusCard(id);
}

function putBack() {
  const { id } = carried.value;
  carried.value = null;
  said.value = `#${id} is back where it was.`;
  focusCard(id);
}

/** Whether the key was one of ours. `lanes` are as drawn; `onDrop(id, place)` ends a carriage. */
function press(key, id, { lanes, canMove, onDrop }) {
  const at = find(lanes, id);
  if (!at) return false;
  // The one that was carried may be gone by now.
  if (carried.value && carried.value.id !== id) carried.value = null;
  if (key in STEPS) (carried.value ? carry : (all, step) => go(all, at, step))(lanes, STEPS[key]);
  else if (carried.value && (key === " " || key === "Enter")) putDown(lanes, onDrop);
  else if (carried.value && key === "Escape") putBack();
  else if (key === " " && canMove) pickUp(lanes, at, id);
  else return false;
  return true;
}

/** Handle a key on a card. */
export function onCardKey(event, board) {
  const card = event.target.closest(".card");
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!press(event.key, Number(card.dataset.id), board)) return;
  event.preventDefault();
  event.stopPropagation();
}
