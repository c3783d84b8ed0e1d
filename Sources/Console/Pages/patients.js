// Restricted patients: who is in hospital, who was.

import { at, call, get } from "./calls.js";
import { button, facts, h, link, plural, table, when } from "./elements.js";
import { form } from "./forms.js";
import { attempt, confirm, go, signInFirst, tell } from "./page.js";
import { sampleAgencies } from "./samples.js";
import { session } from "./session.js";

export async function patientsView(_, signal) {
  if (!session()) return signInFirst();
  const page = await get("/restricted-patients?size=100", signal);
  const problems = h("div");
  return {
    title: "Restricted patients",
    content: [
      h("p", { class: "lead" }, `${plural(page.totalElements, "prisoner")} held in hospital.`),
      h("p", { class: "buttons" }, link("Move a prisoner to hospital", "#/patients/discharge", { class: "button" })),
      problems,
      table(
        page.totalElements > page.content.length ? `The first ${page.content.length}` : "All of them",
        [
          { title: "Prisoner", cell: (each) => link(each.prisonerNumber, `#/prisoners/${each.prisonerNumber}`) },
          { title: "Hospital", cell: (each) => agency(each.hospitalLocation) },
          { title: "Supported by", cell: (each) => agency(each.supportingPrison) },
          { title: "Since", cell: (each) => when(each.dischargeTime) },
          { title: "What to do", cell: (each) => actions(each, problems) },
        ],
        page.content,
        "Nobody is in hospital.",
      ),
    ],
  };
}

function agency(agency) {
  return agency ? (agency.description ?? agency.agencyId) : "";
}

function actions(patient, problems) {
  const number = patient.prisonerNumber;
  return h(
    "span",
    { class: "actions" },
    link("Change prison", `#/patients/${number}/supporting-prison`, { "aria-label": `Change supporting prison of ${number}` }),
    link("History", `#/patients/${number}/history`, { "aria-label": `History of ${number}` }),
    button("Remove", () => remove(number, problems), "plain", { "aria-label": `Remove ${number}` }),
  );
}

async function remove(number, problems) {
  const text = `${number} will no longer be a restricted patient, and prison API is told that they have left hospital.`;
  if (!(await confirm("Remove this patient?", text, `Remove ${number}`))) return;
  await attempt(problems, async () => {
    await call("DELETE", at`/restricted-patient/prison-number/${number}`);
    tell(`${number} removed`);
    go("#/patients");
  });
}

export async function supportingPrisonView([number], signal) {
  if (!session()) return signInFirst();
  const [patient, { prisons }] = await Promise.all([
    get(at`/restricted-patient/prison-number/${number}`, signal),
    sampleAgencies(),
  ]);
  return {
    title: `Change supporting prison of ${number}`,
    content: [
      facts([
        ["Now", agency(patient.supportingPrison)],
        ["Hospital", agency(patient.hospitalLocation)],
      ]),
      form({
        fields: [
          {
            name: "supportingPrisonId",
            label: "Supporting prison",
            hint: prisons.length > 0 ? null : "Its code, for example MDI",
            options: prisons,
            width: "short",
            required: "Choose a prison",
          },
        ],
        submit: "Change prison",
        cancel: "#/patients",
        send: async (values) => {
          await call("POST", "/change-supporting-prison", { offenderNo: number, ...values });
          tell(`Supporting prison of ${number} changed`);
          go("#/patients");
        },
      }),
    ],
  };
}

export async function patientHistoryView([number], signal) {
  if (!session()) return signInFirst();
  const history = await get(at`/restricted-patient/prison-number/${number}/history`, signal);
  return {
    title: `History of ${number}`,
    content: [
      h(
        "ol",
        { class: "timeline" },
        [history.current, ...history.removed].filter(Boolean).map((record) =>
          h(
            "li",
            null,
            h("h2", null, record.removedDateTime ? `In hospital until ${when(record.removedDateTime)}` : "In hospital now"),
            facts([
              ["Since", when(record.dischargeTime)],
              ["Hospital", record.hospitalLocationCode],
              ["From", record.fromLocationId],
              ["Supported by", record.supportingPrisonId],
              ["Comment", record.commentText],
              ["Recorded by", record.createUserId],
              ["Removed by", record.removedUserId],
              ["Because", record.removedBecause?.toLowerCase().replaceAll("_", " ")],
            ]),
          ),
        ),
      ),
      h("p", null, link("All restricted patients", "#/patients")),
    ],
  };
}
