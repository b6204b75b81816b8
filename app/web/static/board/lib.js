// The libraries under the names that all modules use.
import htm from "htm";
import { Component, h, render } from "preact";

export const html = htm.bind(h);
export { Component, render };
export { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal } from "@preact/signals";

/** A component that is drawn anew only where one of its properties is another one. */
export function memo(drawn) {
  return class extends Component {
    shouldComponentUpdate(next) {
      const names = Object.keys({ ...this.props, ...next });
      return names.some((name) => !Object.is(this.props[name], next[name]));
    }

    render(props) {
      return h(drawn, props);
    }
  };
}
