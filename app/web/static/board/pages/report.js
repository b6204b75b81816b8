import { html } from "../lib.js";
import { Head } from "../shell/head.js";
import { Empty } from "../ui/empty.js";

export function ReportPage() {
  return html`<${Head} title="Reports" />
    <div class="content"><${Empty} icon="chart" title="Reports" /></div>`;
}
