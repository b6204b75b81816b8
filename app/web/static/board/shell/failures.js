// What nobody caught: told, so that nothing fails in silence.
import { Component, html } from "../lib.js";
import { Problem } from "../ui/problem.js";
import { toastError } from "../ui/toast.js";

// Browsers report this where a layout takes two frames to settle; nothing has failed.
const HARMLESS = /ResizeObserver loop/;

function tell(error) {
  if (!error || error.name === "AbortError" || HARMLESS.test(error.message)) return;
  toastError("Something went wrong on this page.", error);
}

/** Tell of every failure that no part of the page has dealt with. */
export function tellOfFailures() {
  addEventListener("error", (event) => tell(event.error));
  addEventListener("unhandledrejection", (event) => tell(event.reason));
}

/** Its children, or where they cannot be drawn what went wrong, and the way to try again. */
export class Guard extends Component {
  componentDidCatch(error) {
    console.error(error);
    this.setState({ error });
  }

  render({ children }) {
    const { error } = this.state;
    if (!error) return children;
    return html`<div class="content">
      <${Problem}
        title="This page could not be shown"
        error=${error}
        onRetry=${() => this.setState({ error: null })}
      >
        <a class="button quiet" href="#">Go to your projects</a>
      <//>
    </div>`;
  }
}
