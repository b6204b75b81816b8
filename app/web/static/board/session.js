// Who is signed in. The access token is in memory, the refresh token in a cookie no script reads.
import { authorizeWith, get, post, session } from "./api.js";
import { signal } from "./lib.js";
import { go } from "./router.js";
import { toastError } from "./ui/toast.js";

/** The account as the API shows it; null for nobody, undefined until that is known. */
export const me = signal(undefined);

/** Why nobody is signed in any longer, as a sentence; null where the person wanted it so. */
export const ended = signal(null);

/** Whether the account was made just now, on this page. */
export const isNew = signal(false);

const ENDED = "Your session has ended, here or on another device. Sign in to go on where you were.";
const KNOWN = "known";

let access = null;
let leaving = false;

/** The present access token; null for nobody. */
export const token = () => access;

/** Whether somebody has signed in with this browser before. */
export const isKnown = () => localStorage.getItem(KNOWN) !== null;

/** One tab after the other: they share the cookie, and each exchange replaces it. */
const alone = (run) => (navigator.locks ? navigator.locks.request("session", run) : run());

let renewing = null;

/** A new access token, or null where the session has ended; whoever asks meanwhile waits along. */
export function renew() {
  renewing ??= alone(exchange).finally(() => (renewing = null));
  return renewing;
}

async function exchange() {
  let refused = false;
  try {
    access = ofOwner((await session.refresh()).access);
  } catch (error) {
    if (error.status !== 401) throw error;
    access = null;
    refused = true;
  }
  const meant = leaving || !(refused || me.value);
  if (access === null && me.value !== null) forget(meant ? null : ENDED);
  return access;
}

/** The token, unless somebody else has signed in in another window: the cookie is theirs then. */
function ofOwner(issued) {
  if (!issued || !me.value || personOf(issued) === me.value.id) return issued;
  location.reload();
  return null;
}

/** The id of the person whom a token stands for. */
function personOf(issued) {
  const claims = issued.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return Number(JSON.parse(atob(claims)).sub);
}

authorizeWith({ token, renew });

const stores = [];

/** Have `clear()` called when somebody goes: what they have seen is not for whoever comes next. */
export function clearWithSession(clear) {
  stores.push(clear);
}

function forget(reason = null) {
  access = null;
  ended.value = reason;
  isNew.value = false;
  me.value = null;
  stores.forEach((clear) => clear());
}

function arrive(person) {
  ended.value = null;
  me.value = person;
  localStorage.setItem(KNOWN, "");
}

function take(started) {
  access = started.access;
  arrive(started.user);
}

/** Take up the session of an earlier visit, if there is one. */
export async function restore() {
  try {
    if (await renew()) arrive(await get("/auth/users/me/"));
  } catch (error) {
    forget(error.message);
  }
}

/** Sign in with `{username, password}`. Throws ApiError. */
export async function signIn(credentials) {
  take(await session.start(credentials));
}

/** Create an account, in the time zone of the browser, and sign in to it. Throws ApiError. */
export async function register(account) {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    await post("/auth/users/", { ...account, timezone });
  } catch (error) {
    if (Object.keys(error.errors).join() !== "timezone") throw error;
    // A zone that the service does not know: it can be chosen later.
    await post("/auth/users/", account);
  }
  isNew.value = true;
  await signIn({ username: account.username, password: account.password });
}

/** Sign out on this device. */
export const signOut = () => leave(() => session.end());

/** Sign out on every device. */
export const signOutEverywhere = () =>
  leave(async () => {
    await post("/auth/logout-all/");
    // A cookie whose session has ended is deleted by asking with it.
    await session.refresh().catch(() => {});
  });

async function leave(end) {
  leaving = true;
  try {
    await end();
  } catch (error) {
    if (error.status !== 401) return toastError("You are still signed in.", error);
  } finally {
    leaving = false;
  }
  forget();
  return go("");
}

/**
 * Change the password, which ends all sessions, and go on in a new one. Throws ApiError.
 *
 * Meanwhile whoever needs a token waits: the cookie is good for nothing until the new session.
 */
export async function changePassword(current, wanted) {
  await renew();
  const changed = alone(async () => {
    const body = { current_password: current, new_password: wanted };
    access = (await post("/auth/users/me/password/", body, { once: true })).access;
    take(await session.start({ username: me.value.username, password: wanted }));
    return access;
  });
  renewing = changed.catch(() => access).finally(() => (renewing = null));
  await changed;
}
