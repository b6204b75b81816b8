// The numbers of the moment and their charts.
import { html } from "../lib.js";
import { Skeleton } from "../ui/empty.js";
import { Problem } from "../ui/problem.js";
import { CLOSED, counted, PRIORITIES, STATUSES } from "../ui/words.js";
import { Chart } from "./chart.js";
import { OverTime } from "./over_time.js";

const PEOPLE = 8;
const STATUS_COLOURS = {
  BACKLOG: "line-strong",
  TODO: "soft",
  IN_PROGRESS: "accent",
  REVIEW: "accent",
  DONE: "success",
  CANCELLED: "line-strong",
  ARCHIVED: "line-strong",
};
const PRIORITY_COLOURS = { CRITICAL: "danger", HIGH: "warning", MEDIUM: "accent", LOW: "line-strong" };

const named = (names, colours, numbers) =>
  Object.entries(names).map(([key, name]) => ({
    name,
    value: numbers[key] || 0,
    colour: colours[key],
  }));

/** Those with the most tasks, and all others together. */
function people(numbers) {
  const all = Object.entries(numbers).sort(([, one], [, other]) => other - one);
  const rows = all.slice(0, PEOPLE).map(([name, value]) => ({ name, value, colour: "accent" }));
  const others = all.slice(PEOPLE);
  if (others.length === 0) return rows;
  const value = others.reduce((sum, [, tasks]) => sum + tasks, 0);
  return [...rows, { name: counted(others.length, "other"), value, colour: "line-strong" }];
}

function Number({ label, value, hint, tone = "" }) {
  return html`<div class="number">
    <dt title=${hint}>${label}</dt>
    <dd class=${tone}>${value}</dd>
  </div>`;
}

const OPEN = `status_not=${CLOSED.join()}`;

function linked(number, query) {
  return number ? html`<a href="#tasks?view=all&${query}">${number.toLocaleString()}</a>` : "0";
}

function Numbers({ numbers }) {
  const percent = (numbers.completion_rate * 100).toFixed(0);
  const late = numbers.overdue > 0 ? "danger" : "";
  const breached = linked(numbers.sla_breached, `sla_breached=true&${OPEN}`);
  return html`<dl class="numbers">
    <${Number} label="Tasks" value=${numbers.total.toLocaleString()} hint="All that you may see" />
    <${Number} label="Pending" value=${linked(numbers.pending, "status=BACKLOG,TODO")} hint="Backlog and to do" />
    <${Number} label="Done" value=${linked(numbers.completed, "status=DONE")} hint="" />
    <${Number} label="Done, of all" value="${percent} %" hint="Done in relation to all tasks" />
    <${Number} label="Due soon" value=${numbers.tasks_due_soon.toLocaleString()} hint="Open and due within 24 hours" />
    <${Number} label="Overdue" value=${linked(numbers.overdue, "overdue=true")} hint="Open and past the due date" tone=${late} />
    <${Number} label="SLA breached" value=${breached} hint="Open and marked as a breach" />
  </dl>`;
}

function Charts({ numbers }) {
  const assigned = people(numbers.tasks_assigned);
  const created = people(numbers.tasks_created);
  return html`<div class="charts">
    <${Chart} title="By status" rows=${named(STATUSES, STATUS_COLOURS, numbers.tasks_by_status)} />
    <${Chart} title="By priority" rows=${named(PRIORITIES, PRIORITY_COLOURS, numbers.tasks_by_priority)} />
    ${assigned.length > 0 && html`<${Chart} title="By assignee" rows=${assigned} />`}
    ${created.length > 0 && html`<${Chart} title="By reporter" rows=${created} />`}
  </div>`;
}

/** The insight as `useInsight` reads it. */
export function Insight({ insight }) {
  const { numbers, error, refresh, span, setSpan } = insight;
  if (!numbers && error) {
    return html`<${Problem} title="The numbers could not be read" error=${error} onRetry=${refresh} />`;
  }
  if (!numbers) return html`<${Skeleton} lines=${3} height=${120} />`;
  return html`
    ${error && html`<p class="form-error" role="alert">These numbers are old: ${error.message}</p>`}
    <${Numbers} numbers=${numbers} />
    <${OverTime} series=${numbers.over_time} span=${span} setSpan=${setSpan} />
    <${Charts} numbers=${numbers} />
  `;
}
