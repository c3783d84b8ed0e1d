/// Connections of a module's own for one kind of calls, so that those which hang take none from the others.
public struct Bulkhead: Sendable {
  /// Names it in the module, and in ``ModuleUpstreams/client(of:over:)``.
  public let name: String
  /// Whether what waits for a connection may use up no more than half of the time for a call: what changes another
  /// service is sent with at least half its time left to be answered in, or not at all.
  public let isForChanges: Bool

  /// - Parameter isForChanges: see ``isForChanges``. Default false.
  public init(_ name: String, isForChanges: Bool = false) {
    self.name = name
    self.isForChanges = isForChanges
  }
}

extension Bulkhead {
  /// That of a module whose tokens are not to be fetched over the connections of its first bulkhead.
  public static let tokens = Bulkhead("tokens")
}
