// Adding a non-association, closing one, opening it again, and its history.

import { at, call, get } from "./calls.js";
import { facts, h, link, when } from "./elements.js";
import { form, prisonerNumber } from "./forms.js";
import { go, signInFirst, tell } from "./page.js";
import { prisonerOptions, samplePrisoners } from "./samples.js";
import { session } from "./session.js";

const options = (codes) => codes.map(({ code, description }) => ({ value: code, text: description }));

export async function addView([number], signal) {
  if (!session()) return signInFirst();
  const [constants, prisoners] = await Promise.all([get("/constants", signal), samplePrisoners()]);
  const roles = options(constants.roles);
  return {
    title: `Keep ${number} apart from somebody`,
    content: form({
      fields: [
        {
          name: "secondPrisonerNumber",
          label: "The other prisoner",
          hint: prisoners.length > 0 ? null : "Their number, for example B2345CD",
          options: prisonerOptions(prisoners.filter((each) => each.prisonerNumber !== number)),
          required: "Choose the other prisoner",
          ...prisonerNumber,
        },
        {
          name: "firstPrisonerRole",
          label: `Role of ${number}`,
          type: "radios",
          options: roles,
          required: `Choose the role of ${number}`,
        },
        {
          name: "secondPrisonerRole",
          label: "Role of the other prisoner",
          type: "radios",
          options: roles,
          required: "Choose the role of the other prisoner",
        },
        { name: "reason", label: "Reason", options: options(constants.reasons), required: "Choose a reason" },
        {
          name: "restrictionType",
          label: "Where they are kept apart",
          type: "radios",
          options: options(constants.restrictionTypes),
          required: "Choose where they are kept apart",
        },
        {
          name: "comment",
          label: "Comment",
          hint: "What happened, in words",
          type: "textarea",
          required: "Enter a comment",
        },
      ],
      submit: "Add non-association",
      cancel: `#/prisoners/${number}`,
      send: async (values) => {
        await call("POST", "/non-associations", { firstPrisonerNumber: number, ...values });
        tell("Non-association added");
        go(`#/prisoners/${number}`);
      },
    }),
  };
}

export async function closeView([number, id]) {
  return change(number, id, {
    title: "Close non-association",
    path: "close",
    field: "closedReason",
    label: "Why is it closed?",
    required: "Enter why it is closed",
    submit: "Close non-association",
    done: "Non-association closed",
  });
}

export async function reopenView([number, id]) {
  return change(number, id, {
    title: "Open non-association again",
    path: "reopen",
    field: "reopenReason",
    label: "Why is it opened again?",
    required: "Enter why it is opened again",
    submit: "Open again",
    done: "Non-association opened again",
  });
}

async function change(number, id, text) {
  if (!session()) return signInFirst();
  const item = await get(at`/non-associations/${id}`);
  return {
    title: text.title,
    content: [
      about(item),
      form({
        fields: [{ name: text.field, label: text.label, type: "textarea", required: text.required }],
        submit: text.submit,
        cancel: `#/prisoners/${number}`,
        send: async (values) => {
          await call("PUT", at`/non-associations/${id}/${text.path}`, values);
          tell(text.done);
          go(`#/prisoners/${number}`);
        },
      }),
    ],
  };
}

function about(item) {
  return facts([
    ["Prisoners", `${item.firstPrisonerNumber} and ${item.secondPrisonerNumber}`],
    ["Reason", item.reasonDescription],
    ["Comment", item.comment],
  ]);
}

export async function historyView([number, id], signal) {
  if (!session()) return signInFirst();
  const { history } = await get(at`/non-associations/${id}/history`, signal);
  return {
    title: `History of non-association ${id}`,
    content: [
      h(
        "ol",
        { class: "timeline" },
        history.map((entry) =>
          h(
            "li",
            null,
            h("h2", null, entry.change.charAt(0) + entry.change.slice(1).toLowerCase().replaceAll("_", " ")),
            h("p", { class: "hint" }, `${when(entry.changedAt)} by ${entry.changedBy}`),
            facts([
              ["Why", entry.changeReason ?? (entry.change === "CLOSED" ? entry.nonAssociation.closedReason : null)],
              ["Asked for by", entry.requestedBy],
              ["Keep apart", entry.nonAssociation?.restrictionTypeDescription],
              ["Comment", entry.nonAssociation?.comment],
            ]),
          ),
        ),
      ),
      h("p", null, link(`Back to ${number}`, `#/prisoners/${number}`)),
    ],
  };
}
