// The stream of domain events as they happen, by long polling of each service.

import { get, Refusal } from "./calls.js";
import { button, h, link, pretty, tag, when } from "./elements.js";
import { signInFirst } from "./page.js";
import { session } from "./session.js";

const modules = ["non-associations", "restricted-patients"];
const longest = 200;

export async function eventsView(_, signal) {
  if (!session()) return signInFirst();
  const stream = new Stream(signal);
  const first = await Promise.all(modules.map((module) => stream.start(module)));
  const refused = first.filter((each) => each.refusal);
  if (refused.length === modules.length) throw refused[0].refusal;
  stream.show(first.flatMap((each) => each.events ?? []));
  for (const each of first) if (each.position) stream.follow(each.module, each.position);
  return {
    title: "Events",
    content: [
      h("p", { class: "lead" }, "What the services tell others, newest first, as it happens."),
      refused.length > 0 &&
        h("p", { class: "callout" }, `Your roles do not let you see ${refused.map((each) => each.module).join(", ")}.`),
      stream.controls,
      stream.list,
      stream.nothing,
    ],
  };
}

class Stream {
  constructor(signal) {
    this.signal = signal;
    this.isPaused = false;
    this.waiting = [];
    this.list = h("ol", { class: "stream", role: "log", "aria-live": "polite", "aria-label": "Events" });
    this.nothing = h("p", { class: "nothing" }, "No events yet. Add or close a non-association and look again.");
    this.state = h("span", { class: "hint", id: "stream-state" }, "Listening");
    this.filter = h("input", { id: "event-filter", type: "search", autocomplete: "off", oninput: () => this.apply() });
    this.pause = button("Pause", () => this.toggle(), "quiet", { "aria-pressed": "false" });
    this.controls = h(
      "div",
      { class: "toolbar" },
      h("div", { class: "field" }, h("label", { for: "event-filter" }, "Show only events with"), this.filter),
      this.pause,
      this.state,
    );
  }

  /** The latest events of a module. */
  async start(module) {
    try {
      const { events, position } = await get(`/console/events/${module}`, this.signal);
      return { module, position, events: events.map((event) => ({ module, ...event })) };
    } catch (error) {
      if (error instanceof Refusal && error.status === 403) return { module, refusal: error };
      throw error;
    }
  }

  async follow(module, position) {
    while (!this.signal.aborted) {
      try {
        const answer = await get(`/console/events/${module}?after=${position}`, this.signal);
        position = answer.position;
        this.state.textContent = this.isPaused ? "Paused" : "Listening";
        this.show(answer.events.map((event) => ({ module, ...event })));
      } catch (error) {
        if (this.signal.aborted) return;
        if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
          this.state.replaceChildren(error.message, " ", link("Sign in", "#/sign-in"));
          return;
        }
        this.state.textContent = "The gateway does not answer; trying again";
        await new Promise((resolve) => setTimeout(resolve, 2000));
      }
    }
  }

  show(events) {
    if (this.isPaused) {
      this.waiting.push(...events);
      if (this.waiting.length > 0) this.state.textContent = `Paused, ${this.waiting.length} waiting`;
      return;
    }
    events.sort((a, b) => a.recordedDateTime.localeCompare(b.recordedDateTime) || a.id - b.id);
    for (const event of events) this.list.prepend(item(event));
    while (this.list.children.length > longest) this.list.lastElementChild.remove();
    this.nothing.hidden = this.list.children.length > 0;
    this.apply();
  }

  apply() {
    const wanted = this.filter.value.trim().toLowerCase();
    for (const element of this.list.children) element.hidden = !element.textContent.toLowerCase().includes(wanted);
  }

  toggle() {
    this.isPaused = !this.isPaused;
    this.pause.textContent = this.isPaused ? "Go on" : "Pause";
    this.pause.setAttribute("aria-pressed", String(this.isPaused));
    this.state.textContent = this.isPaused ? "Paused" : "Listening";
    if (!this.isPaused) this.show(this.waiting.splice(0));
  }
}

function item(event) {
  let message = {};
  try {
    message = JSON.parse(event.message);
  } catch {
    // It is shown as it is.
  }
  return h(
    "li",
    { class: "event", "data-type": event.eventType },
    h(
      "p",
      { class: "event-head" },
      tag(event.eventType, event.module === "non-associations" ? "info" : "none"),
      h("time", { datetime: event.recordedDateTime }, `${when(event.recordedDateTime)}${seconds(event)}`),
    ),
    h("p", null, message.description ?? ""),
    numbers(message),
    h("details", null, h("summary", null, "Message"), h("pre", null, pretty(event.message))),
  );
}

function seconds(event) {
  return event.recordedDateTime.slice(16, 19);
}

function numbers(message) {
  const text = JSON.stringify({ ...message.additionalInformation, ...message.personReference });
  const found = [...new Set(text.match(/\b[A-Z]\d{4}[A-Z]{2}\b/g) ?? [])];
  if (found.length === 0) return null;
  return h("p", { class: "actions" }, found.map((number) => link(number, `#/prisoners/${number}`)));
}
