package prisonersearch

import java.time.LocalDate
import prisonersearch.models.Agency
import prisonersearch.models.RestrictedPatientDto

class Indexed(val prison: String?, val hospital: String?, val place: String?, val day: LocalDate, val comment: String?)

fun indexed(patient: RestrictedPatientDto) = Indexed(
  patient.supportingPrison?.agencyId,
  patient.hospitalLocation?.agencyId,
  patient.hospitalLocation?.description,
  patient.dischargeTime.toLocalDate(),
  patient.commentText
)

// Never null where there is an agency at all.
fun id(agency: Agency): String = agency.agencyId
