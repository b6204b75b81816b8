// The numbers of now: read at once, and again a while after something changed.
import { get } from "../api.js";
import { useEffect, useRef, useState } from "../lib.js";
import { useTaskMessages } from "../tasks/list.js";

// Many changes in a row are read together: an hour has a limited number of requests.
const PAUSE_MS = 15_000;

/** The insight: `{numbers, at, busy, error, refresh}`; `at` is when it was read. */
export function useInsight() {
  const [state, setState] = useState({ numbers: null, at: null, busy: true, error: null });
  const timer = useRef(null);
  const refresh = async () => {
    clearTimeout(timer.current);
    timer.current = null;
    setState((state) => ({ ...state, busy: true }));
    try {
      const numbers = await get("/reports/insight/");
      setState({ numbers, at: new Date().toISOString(), busy: false, error: null });
    } catch (error) {
      setState((state) => ({ ...state, busy: false, error }));
    }
  };
  useEffect(() => {
    refresh();
    return () => clearTimeout(timer.current);
  }, []);
  const soon = () => (timer.current ??= setTimeout(refresh, PAUSE_MS));
  useTaskMessages(soon, { onResync: soon });
  return { ...state, refresh };
}
