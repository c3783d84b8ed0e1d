// What the all-in-one profile has ready: prisoners, prisons and hospitals to choose from.

import { get } from "./calls.js";
import { isLocal } from "./session.js";
import { name } from "./elements.js";

/** Empty outside the all-in-one profile. */
export async function samplePrisoners() {
  return isLocal ? get("/console/sample-prisoners") : [];
}

export async function sampleAgencies() {
  if (!isLocal) return { prisons: [], hospitals: [] };
  const agencies = await get("/console/sample-agencies");
  const options = (isHospital) =>
    agencies
      .filter((agency) => agency.isHospital === isHospital)
      .map((agency) => ({ value: agency.agencyId, text: `${agency.description} (${agency.agencyId})` }));
  return { prisons: options(false), hospitals: options(true) };
}

export function prisonerOptions(prisoners) {
  return prisoners.map((prisoner) => ({
    value: prisoner.prisonerNumber,
    text: `${prisoner.prisonerNumber} – ${name(prisoner.firstName, prisoner.lastName)}, ${place(prisoner)}`,
  }));
}

export function place(prisoner) {
  if (!prisoner.prisonId) return "no location";
  return prisoner.prisonName ?? prisoner.prisonId;
}
