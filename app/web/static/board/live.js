// The socket: follows streams of the log without missing a message, whatever becomes of the line.
import { io } from "socket.io-client";
import { effect, signal } from "./lib.js";
import { APPLY, GAP, Places } from "./resume.js";
import { me, renew, token } from "./session.js";

/** How the line is: "connecting", "online" or "offline". */
export const line = signal("connecting");

/** How often the line was made: what is told outside of streams has to be read anew each time. */
export const connections = signal(0);

const GRACE_MS = 1500;
const MOST_PATIENCE_MS = 30_000;
const places = new Places();
const followed = new Map();
const asking = new Map();
const heard = new Map();
let socket = null;
let looking = null;
let offlineTimer;
let refusals = 0;

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
    if (others.delete(follower) && others.size === 0) leave(stream);
  };
  return { ready, stop };
}

/**
 * Follow a stream and `read` what it is about: at once, and again where the place in the stream was
 * not known yet, since something may have happened in between. Returns how to stop.
 *
 * `read()` never fails. Messages wait for it: what it reads may be older than they are.
 */
export function readAlong(stream, onMessage, read) {
  let reading = 0;
  const waiting = [];
  const readNow = async () => {
    reading += 1;
    await read();
    reading -= 1;
    if (reading === 0) waiting.splice(0).forEach((each) => onMessage(...each));
  };
  const hearNow = (...each) => (reading ? waiting.push(each) : onMessage(...each));
  const isKnown = Boolean(socket?.connected) && places.of(stream) !== undefined;
  const { ready, stop } = follow(stream, { onMessage: hearNow, onResync: readNow });
  readNow();
  if (!isKnown) ready.then(readNow);
  return stop;
}

/** Call `handler(message)` for each message of that name that is outside any stream. */
export function hear(name, handler) {
  heard.set(name, handler);
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
  asking.delete(stream);
  places.forget(stream);
  if (socket?.connected) socket.emit("unsubscribe", { stream });
}

/** Ask for what came after the last known place; the answer comes ahead of the messages. */
function catchUp(stream) {
  if (asking.has(stream)) return;
  const question = { stream, last_seq: places.of(stream) ?? null };
  asking.set(stream, question);
  socket.emit("subscribe", question, (answer) => {
    // It may have been left, and followed anew, since this was asked.
    if (asking.get(stream) !== question) return;
    asking.delete(stream);
    const followers = followed.get(stream);
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
  refusals = 0;
  line.value = "online";
  connections.value += 1;
  asking.clear();
  [...followed.keys()].forEach(catchUp);
  if (looking !== null) look(looking);
}

/** A short break is nobody's business; a longer one is shown. */
function broken() {
  offlineTimer ??= setTimeout(() => (line.value = "offline"), GRACE_MS);
}

/** Another token, and another try: at once, and then at growing distances. */
function comeBack() {
  broken();
  const patience = refusals ? Math.min(GRACE_MS * 2 ** (refusals - 1), MOST_PATIENCE_MS) : 0;
  refusals += 1;
  setTimeout(reconnect, patience);
}

async function reconnect() {
  if (!socket) return;
  try {
    if (await renew()) socket?.connect();
  } catch {
    comeBack();
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
