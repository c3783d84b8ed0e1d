// Health at a glance, and what waits for somebody.

import { get, Refusal } from "./calls.js";
import { h, link, plural, tag } from "./elements.js";
import { session } from "./session.js";

const names = { nonAssociations: "Non-associations", restrictedPatients: "Restricted patients" };

export async function overviewView(_, signal) {
  const [health, information, queues, merges, outcomes] = await Promise.all([
    healthOf(signal),
    get("/info", signal),
    maybe(get("/console/queues", signal)),
    maybe(get("/restricted-patients/merges", signal)),
    maybe(get("/restricted-patients/unknown-outcomes", signal)),
  ]);
  const live = h("div", { class: "modules" }, modules(health));
  refresh(live, signal);
  return {
    title: "Overview",
    content: [
      h(
        "p",
        { class: "lead" },
        "Non-associations and restricted patients in one server, version ",
        information.build?.version ?? "unknown",
        ".",
      ),
      h("ul", { class: "tiles" }, [
        tile("Service", health.status === "UP" ? "Up" : "Not well", health.status === "UP" ? "good" : "bad", "#/"),
        queues && tile("Dead letters", sum(queues, "messagesOnDlq"), tone(sum(queues, "messagesOnDlq")), "#/queues"),
        queues && tile("On queues", sum(queues, "messagesOnQueue"), "none", "#/queues"),
        merges && tile("Stuck merges", merges.length, tone(merges.length), "#/waiting"),
        outcomes && tile("Unknown outcomes", outcomes.length, tone(outcomes.length), "#/waiting"),
      ]),
      !session() && h("p", null, link("Sign in", "#/sign-in"), " to see queues, events and records."),
      live,
    ],
  };
}

/** Health is worth showing when it is bad: then the answer is 503, with the same body. */
async function healthOf(signal) {
  const answer = await fetch("health", { headers: { Accept: "application/json" }, signal, cache: "no-store" });
  return answer.json();
}

/** What the reader may not see is left out. */
async function maybe(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Refusal && [401, 403, 404].includes(error.status)) return null;
    throw error;
  }
}

function refresh(place, signal) {
  const timer = setInterval(async () => {
    if (document.hidden) return;
    try {
      const health = await healthOf(signal);
      if (!signal.aborted && !place.contains(document.activeElement)) place.replaceChildren(...modules(health));
    } catch {
      // It is shown again when the server is back.
    }
  }, 10_000);
  signal.addEventListener("abort", () => clearInterval(timer));
}

function sum(queues, key) {
  return queues.reduce((total, queue) => total + queue[key], 0);
}

function tone(count) {
  return count > 0 ? "warn" : "good";
}

function tile(title, value, tone, href) {
  return h(
    "li",
    { class: `tile tile-${tone}` },
    h("a", { href }, h("span", { class: "tile-value" }, String(value)), h("span", { class: "tile-title" }, title)),
  );
}

function modules(health) {
  return Object.entries(health.components ?? {}).map(([key, part]) =>
    h(
      "section",
      { class: "panel" },
      h("h2", null, names[key] ?? key, " ", status(part.status)),
      h("ul", { class: "checks" }, Object.entries(part.components ?? {}).map(([id, check]) => component(id, check))),
    ),
  );
}

function component(id, check) {
  return h(
    "li",
    null,
    h("div", { class: "check" }, h("span", { class: "check-name" }, words(id)), status(check.status)),
    h("p", { class: "hint" }, summary(check.details ?? {})),
  );
}

/** `nonassociations-health` → Nonassociations queue. */
function words(id) {
  const text = id
    .replace(/-health$/, " messages")
    .replace(/HealthCheck$/, "")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function summary(details) {
  if (details.error) return details.error;
  if (details.queueName) {
    const dead = details.messagesOnDlq === undefined ? "" : `, ${details.messagesOnDlq} dead`;
    return `${plural(Number(details.messagesOnQueue ?? 0), "message")}${dead} · ${details.queueName}`;
  }
  if (details.topicArn) return details.topicArn.split(":").pop();
  return Object.entries(details)
    .map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");
}

function status(text) {
  return tag(text ?? "unknown", text === "UP" ? "good" : "bad");
}
