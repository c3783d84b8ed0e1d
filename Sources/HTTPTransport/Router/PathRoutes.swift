public import HTTPTypes

/// The routes of one path, none of which takes the method of a request.
public struct PathRoutes<Value: Sendable>: Sendable {
  /// One for each method that the path has.
  public let routes: [(method: HTTPRequest.Method, value: Value)]

  /// - Parameter routes: at least one, and no method twice.
  public init(_ routes: [(method: HTTPRequest.Method, value: Value)]) { self.routes = routes }

  /// The `Allow` header's list (RFC 9110 §10.2.1): always in the same order, with HEAD beside GET and with OPTIONS.
  public var allow: [HTTPRequest.Method] {
    var found = Set(routes.map(\.method))
    if found.contains(.get) { found.insert(.head) }
    found.insert(.options)
    let usual: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete]
    let others = found.subtracting(usual + [.options]).sorted { $0.rawValue < $1.rawValue }
    return usual.filter(found.contains) + others + [.options]
  }
}
