// Queues and their dead letters.

import { at, call, get } from "./calls.js";
import { button, h, link, plural, pretty, table, tag, when } from "./elements.js";
import { form } from "./forms.js";
import { attempt, confirm, go, signInFirst, tell } from "./page.js";
import { isLocal, session } from "./session.js";

export async function queuesView(_, signal) {
  if (!session()) return signInFirst();
  await untilVisible();
  const problems = h("div");
  const [queues, setAside] = await Promise.all([
    get("/console/queues", signal),
    get("/queue-admin/outbox?maxMessages=50", signal),
  ]);
  const live = h("div", null, queueTable(queues, problems));
  refresh(live, problems, signal);
  return {
    title: "Queues",
    content: [
      h("p", { class: "lead" }, "What comes in, and what could not be handled."),
      h(
        "p",
        { class: "buttons" },
        button("Look again", () => go("#/queues"), "quiet"),
        isLocal && link("Put a message on a queue", "#/queues/send"),
      ),
      problems,
      live,
      setAsideSection(setAside, problems),
    ],
  };
}

/** Events and audit messages whose content the broker refused, or that were meant for another topic or queue. */
function setAsideSection(found, problems) {
  const retry = () =>
    attempt(problems, async () => {
      const { messagesFoundCount } = await call("PUT", "/queue-admin/outbox/retry");
      tell(`${plural(messagesFoundCount, "message")} tried again`);
      go("#/queues");
    });
  return h(
    "section",
    { id: "set-aside", "aria-labelledby": "set-aside-title" },
    h("h2", { id: "set-aside-title" }, "Messages that could not be sent"),
    found.messagesFoundCount > 0 && h("p", null, `${plural(found.messagesFoundCount, "message")}${shown(found)}.`),
    table(
      "Events and audit messages that were set aside",
      [
        { title: "Message", cell: (message) => h("strong", null, String(message.id)) },
        { title: "Service", cell: (message) => message.module },
        { title: "What", cell: (message) => `${message.kind === "audit" ? "audit: " : ""}${message.eventType}` },
        { title: "Recorded", cell: (message) => utc(message.recordedAt) },
        { title: "Set aside", cell: (message) => utc(message.setAsideAt) },
        { title: "Why", cell: (message) => message.reason },
      ],
      found.messages,
      "Nothing is set aside.",
    ),
    found.messagesFoundCount > 0 &&
      h("p", { class: "buttons" }, button("Try again", retry, "", { "aria-label": "Try to send what was set aside again" })),
  );
}

const utc = (text) => `${when(text)} UTC`;

function queueTable(queues, problems) {
  return table(
    "Queues you may look after",
    [
      { title: "Queue", cell: (queue) => [h("strong", null, queue.queueName), " ", !queue.isReachable && tag("does not answer", "bad")] },
      { title: "Service", cell: (queue) => queue.module },
      { title: "Messages", cell: (queue) => messages(queue) },
      { title: "Dead letters", cell: (queue) => deadLetters(queue) },
      { title: "What to do", cell: (queue) => actions(queue, problems) },
    ],
    queues,
    "There are no queues.",
  );
}

/** Counts change while somebody looks at them. Never under the reader's focus. */
function refresh(place, problems, signal) {
  const timer = setInterval(async () => {
    if (document.hidden || place.contains(document.activeElement)) return;
    try {
      const queues = await get("/console/queues", signal);
      if (!signal.aborted && !place.contains(document.activeElement)) place.replaceChildren(queueTable(queues, problems));
    } catch {
      // They are shown again when the server is back.
    }
  }, 3000);
  signal.addEventListener("abort", () => clearInterval(timer));
}

function messages({ messagesOnQueue, messagesInFlight }) {
  return messagesInFlight > 0 ? `${messagesOnQueue}, ${messagesInFlight} in flight` : String(messagesOnQueue);
}

function deadLetters(queue) {
  if (!queue.dlqName) return "has none";
  return tag(String(queue.messagesOnDlq), queue.messagesOnDlq > 0 ? "bad" : "good");
}

