import { commands } from "../commands.js";
import { html, signal } from "../lib.js";
import { Dialog } from "../ui/dialog.js";
import { Keys } from "../ui/keys.js";

/** Whether the list of shortcuts is shown. */
export const helpOpen = signal(false);

/** The commands that have keys, by section; of two with the same keys the later one counts. */
function sections() {
  const byKeys = new Map(commands.value.filter((each) => each.keys).map((each) => [each.keys, each]));
  return Map.groupBy([...byKeys.values()], (each) => each.section);
}

function Section({ title, entries }) {
  return html`<section class="help-section">
    <h3>${title}</h3>
    <dl>
      ${entries.map(
        (each) => html`<div key=${each.id} class="help-row">
          <dt>${each.title}</dt>
          <dd><${Keys} keys=${each.keys} /></dd>
        </div>`,
      )}
    </dl>
  </section>`;
}

/** The list of shortcuts; once on the page. */
export function Help() {
  if (!helpOpen.value) return null;
  const close = () => (helpOpen.value = false);
  return html`<${Dialog} title="Keyboard shortcuts" class="help" onClose=${close}>
    <div class="help-columns">
      ${[...sections()].map(
        ([title, entries]) => html`<${Section} key=${title} title=${title} entries=${entries} />`,
      )}
    </div>
  <//>`;
}
