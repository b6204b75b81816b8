import { App } from "./app.js";
import { html, render } from "./lib.js";
import { restore } from "./session.js";

render(html`<${App} />`, document.getElementById("app"));
restore();
