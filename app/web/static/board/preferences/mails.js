// A mail to see whether mails arrive, and what became of it.
import { get, post } from "../api.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { Ago } from "../ui/time.js";
import { toastError } from "../ui/toast.js";

/** When to look what became of the mail; who wants to know more looks again. */
const LOOKS_MS = [1500, 4000, 10_000];

const STATES = {
  pending: ["warning", "On its way"],
  done: ["success", "Sent"],
  dropped: ["", "Not sent"],
  dead: ["danger", "Failed"],
};

async function lastTest() {
  const { results } = await get("/notifications/deliveries/", { page_size: 20 });
  return results.find((each) => each.event_type === "notification.test") || null;
}

function useTestMail() {
  const [mail, setMail] = useState(null);
  const [sentTo, setSentTo] = useState(null);
  const timer = useRef(null);
  const look = async (left) => {
    try {
      const found = await lastTest();
      setMail(found);
      if ((!found || found.state === "pending") && left.length > 0) later(left);
    } catch (error) {
      toastError("What became of the mail could not be read.", error);
    }
  };
  const later = ([first, ...rest]) => {
    timer.current = setTimeout(look, first, rest);
  };
  const send = async () => {
    clearTimeout(timer.current);
    try {
      setMail(null);
      setSentTo((await post("/notifications/test/", { channel: "email" })).to);
      later(LOOKS_MS);
    } catch (error) {
      toastError("No mail was sent.", error);
    }
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return { mail, sentTo, send, look: () => look([]) };
}

function Became({ mail, sentTo, onLook }) {
  if (!sentTo) return null;
  const [look, words] = STATES[mail?.state || "pending"];
  return html`<div class="row wrap" role="status">
    <span class="badge ${look}">${words}</span>
    <span class="soft">to ${sentTo}${mail && html`, <${Ago} at=${mail.created_at} />`}</span>
    ${mail?.last_error && html`<span class="soft lines-kept">${mail.last_error}</span>`}
    ${(!mail || mail.state === "pending") &&
    html`<button type="button" class="as-link" onClick=${onLook}>Look again</button>`}
  </div>`;
}

/** The section of the test mail. */
export function TestMail() {
  const { mail, sentTo, send, look } = useTestMail();
  return html`<section class="section" aria-labelledby="mail">
    <div class="section-head"><h2 id="mail">Test mail</h2></div>
    <div class="box stack">
      <div class="action">
        <p class="grow soft">Do mails arrive? This one goes the way of all others.</p>
        <button type="button" class="button" onClick=${send}>Send a test mail</button>
      </div>
      <${Became} mail=${mail} sentTo=${sentTo} onLook=${look} />
    </div>
  </section>`;
}
