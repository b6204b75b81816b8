// Requests to the API: JSON in and out, the token added and renewed, failures as ApiError.

const root = document.documentElement.dataset.root;

/**
 * What went wrong: `status` as of HTTP (0: no answer), `errors` by field, and the sentence to show;
 * `problem` is all that the service said.
 */
class ApiError extends Error {
  constructor(status, problem = {}) {
    super(problem.detail || problem.title || "The service did not answer. Check your connection.");
    this.status = status;
    this.problem = problem;
    this.errors = problem.errors || {};
    this.code = (problem.type || "").split("/").pop();
  }
}

// session.js says how to get a token: it imports this module, so this one cannot import it.
let auth = { token: () => null, renew: async () => null };

/** Name the source of tokens: `token()` is the present one, `renew()` gets another or null. */
export function authorizeWith(source) {
  auth = source;
}

/** The address of a path of the service, with a query: empty values are left out, lists repeat. */
function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  const pairs = given.flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
  const text = new URLSearchParams(pairs).toString();
  return `${root}${path}${text ? `?${text}` : ""}`;
}

async function send(method, url, { body, headers = {}, signal } = {}) {
  const token = auth.token();
  const all = { Accept: "application/json", ...headers };
  if (token) all.Authorization = `Bearer ${token}`;
  if (body !== undefined) all["Content-Type"] = "application/json";
  try {
    return await fetch(url, {
      method,
      headers: all,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0);
  }
}

/**
 * The answer of the service, whatever its body. Throws ApiError unless it is a good one.
 *
 * With an access token that is too old it asks for another one and tries again, unless `once`.
 */
export async function request(method, path, { query, once = false, ...options } = {}) {
  const url = address(path, query);
  let answer = await send(method, url, options);
  if (answer.status === 401 && !once && auth.token() && (await auth.renew())) {
    answer = await send(method, url, options);
  }
  if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

async function json(method, path, options) {
  const answer = await request(method, path, options);
  return answer.status === 204 ? null : answer.json();
}

const V1 = "/api/v1";

export const get = (path, query, options) => json("GET", V1 + path, { query, ...options });
export const post = (path, body, options) => json("POST", V1 + path, { body, ...options });
export const put = (path, body, options) => json("PUT", V1 + path, { body, ...options });
export const patch = (path, body, options) => json("PATCH", V1 + path, { body, ...options });
export const remove = (path, options) => json("DELETE", V1 + path, options);

/** The session of this page, which is no part of the API proper (see app/web/session_routes.py). */
export const session = {
  start: (credentials) => json("POST", "/session/", { body: credentials }),
  refresh: () => json("POST", "/session/refresh/", { once: true }),
  end: () => json("DELETE", "/session/"),
};

/** All pages of a list that is known to be short, such as projects or members. */
export async function getAll(path, query = {}) {
  const found = [];
  for (let page = 1; ; page += 1) {
    const part = await get(path, { ...query, page, page_size: 100 });
    found.push(...part.results);
    if (!part.next) return found;
  }
}

/** The query of a link that the service gave, such as `next`, to be asked for with `get`. */
export function queryOf(link) {
  return Object.fromEntries(new URL(link).searchParams);
}
