package activities

import activities.models.NonAssociation
import activities.models.OtherPrisonerDetails
import activities.models.PrisonerNonAssociation
import activities.models.PrisonerNonAssociations
import java.time.LocalDateTime

fun newest(list: PrisonerNonAssociations): LocalDateTime? = list.nonAssociations.map { it.whenUpdated }.max()

fun roles(one: PrisonerNonAssociation): Pair<String, OtherPrisonerDetails.Role> =
  one.role.value to one.otherPrisonerDetails.role

fun isOpenIn(rows: List<NonAssociation>, number: String, after: LocalDateTime): Boolean = rows.any {
  it.isOpen && !it.isClosed && it.whenUpdated.isAfter(after) &&
    (it.firstPrisonerNumber == number || it.secondPrisonerNumber == number)
}

fun code(row: NonAssociation): String = when (row.restrictionType) {
  NonAssociation.RestrictionType.CELL -> "C"
  NonAssociation.RestrictionType.LANDING -> "L"
  NonAssociation.RestrictionType.WING -> "W"
}
