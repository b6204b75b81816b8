// Numbers as bars, with the same as a table beneath.
import { html } from "../lib.js";
import { axes, Drawing, options, Table, token } from "./drawing.js";

const BAR = 24;
const GAP = 12;

function bars(rows) {
  const { x, y } = axes({ counts: "x", names: "y" });
  const data = {
    data: rows.map((row) => row.value),
    backgroundColor: rows.map((row) => token(row.colour)),
    maxBarThickness: BAR,
    borderRadius: 3,
  };
  return {
    type: "bar",
    data: { labels: rows.map((row) => row.name), datasets: [data] },
    options: options({
      indexAxis: "y",
      scales: { x, y: { ...y, ticks: { ...y.ticks, autoSkip: false } } },
      plugins: { legend: { display: false }, tooltip: { displayColors: false } },
    }),
  };
}

/** Numbers as bars: `rows` are `{name, value, colour}`, the colour being the name of a token. */
export function Chart({ title, rows }) {
  const told = `${title}: ${rows.map(({ name, value }) => `${name} ${value}`).join(", ")}`;
  const height = `${rows.length * (BAR + GAP) + 32}px`;
  return html`<section class="box chart">
    <h2>${title}</h2>
    <${Drawing} make=${bars} numbers=${rows} told=${told} height=${height} />
    <${Table} title=${title} rows=${rows.map(({ name, value }) => [name, value])} />
  </section>`;
}
