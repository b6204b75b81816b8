// The reports that one asked for, kept true while a worker makes them.
import { get } from "../api.js";
import { useEffect, useRef, useState } from "../lib.js";
import { readAlong } from "../live.js";
import { me } from "../session.js";

const SHOWN = 50;
// The socket tells of beginning and end; how far a report is can only be read.
const PROGRESS_MS = 4000;

/** Whether a worker has it before it, or is at it. */
export const isUnderWay = ({ state }) => state === "waiting" || state === "running";

/** The newest reports: `{reports, error, reload}`; null until they are read. */
export function useReports() {
  const [state, setState] = useState({ reports: null, error: null });
  const reading = useRef(null);
  const reload = async () => {
    reading.current?.abort();
    reading.current = new AbortController();
    try {
      const { results } = await get("/reports/", { page_size: SHOWN }, reading.current);
      setState({ reports: results, error: null });
    } catch (error) {
      if (error.name !== "AbortError") setState((state) => ({ ...state, error }));
    }
  };
  useEffect(() => {
    const onMessage = (name) => name.startsWith("report.") && reload();
    const stop = readAlong(`user:${me.value.id}`, onMessage, reload);
    return () => {
      stop();
      reading.current?.abort();
    };
  }, []);
  const underWay = (state.reports || []).some(isUnderWay);
  useEffect(() => {
    if (!underWay) return undefined;
    const timer = setInterval(() => document.hidden || reload(), PROGRESS_MS);
    return () => clearInterval(timer);
  }, [underWay]);
  return { ...state, reload };
}
