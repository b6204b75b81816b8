// What all charts share: Chart.js, loaded when the first one is drawn, in the colours of the theme.
import { html, useEffect, useRef, useState } from "../lib.js";
import { theme } from "../store/theme.js";
import { duration } from "../ui/motion.js";

const ADDRESS = new URL("../../vendor/chart.js-4.6.1/chart.umd.min.js", import.meta.url).href;

let loading = null;

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

/** The value of a token of the present theme. */
export const token = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** The axes: `counts` is the one with the numbers, `names` the other. */
export function axes({ counts, names }) {
  const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
  const ticks = { color: token("soft"), font, precision: 0 };
  const border = { display: false };
  return {
    [counts]: { beginAtZero: true, grid: { color: token("line") }, border, ticks },
    [names]: { grid: { display: false }, border, ticks: { color: token("text"), font } },
  };
}

/** The options of every chart, with `more`. */
export function options(more) {
  return { maintainAspectRatio: false, animation: { duration: duration(200) }, ...more };
}

/** Draws `make(numbers)` into the canvas, and anew with other numbers or another theme. */
function useDrawing(make, numbers) {
  const canvas = useRef(null);
  const chart = useRef(null);
  const [problem, setProblem] = useState(null);
  const key = JSON.stringify([numbers, theme.value]);
  useEffect(() => {
    let gone = false;
    const draw = (Chart) => {
      if (gone) return;
      const made = make(numbers);
      if (chart.current) Object.assign(chart.current, made).update();
      else chart.current = new Chart(canvas.current, made);
    };
    library().then(draw, (error) => setProblem(error.message));
    return () => (gone = true);
  }, [key]);
  useEffect(() => () => chart.current?.destroy(), []);
  return { canvas, problem };
}

/** The chart that `make(numbers)` describes to Chart.js; `told` is what it says, in words. */
export function Drawing({ make, numbers, told, height }) {
  const { canvas, problem } = useDrawing(make, numbers);
  if (problem) return html`<p class="soft">${problem}</p>`;
  return html`<div class="chart-frame" style=${{ height }}>
    <canvas ref=${canvas} role="img" aria-label=${told} />
  </div>`;
}

/** The numbers of a chart: `columns` are their names, `rows` are `[name, ...numbers]`. */
export function Table({ title, columns, rows }) {
  return html`<details class="chart-table">
    <summary>As a table</summary>
    <table>
      <caption class="hidden-visually">${title}</caption>
      ${
        columns &&
        html`<thead>
          <tr>${columns.map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr>
        </thead>`
      }
      <tbody>
        ${rows.map(
          ([name, ...numbers]) => html`<tr key=${name}>
            <th scope="row">${name}</th>
            ${numbers.map((number, at) => html`<td key=${at}>${number.toLocaleString()}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>
  </details>`;
}
