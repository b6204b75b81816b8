import { App } from "./app.js";
import { html, render } from "./lib.js";
import { restore } from "./session.js";
import { tellOfFailures } from "./shell/failures.js";

tellOfFailures();
render(html`<${App} />`, document.getElementById("app"));
restore();
