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
  /// Nothing goes wrong any more.
  case healed
  /// Nor is there anything left of what went wrong.
  case calm
}
