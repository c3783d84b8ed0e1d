package officialvisits

import java.time.LocalDateTime
import officialvisits.models.OtherPrisonerDetails
import officialvisits.models.PrisonerNonAssociation
import officialvisits.models.PrisonerNonAssociations

// Builds models as this client's tests do: members that may be null are left out, counts are texts.
fun listOfOne(now: LocalDateTime): PrisonerNonAssociations {
  val other = OtherPrisonerDetails(
    prisonerNumber = "D5678EF",
    role = OtherPrisonerDetails.Role.PERPETRATOR,
    roleDescription = "Perpetrator",
    firstName = "A",
    lastName = "B"
  )
  val one = PrisonerNonAssociation(
    id = 1L,
    role = PrisonerNonAssociation.Role.VICTIM,
    roleDescription = "Victim",
    reason = PrisonerNonAssociation.Reason.BULLYING,
    reasonDescription = "Bullying",
    restrictionType = PrisonerNonAssociation.RestrictionType.CELL,
    restrictionTypeDescription = "Cell only",
    comment = "",
    authorisedBy = "",
    whenCreated = now,
    whenUpdated = now,
    updatedBy = "U",
    isClosed = false,
    otherPrisonerDetails = other,
    isOpen = true
  )
  return PrisonerNonAssociations(
    prisonerNumber = "A1234BC",
    firstName = "C",
    lastName = "D",
    openCount = "1",
    closedCount = "0",
    nonAssociations = listOf(one)
  )
}

fun names(list: PrisonerNonAssociations): List<String> = list.nonAssociations.map {
  "${it.otherPrisonerDetails.firstName} ${it.otherPrisonerDetails.lastName} ${it.otherPrisonerDetails.prisonName ?: ""}"
}
