import { html } from "../lib.js";
import { Head } from "../shell/head.js";
import { Empty } from "../ui/empty.js";

export function BoardPage() {
  return html`<${Head} title="Board" />
    <div class="content"><${Empty} icon="board" title="Board" /></div>`;
}
