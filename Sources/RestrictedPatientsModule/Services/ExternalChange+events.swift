package import Time

/// The words of the table of transitions: operations, states, events and actions.
extension ExternalChange {
  /// What is to change.
  package typealias Operation = ExternalChangeOperation

  /// How far it has got.
  package enum State: Equatable, CaseIterable, Sendable {
    /// The row is written; prison API has not answered.
    case intended
    /// Prison API has made it.
    case told
    /// So has the database.
    case recorded
    /// It is known that nothing has changed.
    case refused
    /// Nobody knows whether prison API has made it, or it has and the database has not.
    case unknown
    /// The record is where the change would have put it, and something else has put it there; or a person has decided.
    case settled
  }

  /// What has settled it.
  package typealias Settlement = ExternalChangeSettlement

  /// What has happened.
  package enum Event: Equatable, Sendable {
    /// Somebody wants the change.
    case requested
    /// Another's row is there.
    case busy
    /// The row is written.
    /// - afterUnknown: whether the outcome of an earlier one of the same kind is unknown.
    case written(afterUnknown: Bool)
    /// The row may be written or not: the answer to the commit was lost.
    case uncertain
    /// The checks are passed.
    case checked
    /// A check has refused, prison API has refused, or nothing was sent to it.
    case refused
    /// Prison API says, on being asked, that it has not made it.
    case absent
    /// Prison API has made it, or says on being asked that it has.
    case done
    /// Prison API was told, and whether it has made it is not known.
    case unanswered(cause: String)
    /// The record is committed, or found committed by an earlier try of ours.
    case committed
    /// The record was where it should be already, by something else.
    case overtaken
    /// The database is away for a moment, or did not say whether it has committed.
    case databaseAway
    /// The database does not hold it, and will not the next time.
    case databaseFailed
    /// The row's time has passed: the process that wrote it is no more. ``RestrictedPatientsStore`` sees that by the row.
    case expired
    /// What became of a change of unknown outcome is known, or no longer of concern.
    case decided(Settlement)
  }

  /// What to do next. Where an action ends the change, the caller gets the answer of the step before.
  package enum Action: Equatable, Sendable {
    /// Write the row, after a pause.
    /// - lifetime: how long it keeps others out; no step is taken after it.
    case intend(after: Duration, lifetime: Duration, before: MonotonicInstant)
    /// Ask others whether the change may be made.
    case check(before: MonotonicInstant)
    /// Ask prison API whether it has made it.
    case ask(before: MonotonicInstant)
    /// Tell prison API.
    case tell(before: MonotonicInstant)
    /// Change the record and let the row go, in one transaction, after a pause.
    /// - attempt: from 1; an earlier one may have been committed.
    /// - settlesEarlier: whether that settles an earlier change of unknown outcome.
    case record(after: Duration, attempt: Int, settlesEarlier: Bool, before: MonotonicInstant)
    /// Let the row go, and answer.
    case refuse
    /// Keep the row for a person to see, and answer.
    case markUnknown(because: String)
    /// Write down what has settled it.
    case settle(Settlement)
    /// Answer.
    case answer
    /// The event cannot come in this state. The row, if there is one, is left to its time.
    case giveUp(State?, Event)

    /// Whether nothing comes after it.
    var isLast: Bool {
      switch self {
      case .intend, .check, .ask, .tell, .record: false
      case .refuse, .markUnknown, .settle, .answer, .giveUp: true
      }
    }
  }
}
