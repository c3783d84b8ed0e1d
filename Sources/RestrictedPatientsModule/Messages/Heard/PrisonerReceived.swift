import Events
internal import JSON
import Logging
import ModuleKit
import ServiceKit
internal import Time

/// A prisoner came into a prison (docs/contract/restricted-patients.md §10.3).
struct PrisonerReceived: BusEvent, Equatable {
  static let type = "prison-offender-events.prisoner.received"
  static let receptionType = "OFFENDER_MOVEMENT-RECEPTION"

  let number: String
  let time: ReceptionTime

  init(number: String, time: ReceptionTime) { (self.number, self.time) = (number, time) }

  /// A message of the type ``type``.
  init(domainEvent message: JSONObject) throws(JSONObjectError) {
    number = try message.object("additionalInformation").requiredScalar("nomsNumber")
    time = message.instant("occurredAt").map { .instant($0) } ?? .unknown
  }

  /// A message of the type ``receptionType``.
  init(offenderEvent message: JSONObject) throws(JSONObjectError) {
    number = try message.requiredScalar("offenderIdDisplay")
    time =
      message.scalar("movementDateTime").flatMap { LocalDateTime(contractText: $0) }.map { .local($0) }
      ?? .unknown
  }
}

extension RestrictedPatientsModule {
  /// A reception from before the discharge is of an earlier stay, or late (docs/contract/restricted-patients.md §14 row 20).
  func hear(_ reception: PrisonerReceived) async throws {
    let (number, now) = (reception.number, clock.now())
    let removal = RemovalRecord(at: london.local(now), by: nil, cause: .reception)
    let outcome = try await changes.commit(before: deadlineOfMessage) { unit in
      let outcome = try await store.archive(number, removal, after: reception.time, in: unit)
      guard outcome == .removed else { return outcome }
      try externalChanges.settle(.remove, of: number, by: .event, in: unit)
      unit.tell(messages.removed(number, at: now))
      return outcome
    }
    switch outcome {
    case .removed: telemetry.track(.removedOnReception(number))
    case .kept:
      telemetry.trace(
        TelemetryTrace(
          .information,
          "Ignoring reception of prisoner \(number) as they went to hospital after it",
          summary: "Ignoring reception of prisoner as they went to hospital after it"
        )
      )
      telemetry.track(.receptionIgnored(number))
    case .absent: logger.debug("a reception concerns no restricted patient")
    }
  }
}
