// What the person is told, and by which channels.
import { get, patch } from "../api.js";
import { html, useEffect, useState } from "../lib.js";
import { readAlong } from "../live.js";
import { me } from "../session.js";
import { Skeleton } from "../ui/empty.js";
import { Problem } from "../ui/problem.js";
import { Switch } from "../ui/switch.js";
import { toastError } from "../ui/toast.js";

const root = document.documentElement.dataset.root;
const CHANNELS = { inbox: "Inbox", email: "E-mail", webhook: "Webhook" };

const PATH = "/notifications/preferences/";

/** The rows with one channel of one kind switched. */
function switched(rows, kind, channel, on) {
  return rows.map((row) =>
    row.kind === kind ? { ...row, channels: { ...row.channels, [channel]: on } } : row,
  );
}

/** The table, live: what is chosen in another window is seen here as well. */
function usePreferences() {
  const [rows, setRows] = useState(null);
  const [error, setError] = useState(null);
  const read = () => {
    setError(null);
    return get(PATH).then((found) => setRows(found.results), setError);
  };
  useEffect(() => {
    const onMessage = (name) => name === "preferences.updated" && read();
    return readAlong(`user:${me.value.id}`, onMessage, read);
  }, []);
  const choose = async (kind, channel, on) => {
    setRows((present) => switched(present, kind, channel, on));
    try {
      setRows((await patch(PATH, { [kind]: { [channel]: on } })).results);
    } catch (failed) {
      setRows((present) => switched(present, kind, channel, !on));
      toastError("The choice could not be kept.", failed);
    }
  };
  return { rows, error, read, choose };
}

function Row({ row, onChoose }) {
  return html`<tr>
    <th scope="row">
      ${row.label} <span class="field-hint">${row.description}</span>
    </th>
    ${Object.entries(CHANNELS).map(
      ([channel, name]) => html`<td key=${channel}>
        ${channel in row.channels &&
        html`<${Switch}
          label="${row.label}: ${name}"
          compact=${true}
          checked=${row.channels[channel]}
          onChange=${(on) => onChoose(row.kind, channel, on)}
        />`}
      </td>`,
    )}
  </tr>`;
}

function Table() {
  const { rows, error, read, choose } = usePreferences();
  if (error && !rows) {
    const title = "Your choices could not be read";
    return html`<${Problem} title=${title} error=${error} onRetry=${read} />`;
  }
  if (!rows) return html`<${Skeleton} lines=${8} height=${48} />`;
  return html`<div class="box flush">
    <table class="choices">
      <thead>
        <tr>
          <th scope="col"><span class="hidden-visually">Of what</span></th>
          ${Object.values(CHANNELS).map((name) => html`<th key=${name} scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map((row) => html`<${Row} key=${row.kind} row=${row} onChoose=${choose} />`)}
      </tbody>
    </table>
  </div>`;
}

function OwnChanges() {
  const [asked, setAsked] = useState(null);
  const change = async (on) => {
    setAsked(on);
    try {
      me.value = await patch("/auth/users/me/", { email_own_changes: on });
    } catch (error) {
      toastError("The choice could not be kept.", error);
    }
    setAsked(null);
  };
  return html`<div class="box">
    <${Switch}
      label="Mail me about my own changes as well"
      checked=${asked ?? me.value.email_own_changes}
      onChange=${change}
    />
  </div>`;
}

/** The section of what the person is told. */
export function Notifications() {
  return html`<section class="section" aria-labelledby="notifications">
    <div class="section-head"><h2 id="notifications">Notifications</h2></div>
    <${Table} />
    <${OwnChanges} />
    <p class="soft tiny">
      Webhooks are set up over the API:${" "}
      <a href="${root}/api/redoc/#tag/webhook">how that is done</a>.
    </p>
  </section>`;
}
