public import Instrumentation
internal import Synchronization

/// The request or message in flight: what everything recorded on its behalf says of it (docs/contract/adoption.md §3). There
/// is one only where somebody records.
public final class Operation: Sendable {
  /// What is known of an operation.
  public struct Description: Sendable, Hashable {
    /// `GET /non-associations/{id}`, `RECEIVE <eventType>`; the method alone until a route is found, nil for work that
    /// goes on after its request.
    public var name: String?
    /// Whose work it is; nil until that is known, and for requests that no module's.
    public var module: String?
    /// The route's template, once it is found.
    public var route: String?
  }

  private let state: Mutex<Description>
  /// Whether it is a probe that nobody traces: such begin no trace for a collector of spans.
  public let isProbe: Bool

  /// - Parameters:
  ///   - name: so far.
  ///   - module: if it is known.
  ///   - isProbe: whether it is a probe that nobody traces.
  public init(_ name: String?, module: String? = nil, isProbe: Bool = false) {
    state = Mutex(Description(name: name, module: module))
    self.isProbe = isProbe
  }

  /// What is known now.
  public var description: Description { state.withLock(\.self) }

  /// Notes the module, once it is known.
  public func belongs(to module: String) { state.withLock { $0.module = module } }

  /// Notes the route, once it is found.
  public func found(_ route: String, method: String) {
    state.withLock { state in
      state.route = route
      state.name = "\(method) \(route)"
    }
  }

  /// That which the running task works for; nil where nobody records, or for work of the process itself.
  public static var current: Operation? { InstrumentationContext.current?.operation }
}

extension InstrumentationContext {
  private enum OperationKey: InstrumentationContextKey {
    typealias Value = Operation
    static let nameOverride: String? = "operation"
  }

  /// The request or message that what runs in this context works for.
  public var operation: Operation? {
    get { self[OperationKey.self] }
    set { self[OperationKey.self] = newValue }
  }
}
