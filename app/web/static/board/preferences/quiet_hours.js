// The hours in which no mail is sent.
import { get, put, remove } from "../api.js";
import { html, useEffect, useState } from "../lib.js";
import { readAlong } from "../live.js";
import { me } from "../session.js";
import { Skeleton } from "../ui/empty.js";
import { Field } from "../ui/field.js";
import { useForm } from "../ui/form.js";
import { Switch } from "../ui/switch.js";
import { toast, toastError } from "../ui/toast.js";

const PATH = "/notifications/quiet-hours/";
const USUAL = { quiet_from: "22:00", quiet_until: "07:00" };

function useQuietHours() {
  const [hours, setHours] = useState(null);
  useEffect(() => {
    const read = () =>
      get(PATH).then(setHours, (error) => toastError("The quiet hours could not be read.", error));
    const onMessage = (name) => name === "quiet_hours.updated" && read();
    return readAlong(`user:${me.value.id}`, onMessage, read);
  }, []);
  return [hours, setHours];
}

function Span({ hours, onSet }) {
  const form = useForm(async (span) => {
    onSet(await put(PATH, span));
    toast("Saved.");
  });
  return html`<form class="row top" onSubmit=${form.submit}>
    <${Field}
      label="From"
      name="quiet_from"
      type="time"
      defaultValue=${hours.quiet_from}
      required
      errors=${form.errors.quiet_from}
    />
    <${Field}
      label="Until"
      name="quiet_until"
      type="time"
      defaultValue=${hours.quiet_until}
      required
      errors=${form.errors.quiet_until || form.problem}
    />
    <button class="button below-label" disabled=${form.busy}>Save</button>
  </form>`;
}

/** The section of the quiet hours. */
export function QuietHours() {
  const [hours, setHours] = useQuietHours();
  const change = async (on) => {
    const before = hours;
    setHours({ ...hours, ...(on ? USUAL : { quiet_from: null, quiet_until: null }) });
    try {
      if (on) setHours(await put(PATH, USUAL));
      else await remove(PATH);
    } catch (error) {
      setHours(before);
      toastError("The quiet hours stay as they were.", error);
    }
  };
  return html`<section class="section" aria-labelledby="quiet">
    <div class="section-head"><h2 id="quiet">Quiet hours</h2></div>
    ${!hours
      ? html`<${Skeleton} lines=${1} height=${64} />`
      : html`<div class="box stack">
          <${Switch}
            label="Send no mail in certain hours"
            hint="What falls into them is sent afterwards. By the clock of ${hours.timezone}."
            checked=${hours.quiet_from !== null}
            onChange=${change}
          />
          ${hours.quiet_from && html`<${Span} hours=${hours} onSet=${setHours} />`}
        </div>`}
  </section>`;
}
