import Events
import Logging
internal import Time

extension RestrictedPatientsModule {
  /// A token, two calls of prison API and the database, at the most.
  private static let messageTimeout = Duration.seconds(80)

  var deadlineOfMessage: MonotonicInstant { monotonicClock.now() + Self.messageTimeout }

  /// Has the module hear of what others did to prisoners (docs/contract/restricted-patients.md §10). A message that is
  /// delivered again changes nothing the second time.
  func subscribe(to bus: EventBus) {
    bus.subscribe(to: PrisonerMerged.self, as: name) { try await hear($0) }
    bus.subscribe(to: PrisonerReleased.self, as: name) { try await hear($0) }
    bus.subscribe(to: PrisonerReceived.self, as: name) { try await hear($0) }
    bus.subscribe(to: UnexpectedEvent.self, as: name) { event in
      logger.warning("Unexpected \(event.kind) event received: \(event.type ?? "null")")
    }
  }
}
