/// A fault of the gateway that is planted to see that the simulator finds it. Each stands between a machine and what it
/// acts on, or in the statements of the database and what the models do: what a slip in the code would do.
public enum PlantedFault: String, CaseIterable, Sendable {
  /// A notification that comes while a claim is in flight is dropped.
  case lostWakeUp
  /// A settlement marks rows whoever has claimed them meanwhile.
  case missingFence
  /// A row counts as published when it is sent.
  case settleBeforePublish
  /// An error of the broker counts as success.
  case swallowedFailure
  /// A claim takes rows behind unpublished ones of their subject.
  case orderIgnored
  /// A message is sent long after the relay gave the call up.
  case lateSend
  /// Rows that were meant for another topic are sent.
  case misdirectedSent
  /// A claim does not end by itself.
  case endlessClaim
  /// The server does not end a transaction whose client is gone.
  case lockLeak
  /// A message is deleted when its handler begins.
  case acknowledgeBeforeHandled
  /// A message is not hidden for longer while it is handled.
  case heartbeatForgotten
  /// The place of a message that failed is never free again.
  case placeLeak
  /// A poll asks for ten messages whatever room there is.
  case roomIgnored
  /// A failed message is deleted, too.
  case failureDeleted
  /// A timer fires at once.
  case hotTimer
  /// A timer never fires.
  case lostTimer
  /// A stop is over before what is in progress has ended.
  case hastyStop
  /// The server is told to stop a statement so late that it may stop the next.
  case wrongCancel
  /// A session that was given up stays open.
  case sessionLeak
  /// A transaction that failed does not give its lease back.
  case leaseLeak
  /// A session is given back with its transaction open, and called clean.
  case dirtyReturn
  /// The timer of the leases never fires.
  case leaseTimerLost
  /// The end of a turn of the loop is not always told.
  case turnEndLost
  /// Reads that follow others in a turn have numbers that were given before.
  case numbersReused
  /// The answers of quick reads wait for what is behind them.
  case flushForgotten
  /// A read pipeline hears of time a second late at best.
  case impatienceLost
  /// Nobody hears that the database's address leads to another server.
  case switchUnheard
  /// A COMMIT without an answer counts as committed.
  case commitAssumed
  /// Prison API is told again when it does not answer.
  case doubleTell
  /// Prison API counts as asked.
  case askSkipped
  /// A change counts as made when prison API is told.
  case recordBeforeTold
  /// The row of a change whose outcome is unknown is deleted.
  case rowForgotten
}
