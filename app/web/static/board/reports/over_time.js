// What was created and completed, as lines over days or weeks.
import { html } from "../lib.js";
import { Empty } from "../ui/empty.js";
import { day, instantOf } from "../ui/time.js";
import { counted } from "../ui/words.js";
import { axes, Drawing, options, Table, token } from "./drawing.js";

const HEIGHT = "240px";
/** The periods to choose from, in days. */
const SPANS = { 30: "Last 30 days", 90: "Last 90 days", 365: "Last 365 days" };
const SERIES = [
  { name: "created", label: "Created", colour: "accent", dash: [] },
  { name: "completed", label: "Completed", colour: "success", dash: [6, 4] },
];

const dayOf = (point) => day(instantOf(point.day, "12:00"));
const sum = (points, name) => points.reduce((total, point) => total + point[name], 0);

/** The line of a series: dashed or not, so that it is not told by its colour alone. */
const lineOf = (points, { name, label, colour, dash }) => ({
  label,
  data: points.map((point) => point[name]),
  borderColor: token(colour),
  backgroundColor: token(colour),
  borderDash: dash,
  borderWidth: 2,
  pointRadius: 0,
  pointHitRadius: 12,
});

function lines(points) {
  const { x, y } = axes({ counts: "y", names: "x" });
  const labels = { color: token("text"), font: x.ticks.font, usePointStyle: true, pointStyle: "line" };
  return {
    type: "line",
    data: { labels: points.map(dayOf), datasets: SERIES.map((each) => lineOf(points, each)) },
    options: options({
      interaction: { mode: "index", intersect: false },
      scales: { x: { ...x, ticks: { ...x.ticks, maxRotation: 0, autoSkipPadding: 16 } }, y },
      plugins: { legend: { align: "end", labels } },
    }),
  };
}

function Lines({ title, points, step }) {
  const [created, completed] = SERIES.map(({ name }) => sum(points, name));
  if (created + completed === 0) {
    const text = "Tasks that are created or completed appear here. Choose a longer time to look back.";
    return html`<${Empty} icon="chart" title="Nothing happened in this time" text=${text} />`;
  }
  const told = `${title}: ${created} created and ${completed} completed in ${counted(points.length, step)}`;
  const columns = [step === "week" ? "Week from" : "Day", ...SERIES.map(({ label }) => label)];
  const rows = points.map((point) => [dayOf(point), ...SERIES.map(({ name }) => point[name])]);
  return html`
    <${Drawing} make=${lines} numbers=${points} told=${told} height=${HEIGHT} />
    <${Table} title=${title} columns=${columns} rows=${rows} />
  `;
}

/** The series of the insight; `span` is of how many days, `setSpan` asks for another. */
export function OverTime({ series, span, setSpan }) {
  const title = "Created and completed";
  return html`<section class="chart">
    <div class="report-heading">
      <h2>${title}</h2>
      <select
        class="input choice"
        aria-label="Period"
        value=${span}
        onChange=${(event) => setSpan(Number(event.target.value))}
      >
        ${Object.entries(SPANS).map(([days, name]) => html`<option key=${days} value=${days}>${name}</option>`)}
      </select>
    </div>
    <${Lines} title=${title} points=${series.points} step=${series.step} />
  </section>`;
}
