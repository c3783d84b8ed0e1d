// Health at a glance, and what waits for somebody.

import { get, Refusal } from "./calls.js";
import { h, link, plural, tag } from "./elements.js";
import { session } from "./session.js";

const moduleNames = { nonAssociations: "Non-associations", restrictedPatients: "Restricted patients" };

const names = {
  db: "Database",
  hmppsAuthApi: "HMPPS Auth",
  prisonApiHealthCheck: "Prison API",
  prisonerSearchApi: "Prisoner search",
  prisonerSearchApiHealthCheck: "Prisoner search",
};

/** Told in one line while they are up. */
const ofTheProcess = {
  diskSpace: "disk space",
  livenessState: "liveness",
  ping: "ping",
  readinessState: "readiness",
  ssl: "certificates",
};

export async function overviewView(_, signal) {
  const [health, information, queues, setAside, merges, outcomes] = await Promise.all([
    healthOf(signal),
    get("/info", signal),
    maybe("/console/queues", signal),
    maybe("/queue-admin/outbox?maxMessages=0", signal),
    maybe("/restricted-patients/merges", signal),
    maybe("/restricted-patients/unknown-outcomes", signal),
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
        setAside && tile("Not sent", setAside.messagesFoundCount, tone(setAside.messagesFoundCount), "#/queues"),
        merges && tile("Stuck merges", merges.length, tone(merges.length), "#/decisions"),
        outcomes && tile("Outcomes unknown", outcomes.length, tone(outcomes.length), "#/decisions"),
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
async function maybe(path, signal) {
  if (!session()) return null;
  try {
    return await get(path, signal);
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
  return Object.entries(health.components ?? {}).map(([key, part]) => {
    const checks = Object.entries(part.components ?? {});
    const isQuiet = ([id, check]) => id in ofTheProcess && check.status === "UP";
    const quiet = checks.filter(isQuiet);
    return h(
      "section",
      { class: "panel" },
      h("h2", null, moduleNames[key] ?? key, " ", status(part.status)),
      h(
        "ul",
        { class: "checks" },
        checks.filter((check) => !isQuiet(check)).map(([id, check]) => component(id, check)),
        quiet.length > 0 && h("li", { class: "hint" }, `Also up: ${quiet.map(([id]) => ofTheProcess[id]).join(", ")}`),
      ),
    );
  });
}

function component(id, check) {
  const details = check.details ?? {};
  return h(
    "li",
    null,
    h("div", { class: "check" }, h("span", { class: "check-name" }, title(id, details)), status(check.status)),
    h("p", { class: "hint" }, summary(details)),
  );
}

function title(id, details) {
  if (details.queueName) return `Queue ${details.queueName}`;
  if (details.topicArn) return `Topic ${details.topicArn.split(":").pop()}`;
  const text = (names[id] ?? id).replace(/([a-z])([A-Z])/g, "$1 $2");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function summary(details) {
  if (details.error) return details.error;
  if (details.queueName) {
    const dead = details.messagesOnDlq === undefined ? "" : `, ${plural(Number(details.messagesOnDlq), "dead letter")}`;
    return `${plural(Number(details.messagesOnQueue ?? 0), "message")}${dead}`;
  }
  if (details.subscriptionsConfirmed) return plural(Number(details.subscriptionsConfirmed), "subscription");
  return details.HttpStatus ?? details.database ?? "";
}

function status(text) {
  return tag(text ?? "unknown", text === "UP" ? "good" : "bad");
}
