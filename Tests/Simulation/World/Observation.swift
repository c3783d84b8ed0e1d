internal import RestrictedPatientsModule
internal import Time

/// Something that happened in the world and that an invariant looks at.
enum Observation {
  /// Whose claim it is.
  struct Holder: Hashable {
    let replica: Int
    let incarnation: Int
    let round: Int
  }

  /// A change was committed with this row.
  case committed(row: Int64, subject: String, isOurs: Bool)
  /// The broker has the row's message.
  case accepted(row: Int64)
  /// The broker calls the row's content invalid.
  case refused(row: Int64)
  case claimed(row: Int64, by: Holder)
  /// A settlement has changed the row.
  case settled(row: Int64, by: Holder, isPublished: Bool, isSetAside: Bool)
  /// A handler begins or ends its work at a message.
  case handling(message: String, row: Int64, replica: Int)
  case handled(message: String, row: Int64, replica: Int, isHandled: Bool)
  /// The broker has deleted the message.
  case deleted(message: String)
  /// A replica holds so many messages.
  case holding(count: Int, limit: Int, replica: Int)
  /// A replica says that it has stopped.
  case stopped(replica: Int, busy: Int)
  /// A caller gets the answer to what was asked under a number.
  case answered(asked: Int, answer: Int?)
  /// A read is told as stopped to a caller who waits for it.
  case cancelled(read: Int)
  /// A request has no answer though its time is over.
  case overdue(request: Int, String)
  case endedTwice(request: Int)
  /// While nothing goes wrong, a quick read is answered.
  /// - own: how long the server runs it.
  /// - waited: how long it has taken, as far as a session was free for it.
  case read(token: Int, own: Duration, waited: Duration)
  case readFailed(token: Int)
  /// What was read had been replaced so long ago when it was asked for.
  case stale(token: Int, for: Duration)
  /// Nothing is in progress.
  /// - known: connections that processes know of.
  case atRest(connections: Int, known: Int, agreesOrIsSeen: Bool)
  /// Prison API is to make a change.
  /// - isOpen: whether its row keeps others out.
  case told(ExternalChangeOperation, isOpen: Bool)
  /// Prison API is asked for it.
  case asked(ExternalChangeOperation, has: Bool)
  /// What has become of it is known without asking.
  case outcomeKnown(ExternalChangeOperation)
  /// The record of it changes.
  /// - isKnown: whether prison API has it.
  /// - isGone: whether its row has gone before.
  case recorded(ExternalChangeOperation, isNew: Bool, isKnown: Bool, isGone: Bool)
  /// Its caller is told that it is made.
  case changeAnswered(ExternalChangeOperation, hasRow: Bool)
  /// Nothing goes wrong any more.
  case healed
  /// Nor is there anything left of what went wrong.
  case calm
}
