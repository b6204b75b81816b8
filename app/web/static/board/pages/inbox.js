import { html } from "../lib.js";
import { Head } from "../shell/head.js";
import { Empty } from "../ui/empty.js";

export function InboxPage() {
  return html`<${Head} title="Inbox" />
    <div class="content"><${Empty} icon="inbox" title="Inbox" /></div>`;
}
