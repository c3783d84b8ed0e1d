// Moving a prisoner to hospital.

import { call } from "./calls.js";
import { form, prisonerNumber } from "./forms.js";
import { go, signInFirst, tell } from "./page.js";
import { prisonerOptions, sampleAgencies, samplePrisoners } from "./samples.js";
import { session } from "./session.js";

export async function dischargeView() {
  if (!session()) return signInFirst();
  const [prisoners, { prisons, hospitals }] = await Promise.all([samplePrisoners(), sampleAgencies()]);
  const code = (options, example) => (options.length > 0 ? null : `The code, for example ${example}`);
  return {
    title: "Move a prisoner to hospital",
    content: form({
      fields: [
        {
          name: "offenderNo",
          label: "Prisoner",
          hint: prisoners.length > 0 ? null : "Their number, for example A1234BC",
          options: prisonerOptions(prisoners.filter((each) => each.cellLocation)),
          required: "Choose a prisoner",
          ...prisonerNumber,
        },
        { name: "fromLocationId", label: "From prison", hint: code(prisons, "MDI"), options: prisons, required: "Choose a prison" },
        {
          name: "hospitalLocationCode",
          label: "To hospital",
          hint: code(hospitals, "HAZLWD"),
          options: hospitals,
          required: "Choose a hospital",
        },
        {
          name: "supportingPrisonId",
          label: "Supporting prison (optional)",
          hint: "If it is another than the prison they come from",
          options: prisons,
        },
        { name: "commentText", label: "Comment (optional)", hint: "At most 240 characters", type: "textarea" },
      ],
      submit: "Move to hospital",
      cancel: "#/patients",
      send: async (values) => {
        await call("POST", "/discharge-to-hospital", values);
        tell(`${values.offenderNo} moved to hospital`);
        go("#/patients");
      },
    }),
  };
}
