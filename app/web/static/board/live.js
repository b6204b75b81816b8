// The socket: follows streams of the log without missing a message, whatever becomes of the line.
import { io } from "socket.io-client";
import { effect, signal } from "./lib.js";
import { APPLY, GAP, Places } from "./resume.js";
import { me, renew, token } from "./session.js";

/** How the line is: "connecting", "online" or "offline". */
export const line = signal("connecting");

const GRACE_MS = 1500;
const places = new Places();
const followed = new Map();
const asking = new Set();
const heard = new Map();
let socket = null;
let looking = null;
let offlineTimer;

/**
 * Follow a stream such as "project:3" until the returned function is called.
 *
 * `onMessage(name, message)` gets every message once and in order; `onResync()` is called when too
 * much was missed, and has to read everything anew. `ready` resolves when the place in the stream is
 * known: what is read after that, together with the messages, is complete.
 */
export function follow(stream, { onMessage, onResync }) {
  const follower = { onMessage, onResync };
  const others = followed.get(stream) || new Set();
  followed.set(stream, others.add(follower));
  const ready = new Promise((resolve) => (follower.ready = resolve));
  if (socket?.connected) catchUp(stream);
  const stop = () => {
    others.delete(follower);
    if (others.size === 0) leave(stream);
  };
  return { ready, stop };
}

/**
 * Follow a stream and `read` what it is about: at once, and again where the place in the stream was
 * not known yet, since something may have happened in between. Returns how to stop.
 */
export function readAlong(stream, onMessage, read) {
  const isKnown = Boolean(socket?.connected) && places.of(stream) !== undefined;
  const { ready, stop } = follow(stream, { onMessage, onResync: read });
  read();
  if (!isKnown) ready.then(read);
  return stop;
}

/** Call `handler(message)` for each message of that name that is outside any stream. */
export function hear(name, handler) {
  heard.set(name, handler);
  return () => heard.delete(name);
}

/** Tell those who look at the same board that one is there; null: at none any more. */
export function look(board) {
  looking = board;
  if (socket?.connected) socket.emit("presence", { board }, showPeople);
}

/** Tell them that one is writing a comment on a task. */
export function typing(task) {
  if (socket?.connected) socket.emit("typing", { task });
}

function showPeople(answer) {
  if (answer?.people) heard.get("presence")?.(answer);
}

function leave(stream) {
  followed.delete(stream);
  places.forget(stream);
  if (socket?.connected) socket.emit("unsubscribe", { stream });
}

/** Ask for what came after the last known place; the answer comes ahead of the messages. */
function catchUp(stream) {
  if (asking.has(stream)) return;
  asking.add(stream);
  const known = places.of(stream);
  socket.emit("subscribe", { stream, last_seq: known ?? null }, (answer) => {
    asking.delete(stream);
    const followers = followed.get(stream);
    if (!followers) return;
    if (!answer.error) settle(stream, followers, answer);
    // Where it was refused, what the page reads next says why.
    followers.forEach((each) => each.ready());
  });
}

/** Go on from where the service says that the stream stands. */
function settle(stream, followers, { head, resync_required: mustReadAnew }) {
  if (places.of(stream) === undefined || mustReadAnew) places.set(stream, head);
  if (mustReadAnew) followers.forEach((each) => each.onResync());
}

function deliver(name, message) {
  if (!message?.stream || message.seq === undefined) return heard.get(name)?.(message);
  const followers = followed.get(message.stream);
  if (!followers) return;
  const verdict = places.judge(message);
  if (verdict === APPLY) followers.forEach((each) => each.onMessage(name, message));
  if (verdict === GAP) catchUp(message.stream);
}

function compare({ heads }) {
  for (const stream of followed.keys()) {
    if (heads[stream] > (places.of(stream) ?? Infinity)) catchUp(stream);
  }
}

function connected() {
  clearTimeout(offlineTimer);
  offlineTimer = undefined;
  line.value = "online";
  asking.clear();
  [...followed.keys()].forEach(catchUp);
  if (looking !== null) look(looking);
}

/** A short break is nobody's business; a longer one is shown. */
function broken() {
  offlineTimer ??= setTimeout(() => (line.value = "offline"), GRACE_MS);
}

async function comeBack() {
  broken();
  try {
    if (await renew()) socket?.connect();
  } catch {
    setTimeout(comeBack, GRACE_MS);
  }
}

function open() {
  socket = io({
    path: `${document.documentElement.dataset.root}/socket.io/`,
    transports: ["websocket"],
    reconnectionDelayMax: 5000,
    auth: (answer) => answer({ token: token(), follow: "none" }),
  });
  socket.on("connect", connected);
  socket.on("disconnect", (reason) => (reason === "io server disconnect" ? comeBack() : broken()));
  // Refused by the service: its token is not good any longer. Otherwise the client tries again.
  socket.on("connect_error", () => (socket.active ? broken() : comeBack()));
  socket.on("head", compare);
  socket.onAny((name, message) => name !== "head" && deliver(name, message));
}

function close() {
  socket?.disconnect();
  socket = null;
  places.clear();
  line.value = "connecting";
}

let listener = null;

effect(() => {
  const id = me.value?.id ?? null;
  if (id === listener) return;
  if (listener !== null) close();
  listener = id;
  if (id !== null) open();
});

addEventListener("online", () => socket?.connect());
addEventListener("offline", broken);
