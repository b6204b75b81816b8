// Reports as files: asked for, made by a worker, downloaded.
import { remove } from "../api.js";
import { html } from "../lib.js";
import { me } from "../session.js";
import { people } from "../store/projects.js";
import { nameOf } from "../ui/avatar.js";
import { IconButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { save } from "../ui/download.js";
import { Empty, Skeleton } from "../ui/empty.js";
import { Icon } from "../ui/icon.js";
import { Problem } from "../ui/problem.js";
import { Ago, day } from "../ui/time.js";
import { toast, toastError } from "../ui/toast.js";
import { AskDialog } from "./asking.js";
import { isUnderWay, useReports } from "./jobs.js";

const STATES = {
  waiting: ["Waiting for a worker", ""],
  running: ["Being made", ""],
  done: ["Ready", "success"],
  failed: ["Failed", "danger"],
  cancelled: ["Cancelled", ""],
  expired: ["Expired", ""],
};

const UNITS = ["B", "KB", "MB", "GB"];

function sized(bytes) {
  const step = Math.min(Math.floor(Math.log(bytes || 1) / Math.log(1000)), UNITS.length - 1);
  const number = bytes / 1000 ** step;
  return `${number.toLocaleString(undefined, { maximumFractionDigits: 1 })} ${UNITS[step]}`;
}

function Progress({ report }) {
  const { done, total } = report.progress;
  const title = `Progress of the report ${report.id}`;
  return html`<progress
    class="report-progress"
    aria-label=${title}
    max=${total ?? undefined}
    value=${total ? done : undefined}
  />`;
}

/** What is worth knowing of a report in its state. */
function Details({ report }) {
  const others = report.user !== me.value.id && people.value.get(report.user);
  const parts = [
    html`<${Ago} at=${report.created_at} />`,
    others && `by ${nameOf(others)}`,
    report.from && `${day(`${report.from}T12:00`)} to ${day(`${report.to}T12:00`)}`,
    report.state === "done" && sized(report.size),
    report.state === "done" && report.expires_at && `kept until ${day(report.expires_at)}`,
    report.error,
  ];
  return html`<span class="report-details">
    ${parts.filter(Boolean).map((part, at) => html`<span key=${at}>${part}</span>`)}
  </span>`;
}

async function take(report) {
  try {
    await save(`/reports/${report.id}/download/`, { name: `report-${report.id}.${report.format}` });
  } catch (error) {
    toastError("The report was not downloaded.", error);
  }
}

async function discard(report, reload) {
  const text = "Its file is deleted as well.";
  const ready = report.state === "done";
  if (ready && !(await confirm({ title: "Delete this report?", text, action: "Delete" }))) return;
  try {
    await remove(`/reports/${report.id}/`);
    toast(isUnderWay(report) ? "The report is cancelled." : "The report is deleted.");
  } catch (error) {
    toastError("The report stays.", error);
  }
  reload();
}

function Row({ report, reload }) {
  const [label, tone] = STATES[report.state];
  const name = report.title || `Report ${report.id}`;
  const drop = isUnderWay(report) ? `Cancel ${name}` : `Delete ${name}`;
  return html`<li class="line report-row">
    <span class="badge report-format">${report.format.toUpperCase()}</span>
    <div class="grow">
      <div class="report-name cut">${name}</div>
      <${Details} report=${report} />
      ${isUnderWay(report) && html`<${Progress} report=${report} />`}
    </div>
    <span class="badge ${tone}">${label}</span>
    ${report.state === "done" &&
    html`<${IconButton} icon="download" label="Download ${name}" onClick=${() => take(report)} />`}
    <${IconButton}
      icon=${isUnderWay(report) ? "close" : "trash"}
      label=${drop}
      onClick=${() => discard(report, reload)}
    />
  </li>`;
}

function List({ reports, reload, onAsk }) {
  if (reports.length === 0) {
    const text = "A summary as PDF, or the rows for a spreadsheet: it is made while you go on.";
    return html`<${Empty} icon="chart" title="No reports yet" text=${text}>
      <button type="button" class="button" onClick=${onAsk}>New report</button>
    <//>`;
  }
  return html`<ul class="lines" aria-live="polite">
    ${reports.map((each) => html`<${Row} key=${each.id} report=${each} reload=${reload} />`)}
  </ul>`;
}

/** The section with the files; `asking` and `setAsking` open its dialog. */
export function Files({ asking, setAsking }) {
  const { reports, error, reload } = useReports();
  const onAsked = () => {
    setAsking(false);
    toast("The report is being made. You can go on meanwhile.");
    reload();
  };
  return html`<section class="report-files" aria-labelledby="files">
    <div class="report-heading">
      <h2 id="files">Reports as files</h2>
      <button type="button" class="button" onClick=${() => setAsking(true)}>
        <${Icon} name="plus" />New report
      </button>
    </div>
    ${reports === null && !error && html`<${Skeleton} />`}
    ${reports === null &&
    error &&
    html`<${Problem} title="Your reports could not be read" error=${error} onRetry=${reload} />`}
    ${reports && html`<${List} reports=${reports} reload=${reload} onAsk=${() => setAsking(true)} />`}
    ${asking && html`<${AskDialog} onAsked=${onAsked} onClose=${() => setAsking(false)} />`}
  </section>`;
}
