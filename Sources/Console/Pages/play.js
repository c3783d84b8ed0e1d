// Playing what happens in the prisons: in the all-in-one profile alone.

import { call } from "./calls.js";
import { h, link } from "./elements.js";
import { form } from "./forms.js";
import { signInFirst } from "./page.js";
import { prisonerOptions, sampleAgencies, samplePrisoners } from "./samples.js";
import { session } from "./session.js";

/** What each scene needs besides a prisoner. */
const scenes = [
  { event: "merge", text: "Two numbers turn out to be one person", asks: ["other"] },
  { event: "booking-moved", text: "A booking goes over to another number", asks: ["other"] },
  { event: "released", text: "A prisoner is released, to a hospital or home", asks: ["hospital"] },
  { event: "reception", text: "A prisoner comes into a prison", asks: ["prison"] },
  { event: "discharge", text: "A user moves a prisoner to hospital", asks: ["hospital"] },
  { event: "removal", text: "A user removes a restricted patient", asks: [] },
];

export async function playView() {
  if (!session()) return signInFirst();
  const [prisoners, agencies] = await Promise.all([samplePrisoners(), sampleAgencies()]);
  const place = h("div");
  const report = h("section", { "aria-live": "polite", "aria-label": "What came of it" });
  const choose = (scene) => {
    report.replaceChildren();
    place.replaceChildren(sceneForm(scene, prisoners, agencies, report));
  };
  choose(scenes[0]);
  return {
    title: "Play",
    content: [
      h(
        "p",
        { class: "lead" },
        "What other systems would do: their records change, and their events flow through the queues.",
      ),
      h(
        "fieldset",
        { class: "field" },
        h("legend", null, "What happens?"),
        h("div", { class: "radios column" }, scenes.map((scene, index) => choice(scene, index === 0, choose))),
      ),
      place,
      report,
    ],
  };
}

function choice(scene, isFirst, choose) {
  const id = `scene-${scene.event}`;
  return h(
    "div",
    { class: "radio" },
    h("input", {
      type: "radio",
      name: "scene",
      id,
      value: scene.event,
      checked: isFirst,
      onchange: () => choose(scene),
    }),
    h("label", { for: id }, scene.text),
  );
}

function sceneForm(scene, prisoners, { prisons, hospitals }, report) {
  const options = prisonerOptions(prisoners);
  const questions = {
    other: { label: "The number that stays", options, required: "Choose the number that stays" },
    prison: { label: "Prison", options: prisons, required: "Choose a prison" },
    hospital: {
      label: scene.event === "released" ? "Hospital (none to go home)" : "Hospital",
      options: hospitals,
      required: scene.event === "released" ? undefined : "Choose a hospital",
    },
  };
  return form({
    fields: [
      { name: "prisoner", label: "Prisoner", options, required: "Choose a prisoner" },
      ...scene.asks.map((name) => ({ name, ...questions[name] })),
    ],
    submit: "Play",
    send: async (values) => {
      report.replaceChildren(h("p", { class: "hint" }, "Waiting for the queues …"));
      try {
        report.replaceChildren(...results(await call("POST", "/console/play", { event: scene.event, ...values })));
      } catch (error) {
        report.replaceChildren();
        throw error;
      }
    },
  });
}

function results({ did, events, outcome }) {
  return [
    h("h2", null, "What came of it"),
    lines("Done", did),
    lines("Events", events),
    lines("In the gateway", outcome),
    h(
      "p",
      null,
      link("See the events", "#/events"),
      ", ",
      link("the queues", "#/queues"),
      " or ",
      link("what waits for a decision", "#/decisions"),
      ".",
    ),
  ];
}

function lines(title, texts) {
  if (texts.length === 0) return "";
  return h("section", { class: "panel" }, h("h3", null, title), h("ul", { class: "lines" }, texts.map((text) => h("li", null, text))));
}
