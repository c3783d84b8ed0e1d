// What only a person can decide: merges of two patients, and changes of which nobody knows whether they were made.

import { at, call, get } from "./calls.js";
import { facts, h, link, plural, table, when } from "./elements.js";
import { form } from "./forms.js";
import { go, signInFirst, tell } from "./page.js";
import { session } from "./session.js";

function words(choice, removed, kept) {
  return {
    DROP_REMOVED: `The record of ${removed} goes`,
    DROP_KEPT: `The record of ${kept} goes: back in prison or free`,
    DROP_BOTH: "Both records go: back in prison or free",
    MOVE: `The record of ${removed} becomes that of ${kept}: still in hospital`,
    KEEP: `The record of ${kept} stays as it is`,
  }[choice] ?? choice;
}

export async function decisionsView(_, signal) {
  if (!session()) return signInFirst();
  const [merges, outcomes] = await Promise.all([
    get("/restricted-patients/merges", signal),
    get("/restricted-patients/unknown-outcomes", signal),
  ]);
  return {
    title: "Decisions",
    content: [
      h("p", { class: "lead" }, "What only a person can decide or find out."),
      h("h2", null, plural(merges.length, "stuck merge")),
      merges.length === 0 && h("p", { class: "nothing" }, "No merge waits for a decision."),
      merges.length > 0 &&
        h(
          "p",
          null,
          "Once you have decided, its message is taken the next time it comes. If it is a dead letter by then, retry it under ",
          link("Queues", "#/queues"),
          ".",
        ),
      merges.map(merge),
      h("h2", null, plural(outcomes.length, "unknown outcome")),
      table(
        "Changes that prison API may or may not have made",
        [
          { title: "Prisoner", cell: (each) => link(each.prisonerNumber, `#/prisoners/${each.prisonerNumber}`) },
          { title: "Change", cell: (each) => each.operation },
          { title: "Asked for by", cell: (each) => each.requestedBy },
          { title: "Since", cell: (each) => when(each.since) },
          { title: "Why it is not known", cell: (each) => each.reason },
        ],
        outcomes,
        "The outcome of every change is known.",
      ),
    ],
  };
}

function merge(item) {
  const { removedPrisonerNumber: removed, keptPrisonerNumber: kept } = item;
  return h(
    "article",
    { class: "panel" },
    h("h3", null, `${removed} was merged into ${kept}`),
    facts([
      ["Since", when(item.since)],
      ["Delivered", `${plural(item.deliveries, "time")}, last ${when(item.lastSeen)}`],
      [`Record of ${removed}`, record(item.removedRecord)],
      [`Record of ${kept}`, record(item.keptRecord)],
    ]),
    form({
      fields: [
        {
          name: "resolution",
          label: "What is right?",
          type: "radios",
          options: item.choices.map((choice) => ({ value: choice, text: words(choice, removed, kept) })),
          required: "Choose what is right",
        },
      ],
      submit: "Resolve merge",
      send: async (values) => {
        await call("POST", at`/restricted-patients/merges/${removed}/${kept}/resolve`, values);
        tell(`Merge of ${removed} into ${kept} resolved`);
        go("#/decisions");
      },
    }),
  );
}

function record(row) {
  if (!row) return "none";
  return `${row.hospitalLocationCode} since ${when(row.dischargeTime)}, supported by ${row.supportingPrisonId}`;
}