function actions(queue, problems) {
  return h(
    "span",
    { class: "actions" },
    queue.dlqName && link("Inspect", `#/queues/${encodeURIComponent(queue.dlqName)}`, { "aria-label": `Inspect ${queue.dlqName}` }),
    queue.dlqName && retryButton(queue.dlqName, problems, "#/queues", "plain"),
    queue.isPurgeable && purgeButton(queue.queueName, problems, "#/queues", "Purge"),
  );
}

let visibleAt = 0;

/** Whoever looks at dead letters hides them for a second, and until then nothing finds them. */
async function untilVisible() {
  const rest = visibleAt - performance.now();
  if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
}

function retryButton(name, problems, back, kind) {
  const retry = () =>
    attempt(problems, async () => {
      await untilVisible();
      const { messagesFoundCount } = await call("PUT", at`/queue-admin/retry-dlq/${name}`);
      tell(`${plural(messagesFoundCount, "dead letter")} of ${name} retried`);
      go(back);
    });
  return button("Retry", retry, kind, { "aria-label": `Retry the dead letters of ${name}` });
}

function purgeButton(name, problems, back, text, kind = "plain") {
  const purge = async () => {
    if (!(await confirm(`Purge ${name}?`, "Every message that is on it now is deleted for good.", "Delete the messages"))) return;
    await attempt(problems, async () => {
      await untilVisible();
      const { messagesFoundCount } = await call("PUT", at`/queue-admin/purge-queue/${name}`);
      tell(`${plural(messagesFoundCount, "message")} of ${name} deleted`);
      go(back);
    });
  };
  return button(text, purge, kind, { "aria-label": `Purge ${name}` });
}

export async function deadLettersView([encoded], signal) {
  if (!session()) return signInFirst();
  const name = decodeURIComponent(encoded);
  await untilVisible();
  const found = await get(at`/queue-admin/get-dlq-messages/${name}` + "?maxMessages=50", signal);
  if (found.messages.length > 0) visibleAt = performance.now() + 1200;
  const problems = h("div");
  const here = `#/queues/${encoded}`;
  return {
    title: `Dead letters of ${name}`,
    content: [
      h("p", { class: "lead" }, `${plural(found.messagesFoundCount, "message")}${shown(found)}.`),
      h(
        "p",
        { class: "buttons" },
        found.messagesFoundCount > 0 && retryButton(name, problems, here, ""),
        found.messagesFoundCount > 0 && purgeButton(name, problems, here, "Purge", "danger"),
        button("Look again", () => go(here), "quiet"),
        link("All queues", "#/queues"),
      ),
      problems,
      found.messages.map((message) =>
        h(
          "article",
          { class: "panel" },
          h("h2", { class: "small" }, message.messageId),
          h("pre", null, typeof message.body === "string" ? message.body : pretty(JSON.stringify(message.body))),
        ),
      ),
    ],
  };
}

function shown(found) {
  return found.messages.length < found.messagesFoundCount ? `, ${found.messages.length} shown` : "";
}

const poison = `{"Type":"Notification","Message":"This is no event","MessageAttributes":{}}`;

export async function sendView(_, signal) {
  if (!session()) return signInFirst();
  const queues = (await get("/console/queues", signal)).filter((queue) => queue.dlqName);
  return {
    title: "Put a message on a queue",
    content: [
      h(
        "p",
        { class: "lead" },
        "The message below is one that nobody can read: its consumer fails, and after some tries, within seconds, it is a dead letter.",
      ),
      form({
        fields: [
          {
            name: "queue",
            label: "Queue",
            options: queues.map((queue) => ({ value: queue.queueName, text: `${queue.queueName} (${queue.module})` })),
            value: queues[0]?.queueName,
            required: "Choose a queue",
          },
          { name: "message", label: "Message", type: "textarea", rows: 6, value: poison, required: "Enter a message" },
        ],
        submit: "Put it on the queue",
        cancel: "#/queues",
        send: async ({ queue, message }) => {
          await call("POST", at`/console/queues/${queue}/messages`, { message });
          tell(`Message put on ${queue}`);
          go("#/queues");
        },
      }),
    ],
  };
}
