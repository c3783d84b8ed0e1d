// Prisoners, and whom each is to be kept apart from.

import { at, get, Refusal } from "./calls.js";
import { facts, h, link, name, plural, table, tag, when } from "./elements.js";
import { form, prisonerNumber } from "./forms.js";
import { go, signInFirst } from "./page.js";
import { place, samplePrisoners } from "./samples.js";
import { has, isLocal, session } from "./session.js";

export async function prisonersView() {
  const prisoners = await samplePrisoners();
  return {
    title: "Prisoners",
    content: [
      search(),
      isLocal &&
        table(
          "Sample prisoners",
          [
            { title: "Number", cell: (each) => link(each.prisonerNumber, `#/prisoners/${each.prisonerNumber}`) },
            { title: "Name", cell: (each) => name(each.firstName, each.lastName) },
            { title: "Where", cell: (each) => [place(each), each.cellLocation].filter(Boolean).join(", ") },
          ],
          prisoners,
          "There are none.",
        ),
    ],
  };
}

function search() {
  return form({
    fields: [
      {
        name: "number",
        label: "Prisoner number",
        hint: "For example, A1234BC",
        width: "short",
        required: "Enter a prisoner number",
        ...prisonerNumber,
      },
    ],
    submit: "Find",
    send: async ({ number }) => go(`#/prisoners/${number.toUpperCase()}`),
  });
}

export async function prisonerView([number], signal) {
  if (!session()) return signInFirst();
  const list = await listOf(number, signal);
  const open = list.nonAssociations.filter((each) => each.isOpen);
  const closed = list.nonAssociations.filter((each) => !each.isOpen);
  return {
    title: `${name(list.firstName, list.lastName)} ${number}`,
    content: [
      h("p", { class: "lead" }, [list.prisonName ?? "No location", list.cellLocation].filter(Boolean).join(", ")),
      h(
        "p",
        { class: "buttons" },
        has("WRITE_NON_ASSOCIATIONS") && link("Add a non-association", `#/prisoners/${number}/add`, { class: "button" }),
        link("All prisoners", "#/prisoners"),
      ),
      h("h2", null, `${plural(open.length, "open non-association")}`),
      open.length === 0
        ? h("p", { class: "nothing" }, "Nobody to be kept apart from.")
        : open.map((each) => card(number, each)),
      closed.length > 0 && h("h2", null, `${closed.length} closed`),
      closed.map((each) => card(number, each)),
    ],
  };
}

export async function listOf(number, signal) {
  try {
    return await get(
      at`/prisoner/${number}/non-associations` + "?includeOpen=true&includeClosed=true&includeOtherPrisons=true",
      signal,
    );
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 404) throw error;
    throw new Refusal(404, `There is no prisoner ${number}.`);
  }
}

function card(number, item) {
  const other = item.otherPrisonerDetails;
  const base = `#/prisoners/${number}/non-associations/${item.id}`;
  return h(
    "article",
    { class: "panel", "data-id": item.id },
    h(
      "h3",
      null,
      link(`${name(other.firstName, other.lastName)} ${other.prisonerNumber}`, `#/prisoners/${other.prisonerNumber}`),
      " ",
      item.isOpen ? tag("Open", "warn") : tag("Closed"),
    ),
    facts([
      ["Where", [other.prisonName, other.cellLocation].filter(Boolean).join(", ")],
      ["Keep apart", item.restrictionTypeDescription],
      ["Reason", item.reasonDescription],
      ["Roles", `${item.roleDescription} – ${other.roleDescription}`],
      ["Comment", item.comment],
      ["Changed", `${when(item.whenUpdated)} by ${item.updatedBy}`],
      ["Closed", item.isClosed ? `${when(item.closedAt)} by ${item.closedBy}: ${item.closedReason}` : null],
    ]),
    h(
      "p",
      { class: "buttons" },
      item.isOpen && has("WRITE_NON_ASSOCIATIONS") && link("Close", `${base}/close`, { class: "button quiet" }),
      item.isClosed && has("REOPEN_NON_ASSOCIATIONS") && link("Open again", `${base}/reopen`, { class: "button quiet" }),
      link("History", `${base}/history`),
    ),
  );
}
