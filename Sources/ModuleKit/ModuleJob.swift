/// Work that a module does without being asked, as its manifest declares it.
public struct JobDeclaration: Sendable {
  /// What `gateway batch` calls it: `past-date-check`.
  public let name: String
  /// What `BATCH_TYPE` calls it: `PAST_DATE_CHECK`.
  public let batchType: String
  /// What it does, for the help of `gateway batch`.
  public let summary: String

  /// - Parameter summary: a sentence.
  public init(_ name: String, batchType: String, _ summary: String) {
    self.name = name
    self.batchType = batchType
    self.summary = summary
  }
}

/// The same work, ready to be done.
public struct ModuleJob: Sendable {
  /// As ``JobDeclaration/name``.
  public let name: String
  /// Does it now, and says what came of it, for whoever runs it by hand; nil if another process is at it. Throws what
  /// keeps it from being done; what failed on its way is in the text.
  public let run: @Sendable () async throws -> String?
  /// Does it again and again until the task is cancelled, when that is due; nil where the settings want no such thing.
  public let schedule: (@Sendable () async -> Void)?

  /// - Parameter name: as the manifest declares it.
  public init(
    _ name: String,
    run: @escaping @Sendable () async throws -> String?,
    schedule: (@Sendable () async -> Void)?
  ) {
    self.name = name
    self.run = run
    self.schedule = schedule
  }
}
