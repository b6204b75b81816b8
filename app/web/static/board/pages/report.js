import { useCommands } from "../commands.js";
import { html, useState } from "../lib.js";
import { Files } from "../reports/files.js";
import { useInsight } from "../reports/insight.js";
import { Insight } from "../reports/numbers.js";
import { Head } from "../shell/head.js";
import { useFilters } from "../tasks/saved.js";
import { IconButton } from "../ui/button.js";
import { Ago } from "../ui/time.js";

/** How the work stands, in numbers and charts, and reports to download. */
export function ReportPage() {
  const insight = useInsight();
  const [asking, setAsking] = useState(false);
  useFilters();
  const section = "Reports";
  useCommands([
    { id: "refresh", title: "Read the numbers again", section, keys: "r", run: insight.refresh },
    { id: "report", title: "New report", section, keys: "n", run: () => setAsking(true) },
  ]);
  return html`
    <${Head} title="Reports">
      <span class="spread row">
        ${insight.at && html`<span class="soft report-as-of">As of <${Ago} at=${insight.at} /></span>`}
        <${IconButton} icon="refresh" label="Read the numbers again" onClick=${insight.refresh} />
      </span>
    <//>
    <div class="content">
      <div class="report">
        <${Insight} insight=${insight} />
        <${Files} asking=${asking} setAsking=${setAsking} />
      </div>
    </div>
  `;
}
