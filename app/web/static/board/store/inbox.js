// How many notifications are unread, live.
import { get } from "../api.js";
import { hear } from "../live.js";
import { signal } from "../lib.js";
import { clearWithSession } from "../session.js";

/** The number of unread notifications. */
export const unread = signal(0);

/** The newest notification that came while the page was open, as the API shows it. */
export const newest = signal(null);

clearWithSession(() => {
  unread.value = 0;
  newest.value = null;
});

hear("notification.created", (message) => {
  unread.value = message.unread;
  newest.value = message.notification;
});

/** Take over what was read, perhaps in another window, as the own stream tells. */
export function applyRead(message) {
  unread.value = message.unread;
}

/** Read the number anew. */
export async function loadUnread() {
  unread.value = (await get("/notifications/count/")).unread;
}
