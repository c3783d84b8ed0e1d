package nomisupdate

import java.time.LocalDate
import java.time.LocalDateTime
import nomisupdate.models.LegacyNonAssociation
import nomisupdate.models.LegacyNonAssociationOtherPrisonerDetails
import nomisupdate.models.NonAssociation

fun row(from: LocalDateTime, until: LocalDateTime?) = LegacyNonAssociation(
  id = 1L,
  offenderNo = "A1234BC",
  reasonCode = LegacyNonAssociation.ReasonCode.VIC,
  reasonDescription = "Victim",
  typeCode = LegacyNonAssociation.TypeCode.LAND,
  typeDescription = "Landing",
  effectiveDate = from,
  comments = "",
  offenderNonAssociation = LegacyNonAssociationOtherPrisonerDetails(
    offenderNo = "D5678EF",
    reasonCode = LegacyNonAssociationOtherPrisonerDetails.ReasonCode.PER,
    reasonDescription = "Perpetrator"
  ),
  expiryDate = until
)

fun codes(row: LegacyNonAssociation): List<String> = listOf(
  row.reasonCode.value, row.reasonCode.name, row.typeCode.value, row.offenderNonAssociation.reasonCode.value
)

// `from` is never null, `until` may be.
fun days(row: LegacyNonAssociation): Pair<LocalDate, LocalDate?> =
  row.effectiveDate.toLocalDate() to row.expiryDate?.toLocalDate()

fun made(row: NonAssociation): LocalDateTime = row.whenCreated

fun code(row: NonAssociation): Int = when (row.reason) {
  NonAssociation.Reason.BULLYING -> 1
  NonAssociation.Reason.GANG_RELATED -> 2
  NonAssociation.Reason.ORGANISED_CRIME -> 3
  NonAssociation.Reason.LEGAL_REQUEST -> 4
  NonAssociation.Reason.THREAT -> 5
  NonAssociation.Reason.VIOLENCE -> 6
  NonAssociation.Reason.OTHER -> 7
}
