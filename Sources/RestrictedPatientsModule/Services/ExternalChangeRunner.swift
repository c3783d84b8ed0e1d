internal import Concurrency
import Logging
import ModuleKit
import Postgres
import ServiceKit
internal import Time

/// Makes external changes: does what ``ExternalChange`` decides, and tells it what came of it.
struct ExternalChangeRunner: Sendable {
  let store: RestrictedPatientsStore
  let changes: Changes
  let telemetry: any Telemetry
  let logger: Logger
  let clock: any MonotonicClock
  /// For one call of an upstream, once there is a token for it.
  let upstreamTimeout: Duration
  /// For a token.
  var tokenTimeout = Duration.zero

  /// What the steps have found, for those that follow.
  private struct Progress<Kind: ExternalChangeKind>: Sendable {
    let kind: Kind
    var row: ExternalChangeRow?
    /// The record as it was while another made the same change.
    var awaited: RestrictedPatient?
    var admitted: Kind.Admitted?
    var checked: Kind.Checked?
    var patient: RestrictedPatient?
    /// What the caller gets if the change ends after this step; nil once it is where it should be.
    var failure: (any Error)?
  }

  /// Makes a change. It is made to its end when the caller goes away.
  /// - Returns: the record as it becomes, or as it was.
  /// - Throws: why it is refused, or its outcome unknown.
  func make<Kind: ExternalChangeKind>(
    _ kind: Kind,
    before deadline: MonotonicInstant
  ) async throws -> RestrictedPatient {
    try await uninterrupted {
      var change = ExternalChange(
        Kind.operation,
        before: deadline,
        upstreamTimeout: upstreamTimeout,
        tokenTimeout: tokenTimeout
      )
      var progress = Progress(kind: kind)
      var event = ExternalChange.Event.requested
      while let action = change.on(event, at: clock.now()), let next = await take(action, &progress) {
        event = next
      }
      guard let patient = progress.patient, progress.failure == nil else {
        throw progress.failure ?? RestrictedPatientsError.underWay(kind.prisonerNumber)
      }
      return patient
    }
  }

  // MARK: Steps

  /// Does what is to be done.
  /// - Returns: what came of it; nil at the end of the change.
  private func take(
    _ action: ExternalChange.Action,
    _ progress: inout Progress<some ExternalChangeKind>
  ) async -> ExternalChange.Event? {
    if !action.isLast { progress.failure = RestrictedPatientsError.underWay(progress.kind.prisonerNumber) }
    switch action {
    case .intend(let pause, let lifetime, let deadline):
      await clock.pause(for: pause)
      return await intend(&progress, lifetime: lifetime, before: deadline)
    case .check(let deadline): return await check(&progress, before: deadline)
    case .ask(let deadline): return await ask(&progress, before: deadline)
    case .tell(let deadline): return await tell(&progress, before: deadline)
    case .record(let pause, let attempt, let settlesEarlier, let deadline):
      await clock.pause(for: pause)
      return await record(&progress, attempt: attempt, settlesEarlier: settlesEarlier, before: deadline)
    case .refuse: await refuse(progress.row)
    case .markUnknown(let reason): await markUnknown(progress.row, because: reason)
    case .answer, .settle: break
    case .giveUp(let state, let event):
      logger.error("an external change met an event that cannot come")
      logger.debug("an event that cannot come: \(event) in \(String(describing: state))")
    }
    return nil
  }

