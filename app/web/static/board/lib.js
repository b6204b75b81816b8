// The libraries under the names that all modules use.
import htm from "htm";
import { h, render } from "preact";

export const html = htm.bind(h);
export { render };
export { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal, useComputed, useSignal } from "@preact/signals";
