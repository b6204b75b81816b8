// Icons: strokes on a 24-pixel square, drawn in the colour of the text around them.
import { html } from "../lib.js";

const PATHS = {
  alert: "M12 8v5m0 3v.01M10.3 4 2.6 17.5A2 2 0 0 0 4.3 20.5h15.4a2 2 0 0 0 1.7-3L13.7 4a2 2 0 0 0-3.4 0Z",
  archive: "M3 4h18v4H3zM5 8v12h14V8M10 12h4",
  arrow: "M5 12h14m-6-6 6 6-6 6",
  bell: "M6 9a6 6 0 1 1 12 0c0 6 2 7 2 7H4s2-1 2-7m4.5 11a2 2 0 0 0 3 0",
  board: "M4 4h16v16H4zM10 4v16M15 4v16",
  bookmark: "M6 4h12v16l-6-4-6 4z",
  calendar: "M4 6h16v14H4zM4 10h16M8 3v4m8-4v4",
  chart: "M4 20V4m0 16h16M8 16v-4m4 4V8m4 8v-6",
  check: "m5 12 5 5 9-11",
  clock: "M12 7v5l3 2m6-2a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  close: "m6 6 12 12M18 6 6 18",
  comment: "M4 5h16v11H9l-5 4z",
  dots: "M4.5 12h1m6 0h1m6 0h1M4.5 12.5h1m6 0h1m6 0h1",
  download: "M12 4v11m-5-5 5 5 5-5M4 20h16",
  edit: "m4 20 1-4L16 5l3 3L8 19z",
  filter: "M4 5h16l-6 7.5V19l-4-2v-4.5z",
  folder: "M3 6h6l2 2h10v11H3z",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  inbox: "M4 5h16v14H4zM4 13h5l1 2h4l1-2h5",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1m2 4a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  list: "M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01",
  lock: "M6 11h12v9H6zM8 11V8a4 4 0 1 1 8 0v3",
  menu: "M4 7h16M4 12h16M4 17h16",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6 9c0-4 2.5-6 6-6s6 2 6 6m1-16a3.5 3.5 0 0 1 0 7m2 3c2 1 3 3 3 6",
  plus: "M12 5v14M5 12h14",
  refresh: "M20 5v5h-5M4 19v-5h5M5 9a8 8 0 0 1 14-2l1 3M19 15a8 8 0 0 1-14 2l-1-3",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 5 5",
  settings: "M4 7h10m4 0h2M4 17h4m4 0h8M16 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM10 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  trash: "M5 7h14M10 4h4m-7 3 1 13h8l1-13",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 9c0-4.5 3.5-7 8-7s8 2.5 8 7",
};

/** An icon that only decorates: what it means is said beside it, or by the button's label. */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
