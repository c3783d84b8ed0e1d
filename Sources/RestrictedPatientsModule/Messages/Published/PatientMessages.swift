import Events
internal import JSON
import ModuleKit
internal import Time

/// What the module publishes (docs/contract/restricted-patients.md §8).
struct PatientMessages: Sendable {
  let london: LondonTime

  func added(_ number: String, at now: Timestamp) -> ChangeMessages {
    messages("restricted-patients.patient.added", "Prisoner is now a restricted patient", number, now)
  }

  func removed(_ number: String, at now: Timestamp) -> ChangeMessages {
    messages("restricted-patients.patient.removed", "Prisoner no longer a restricted patient", number, now)
  }

  /// The wording is what subscribers have always got.
  func supportingPrisonChanged(_ number: String, at now: Timestamp) -> ChangeMessages {
    messages(
      "restricted-patients.patient.supporting-prison-changed",
      "Supporting prisoner changed for restricted patient",
      number,
      now
    )
  }

  private func messages(
    _ type: String,
    _ description: String,
    _ number: String,
    _ now: Timestamp
  ) -> ChangeMessages {
    let time = london.offsetText(now)
    var writer = JSONWriter(capacity: 384)
    writer.beginObject()
    writer.field("eventType", type)
    writer.key("additionalInformation")
    writer.beginObject()
    writer.field("prisonerNumber", number)
    writer.endObject()
    writer.field("version", Int64(1))
    writer.field("occurredAt", time)
    writer.field("publishedAt", time)
    writer.field("description", description)
    writer.key("personReference")
    writer.beginObject()
    writer.key("identifiers")
    writer.beginArray()
    writer.beginObject()
    writer.field("type", "NOMS")
    writer.field("value", number)
    writer.endObject()
    writer.endArray()
    writer.endObject()
    writer.endObject()
    return ChangeMessages(
      event: DomainEvent(eventType: type, subject: number, message: writer.bytes)
    )
  }
}
