// Calls of the gateway, with the session's token.

import { session } from "./session.js";

/** What the server said no with; `fields` has texts by the name of the field, if it named any. */
export class Refusal extends Error {
  constructor(status, text, fields = {}) {
    super(text);
    this.status = status;
    this.fields = fields;
  }
}

/** The answer whatever its status, and how long it took; for trying calls. */
export async function raw(method, path, { body, signal, token = session()?.token } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const start = performance.now();
  // Below this page, wherever a proxy has put it.
  const answer = await fetch(path.replace(/^\//, ""), { method, headers, body, signal, cache: "no-store" });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, milliseconds: performance.now() - start };
}

/** The answer's JSON, or null without a body. Throws `Refusal`. */
export async function call(method, path, body, signal) {
  let answer;
  try {
    answer = await raw(method, path, { body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "The gateway cannot be reached.");
  }
  if (answer.status < 400) return answer.text === "" ? null : JSON.parse(answer.text);
  throw refusal(answer);
}

export const get = (path, signal) => call("GET", path, undefined, signal);

function refusal({ status, text }) {
  if (status === 401 && text === "") {
    return new Refusal(status, session() ? "Your token is not accepted any more. Sign in again." : "Sign in first.");
  }
  let problem = {};
  try {
    problem = JSON.parse(text);
  } catch {
    // Not every answer has a body.
  }
  if (status === 403) return new Refusal(status, "You do not have the role that this needs.");
  const message = problem.developerMessage ?? problem.userMessage ?? problem.error ?? `The server answered ${status}.`;
  return new Refusal(status, problem.userMessage ?? message, fieldsOf(message));
}

/** "closedReason: must not be empty; comment: …", or "commentText must have at most 240 characters". */
function fieldsOf(message) {
  const fields = {};
  for (const part of message.split("; ")) {
    const match = /^([a-z][A-Za-z]+)(?:: | (?=must ))(.+)$/.exec(part);
    if (match) fields[match[1]] = sentence(match[2]);
  }
  return fields;
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A path with its parts encoded: at`/prisoner/${number}/non-associations`. */
export function at(texts, ...values) {
  return String.raw({ raw: texts }, ...values.map((value) => encodeURIComponent(value)));
}
