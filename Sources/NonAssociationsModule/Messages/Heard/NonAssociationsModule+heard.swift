import Events
import Logging
import ServiceKit

extension NonAssociationsModule {
  /// Has the module hear of what others did to prisoners, and of its own audit messages that the queue has taken
  /// (docs/contract/non-associations.md §10.3). A message that is delivered again changes nothing the second time.
  func subscribe(to bus: EventBus) {
    bus.subscribe(to: PrisonerMerged.self, as: name) { try await hear($0) }
    bus.subscribe(to: BookingMoved.self, as: name) { try await hear($0) }
    bus.subscribe(to: UnexpectedEvent.self, as: name) { event in
      logger.debug("Unexpected event received: \(event.type)")
    }
    bus.subscribe(to: PublishedMessage.self, as: name) { published in
      guard published.module == name, published.isAudit else { return }
      telemetry.track(.audited(published))
    }
  }
}
