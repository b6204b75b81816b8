// The numbers of now: read at once, and again a while after something changed.
import { get } from "../api.js";
import { useEffect, useRef, useState } from "../lib.js";
import { useTaskMessages } from "../tasks/list.js";
import { daysAgo } from "../ui/time.js";

// Many changes in a row are read together: an hour has a limited number of requests.
const PAUSE_MS = 15_000;

const SPAN = 30;

/**
 * The insight: `{numbers, at, busy, error, refresh, span, setSpan}`; `at` is when it was read.
 *
 * `span` is how many days up to today its series tells of.
 */
export function useInsight() {
  const [span, setSpan] = useState(SPAN);
  const latest = useRef(span);
  latest.current = span;
  const [state, setState] = useState({ numbers: null, at: null, busy: true, error: null });
  const timer = useRef(null);
  const refresh = async () => {
    clearTimeout(timer.current);
    timer.current = null;
    setState((state) => ({ ...state, busy: true }));
    try {
      const asked = latest.current;
      const numbers = await get("/reports/insight/", { from: daysAgo(asked - 1) });
      // Another period may have been chosen meanwhile: its own answer is on the way.
      if (asked !== latest.current) return;
      setState({ numbers, at: new Date().toISOString(), busy: false, error: null });
    } catch (error) {
      setState((state) => ({ ...state, busy: false, error }));
    }
  };
  useEffect(() => {
    refresh();
    return () => clearTimeout(timer.current);
  }, [span]);
  const soon = () => (timer.current ??= setTimeout(refresh, PAUSE_MS));
  useTaskMessages(soon, { onResync: soon });
  return { ...state, refresh, span, setSpan };
}