  private func intend<Kind: ExternalChangeKind>(
    _ progress: inout Progress<Kind>,
    lifetime: Duration,
    before deadline: MonotonicInstant
  ) async -> ExternalChange.Event {
    let (kind, awaited) = (progress.kind, progress.awaited)
    var written: ExternalChangeRow?
    do {
      let (found, admitted) = try await changes.commit(before: deadline) { unit in
        let found = try await store.intend(
          Kind.operation,
          of: kind.prisonerNumber,
          by: kind.requestedBy,
          lifetime: lifetime,
          in: unit
        )
        written = found.row
        guard let admitted = try kind.admit(found, awaited: awaited) else { throw MadeByAnother() }
        return (found, admitted)
      }
      if let expired = found.expired { noteUnknown(expired, because: ExternalChange.processEnded) }
      guard let row = found.row else {
        progress.awaited = found.patient ?? awaited
        return .busy
      }
      (progress.row, progress.admitted) = (row, admitted)
      return .written(afterUnknown: found.hasUnknown)
    } catch is MadeByAnother {
      (progress.patient, progress.failure) = (awaited, nil)
      return .overtaken
    } catch {
      progress.failure = error
      guard let error = error as? PostgresError, error.kind == .commitUnknown else { return .refused }
      progress.row = written
      return .uncertain
    }
  }

  /// Undoes the transaction of a change that somebody else has made.
  private struct MadeByAnother: Error {}

  private func check(
    _ progress: inout Progress<some ExternalChangeKind>,
    before deadline: MonotonicInstant
  ) async -> ExternalChange.Event {
    guard let admitted = progress.admitted else { return .refused }
    do {
      let (patient, checked) = try await progress.kind.check(admitted, before: deadline)
      (progress.patient, progress.checked) = (patient, checked)
      return .checked
    } catch {
      progress.failure = error
      return .refused
    }
  }

  private func ask(
    _ progress: inout Progress<some ExternalChangeKind>,
    before deadline: MonotonicInstant
  ) async -> ExternalChange.Event {
    // While prison API has not said that it has made the change, nobody knows.
    progress.failure = RestrictedPatientsError.outcomeUnknown(progress.kind.prisonerNumber)
    guard let admitted = progress.admitted else { return .refused }
    do throws(UpstreamFailure) {
      guard let patient = try await progress.kind.ask(admitted, before: deadline) else { return .absent }
      progress.patient = patient
      return .done
    } catch {
      logger.warning("prison API cannot be asked about a change", metadata: ["reason": "\(error)"])
      return .refused
    }
  }

  private func tell(
    _ progress: inout Progress<some ExternalChangeKind>,
    before deadline: MonotonicInstant
  ) async -> ExternalChange.Event {
    guard let patient = progress.patient, let checked = progress.checked else { return .refused }
    do throws(UpstreamFailure) {
      try await progress.kind.tell(patient, checked, before: deadline)
      return .done
    } catch {
      progress.failure = RestrictedPatientsError.upstream(error)
      return error.mayHaveHappened ? .unanswered(cause: error.description) : .refused
    }
  }

  private func record<Kind: ExternalChangeKind>(
    _ progress: inout Progress<Kind>,
    attempt: Int,
    settlesEarlier: Bool,
    before deadline: MonotonicInstant
  ) async -> ExternalChange.Event {
    guard let row = progress.row, let patient = progress.patient else { return .databaseFailed }
    let kind = progress.kind
    do {
      let event = try await changes.commit(before: deadline) { unit -> ExternalChange.Event in
        guard try await kind.record(patient, of: row, in: unit) else {
          switch try await store.settle(row, by: .event, in: unit) {
          case .settled: return .overtaken
          // It went with an earlier attempt of ours.
          case .gone: return attempt > 1 ? .committed : .databaseFailed
          case .unknown: return .databaseFailed
          }
        }
        try store.enqueueEnd(of: row, in: unit)
        if settlesEarlier {
          let settlement = ExternalChange.Settlement.upstream(askedBy: kind.requestedBy)
          try settle(Kind.operation, of: kind.prisonerNumber, by: settlement, in: unit)
        }
        unit.tell(kind.messages)
        return .committed
      }
      guard event == .committed else {
        if event == .overtaken { progress.failure = kind.overtaken }
        return event
      }
      progress.failure = nil
      if let event = kind.telemetry(patient) { telemetry.track(event) }
      return .committed
    } catch {
      progress.failure = error
      guard let error = error as? PostgresError, error.isTemporary || error.kind == .commitUnknown else {
        return .databaseFailed
      }
      return .databaseAway
    }
  }
}
