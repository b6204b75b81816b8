// A chart with the same numbers as a table beneath it; its colours are those of the theme.
import { html, useEffect, useRef, useState } from "../lib.js";
import { theme } from "../store/theme.js";
import { duration } from "../ui/motion.js";

const ADDRESS = new URL("../../vendor/chart.js-4.6.1/chart.umd.min.js", import.meta.url).href;
const BAR = 24;
const GAP = 12;

let loading = null;

/** Chart.js, loaded when the first chart is drawn. */
function library() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = ADDRESS;
    script.onload = () => resolve(window.Chart);
    script.onerror = () => {
      loading = null;
      script.remove();
      reject(new Error("The charts could not be loaded; the tables show the same numbers."));
    };
    document.head.append(script);
  });
  return loading;
}

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function axes() {
  const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
  const ticks = { color: token("soft"), font, precision: 0 };
  const names = { ...ticks, color: token("text"), autoSkip: false };
  return {
    x: { beginAtZero: true, grid: { color: token("line") }, border: { display: false }, ticks },
    y: { grid: { display: false }, border: { display: false }, ticks: names },
  };
}

function settings(rows) {
  const bars = {
    data: rows.map((row) => row.value),
    backgroundColor: rows.map((row) => token(row.colour)),
    maxBarThickness: BAR,
    borderRadius: 3,
  };
  return {
    data: { labels: rows.map((row) => row.name), datasets: [bars] },
    options: {
      indexAxis: "y",
      maintainAspectRatio: false,
      animation: { duration: duration(200) },
      scales: axes(),
      plugins: { legend: { display: false }, tooltip: { displayColors: false } },
    },
  };
}

/** Draws the chart into the canvas, and anew with other rows or another theme. */
function useChart(rows) {
  const canvas = useRef(null);
  const chart = useRef(null);
  const [problem, setProblem] = useState(null);
  const key = JSON.stringify([rows, theme.value]);
  useEffect(() => {
    let gone = false;
    const draw = (Chart) => {
      if (gone) return;
      const drawn = settings(rows);
      if (chart.current) Object.assign(chart.current, drawn).update();
      else chart.current = new Chart(canvas.current, { type: "bar", ...drawn });
    };
    library().then(draw, (error) => setProblem(error.message));
    return () => (gone = true);
  }, [key]);
  useEffect(() => () => chart.current?.destroy(), []);
  return { canvas, problem };
}

function Table({ title, rows }) {
  return html`<details class="chart-table">
    <summary>As a table</summary>
    <table>
      <caption class="hidden-visually">${title}</caption>
      <tbody>
        ${rows.map(
          ({ name, value }) => html`<tr key=${name}>
            <th scope="row">${name}</th>
            <td>${value.toLocaleString()}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </details>`;
}

/** Numbers as bars: `rows` are `{name, value, colour}`, the colour being the name of a token. */
export function Chart({ title, rows }) {
  const { canvas, problem } = useChart(rows);
  const told = rows.map(({ name, value }) => `${name} ${value}`).join(", ");
  const height = `${rows.length * (BAR + GAP) + 32}px`;
  return html`<section class="box chart">
    <h2>${title}</h2>
    ${problem
      ? html`<p class="soft">${problem}</p>`
      : html`<div class="chart-frame" style=${{ height }}>
          <canvas ref=${canvas} role="img" aria-label="${title}: ${told}" />
        </div>`}
    <${Table} title=${title} rows=${rows} />
  </section>`;
}
