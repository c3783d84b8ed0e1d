import EventLoops
import Events
import Logging
import Postgres
import ServiceKit
internal import Time

/// Changes that prison API and the database must both make, neither of which can undo the other's.
///
/// 1. In a short transaction an attempt is written down; it also keeps everybody else from doing the same.
/// 2. Prison API is called, with no connection held.
/// 3. In a second transaction the record changes, its event is left in the outbox, and the attempt is struck out.
///
/// Prison API is known to have refused: the attempt is struck out and nothing has changed. Nobody knows (no answer in
/// time, a broken connection, a gateway's 502 or 504, an unreadable success): **the record does not change**, the caller
/// gets the contract's error, and the attempt stays, for `GET /restricted-patients/unknown-outcomes`. An addition that
/// did happen then heals itself, because prison API tells prisoner search, whose event `released` adds the record; the
/// attempt counts as settled from that moment. A removal can be asked for again, by a person or by a front end that was
/// answered 500: after one of unknown outcome prison API is first asked whether it has the release already, and not told
/// twice (§14.8).
///
/// The second and third step go on when the caller goes away.
struct TwoPhaseChanges: Sendable {
  /// For the second transaction, whatever is left of the caller's time: prison API has made the change by then.
  private static let completionTime = Duration.seconds(10)

  let store: RestrictedPatientsStore
  let prisonAPI: PrisonAPIClient
  let telemetry: any Telemetry
  let logger: Logger

  /// Adds a patient.
  /// - Parameter prepare: what is asked before prison API is told; makes the record.
  @discardableResult
  func add(
    _ number: String,
    by caller: Caller,
    event: DomainEvent,
    deadline: MonotonicInstant,
    prepare: @escaping @Sendable () async throws -> RestrictedPatient
  ) async throws -> RestrictedPatient {
    try await uninterrupted {
      let attempt = try await store.beginAddition(
        number,
        by: caller.name,
        lifetime: lifetime(deadline),
        deadline: deadline
      )
      let patient = try await releasing(attempt) { try await prepare() }
      try await settling(attempt, .add) { () async throws(UpstreamFailure) in
        try await prisonAPI.discharge(patient, user: caller.subject, deadline: deadline)
      }
      try await completing(attempt, .add) { isRepeated, deadline in
        try await store.complete(
          attempt,
          adding: patient,
          event: event,
          isRepeated: isRepeated,
          deadline: deadline
        )
      }
      return patient
    }
  }

  /// Removes a patient.
  /// - Parameters:
  ///   - subject: on whose behalf prison API is called; nil for the service itself.
  ///   - bookingID: asks for the booking that the removal is recorded for.
  func remove(
    _ number: String,
    _ removal: RestrictedPatientsStore.Removal,
    subject: String?,
    event: DomainEvent,
    deadline: MonotonicInstant,
    bookingID: @escaping @Sendable () async throws -> Int64
  ) async throws -> RestrictedPatient {
    try await uninterrupted {
      let (attempt, patient, mayBeDone) = try await store.beginRemoval(
        number,
        by: removal.by,
        lifetime: lifetime(deadline),
        deadline: deadline
      )
      let (booking, isDone) = try await releasing(attempt) {
        let booking = try await bookingID()
        return (booking, mayBeDone ? try await isReleased(patient, deadline) : false)
      }
      if !isDone {
        try await settling(attempt, .remove) { () async throws(UpstreamFailure) in
          try await prisonAPI.recordRelease(
            bookingID: booking,
            from: patient.hospitalLocationCode,
            at: removal.at,
            user: subject,
            deadline: deadline
          )
        }
      }
      try await completing(attempt, .remove) { _, deadline in
        try await store.complete(attempt, removing: number, removal, event: event, deadline: deadline)
      }
      return patient
    }
  }

  // MARK: Steps

  /// Before prison API is told: whatever goes wrong, nothing has happened.
  private func releasing<Value>(
    _ attempt: Attempt,
    _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch {
      await forget(attempt)
      throw error
    }
  }

  /// Whether prison API has the release that a removal of the patient makes.
  private func isReleased(_ patient: RestrictedPatient, _ deadline: MonotonicInstant) async throws -> Bool {
    let movements = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await prisonAPI.latestMovements(patient.prisonerNumber, deadline: deadline)
    }
    guard let latest = movements.last, latest.isFinalRelease, let time = latest.occurredAt else {
      return false
    }
    return time >= patient.dischargeTime
  }

  /// While prison API is told.
  private func settling(
    _ attempt: Attempt,
    _ operation: Attempt.Operation,
    _ body: () async throws(UpstreamFailure) -> Void
  ) async throws {
    do {
      try await body()
    } catch {
      if error.mayHaveHappened {
        await keep(attempt, operation, because: error.description)
      } else {
        await forget(attempt)
      }
      throw RestrictedPatientsError.upstream(error)
    }
  }

  /// After prison API was told: tries again while the database is away for a moment.
  private func completing(
    _ attempt: Attempt,
    _ operation: Attempt.Operation,
    _ body: (_ isRepeated: Bool, _ deadline: MonotonicInstant) async throws -> Void
  ) async throws {
    let end = MonotonicInstant.now() + Self.completionTime
    var pause = Duration.milliseconds(50)
    var isRepeated = false
    while true {
      do {
        return try await body(isRepeated, end)
      } catch let error as PostgresError
        where (error.isTemporary || error.kind == .commitUnknown) && .now() + pause < end
      {
        isRepeated = true
        try? await Task.sleep(for: pause)
        pause = min(pause * 2, .seconds(1))
      } catch let error as RestrictedPatientsError {
        await forget(attempt)
        throw error
      } catch {
        await keep(attempt, operation, because: "prison API has done it, but the record could not be changed")
        throw error
      }
    }
  }

  private func forget(_ attempt: Attempt) async {
    do {
      try await store.release(attempt, deadline: .now() + Self.completionTime)
    } catch {
      // It expires by itself, and shows as unknown then.
      logger.error("an attempt could not be struck out", metadata: ["attempt": "\(attempt.id)"])
    }
  }

  private func keep(_ attempt: Attempt, _ operation: Attempt.Operation, because reason: String) async {
    logger.error(
      "nobody knows whether prison API has made a change: see GET /restricted-patients/unknown-outcomes",
      metadata: ["attempt": "\(attempt.id)", "operation": "\(operation.rawValue)", "reason": "\(reason)"]
    )
    telemetry.track(.outcomeUnknown(attempt.prisonerNumber, operation.rawValue))
    do {
      try await store.keepAsUnknown(attempt, because: reason, deadline: .now() + Self.completionTime)
    } catch {
      logger.error("an attempt could not be marked", metadata: ["attempt": "\(attempt.id)"])
    }
  }

  /// Longer than all steps together: two questions, a change, and the second transaction.
  private func lifetime(_ deadline: MonotonicInstant) -> Duration {
    min(deadline.duration(since: .now()), prisonAPI.service.timeout * 3) + Self.completionTime * 2
  }

  /// Runs `body` to its end even if the task that waits for it is cancelled, on the same loop.
  private func uninterrupted<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    if let loop = EventLoop.current {
      return try await Task(executorPreference: loop) { try await body() }.value
    }
    return try await Task { try await body() }.value
  }
}
