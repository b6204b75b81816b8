// Who is signed in. The access token lives in memory; the refresh token in a cookie no script reads.
import { authorizeWith, get, post, session } from "./api.js";
import { signal } from "./lib.js";

/** The account as the API shows it; null for nobody, undefined until that is known. */
export const me = signal(undefined);

let access = null;

/** The present access token; null for nobody. */
export const token = () => access;

let renewing = null;

/** A new access token, or null where the session has ended; whoever asks meanwhile waits along. */
export function renew() {
  renewing ??= exchange().finally(() => (renewing = null));
  return renewing;
}

async function exchange() {
  try {
    access = (await session.refresh()).access;
  } catch (error) {
    if (error.status !== 401) throw error;
    access = null;
  }
  if (access === null) forget();
  return access;
}

authorizeWith({ token, renew });

function forget() {
  access = null;
  me.value = null;
}

/** Take up the session of an earlier visit, if there is one. */
export async function restore() {
  try {
    if (await renew()) me.value = await get("/auth/users/me/");
  } catch {
    forget();
  }
}

/** Sign in with `{username, password}`. Throws ApiError. */
export async function signIn(credentials) {
  const started = await session.start(credentials);
  access = started.access;
  me.value = started.user;
}

/** Create an account and sign in to it. Throws ApiError. */
export async function register(account) {
  await post("/auth/users/", account);
  await signIn({ username: account.username, password: account.password });
}

/** Sign out on this device. */
export async function signOut() {
  await session.end().catch(() => {});
  forget();
}
