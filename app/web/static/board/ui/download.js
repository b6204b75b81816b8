import { request } from "../api.js";

/** Save what the service answers as a file; the token goes with the request. Throws ApiError. */
export async function save(path, { query, name }) {
  const answer = await request("GET", `/api/v1${path}`, { query, headers: { Accept: "*/*" } });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = answer.headers.get("Content-Disposition")?.match(/filename="?([^";]+)/)?.[1] || name;
  link.click();
  // The browser reads it after the click.
  setTimeout(URL.revokeObjectURL, 60_000, link.href);
}
