// The notifications on the page: read in parts, live, marked read and unread.
import { get, patch, post, queryOf } from "../api.js";
import { batch, signal, useEffect } from "../lib.js";
import { connections, follow } from "../live.js";
import { me } from "../session.js";
import { newest, unread } from "../store/inbox.js";
import { toastError } from "../ui/toast.js";

const PAGE_SIZE = 20;

/** What the page shows of the inbox: notifications, newest first; null while they are read. */
export const shown = signal(null);

/** The query of the next part; null where there is none. */
export const more = signal(null);

/** Whether only unread ones are shown; stays while the page is open. */
export const onlyUnread = signal(false);

/** Why the inbox could not be read, or null. */
export const failure = signal(null);

async function fetchPart(query) {
  const part = await get("/notifications/", query);
  return { results: part.results, next: part.next && queryOf(part.next) };
}

/** Read the first part anew. */
export async function load() {
  const wanted = onlyUnread.value;
  try {
    const { results, next } = await fetchPart({
      unread: wanted ? "true" : "",
      page_size: PAGE_SIZE,
    });
    if (wanted !== onlyUnread.value) return;
    batch(() => {
      shown.value = results;
      more.value = next;
      failure.value = null;
    });
  } catch (error) {
    failure.value = error;
  }
}

/** Read the next part. */
export async function loadMore() {
  const query = more.value;
  more.value = null;
  try {
    const { results, next } = await fetchPart(query);
    const known = new Set(shown.value.map((each) => each.id));
    batch(() => {
      shown.value = [...shown.value, ...results.filter((each) => !known.has(each.id))];
      more.value = next;
    });
  } catch (error) {
    more.value = query;
    toastError("The rest could not be read.", error);
  }
}

/** Show all of them, or only those that are unread. */
export function filterUnread(only) {
  onlyUnread.value = only;
  shown.value = null;
  more.value = null;
  load();
}

/** Mark those that `picks` names; they stay among the unread ones until these are read anew. */
function markShown(picks, read) {
  const at = read ? new Date().toISOString() : null;
  const differs = (each) => picks(each) && Boolean(each.read_at) !== read;
  shown.value =
    shown.value && shown.value.map((each) => (differs(each) ? { ...each, read_at: at } : each));
}

/** Mark one read or unread, at once; it is taken back where the service refuses. */
export async function mark({ id, read_at: marked }, read) {
  if (Boolean(marked) === read) return;
  const before = unread.value;
  markShown((each) => each.id === id, read);
  unread.value = Math.max(0, before + (read ? -1 : 1));
  try {
    await patch(`/notifications/${id}/`, { read });
  } catch (error) {
    markShown((each) => each.id === id, !read);
    unread.value = before;
    toastError("The mark could not be changed.", error);
  }
}

/** Mark all read, up to the newest on the page; what comes meanwhile stays unread. */
export async function markAll() {
  if (!shown.value?.length) return;
  const last = Math.max(...shown.value.map((each) => each.id));
  try {
    unread.value = (await post("/notifications/read/", { up_to: last })).unread;
    markShown((each) => each.id <= last, true);
  } catch (error) {
    toastError("Nothing was marked.", error);
  }
}

function applyRead({ ids, up_to: last, read }) {
  markShown((each) => (ids ? ids.includes(each.id) : each.id <= last), read);
}

function add(notification) {
  if (!shown.value || shown.value.some((each) => each.id === notification.id)) return;
  shown.value = [notification, ...shown.value];
}

/** Keep the list true while the page is there. */
export function useInbox() {
  useEffect(() => {
    shown.value = null;
    newest.value = null;
    const onMessage = (name, message) => name === "notification.read" && applyRead(message);
    const unsubscribe = newest.subscribe((notification) => notification && add(notification));
    const own = follow(`user:${me.value.id}`, { onMessage, onResync: load });
    return () => {
      own.stop();
      unsubscribe();
    };
  }, []);
  // Of new ones nobody tells while there is no line.
  useEffect(() => {
    load();
  }, [connections.value]);
}
