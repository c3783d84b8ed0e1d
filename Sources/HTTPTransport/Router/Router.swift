public import HTTPTypes

/// Finds the route of a request by its path's segments, in a tree with one level for each segment.
///
/// A literal segment goes before a parameter. Where the literal branch has no route of the request's method, the
/// parameter's is tried: with `POST /x/between` and `GET /x/{id}`, `GET /x/between` has the id `between`. HEAD is
/// taken by a GET route where no HEAD route is declared.
public struct Router<Value: Sendable>: Sendable {
  /// The routes, in the order given.
  public let routes: [Route<Value>]
  @usableFromInline let tree: RouteTree

  /// - Throws: `RouterError` that names every malformed template and every two routes that one request would fit
  ///   equally: same method, same literals, parameters in the same places (whatever their names).
  public init(_ routes: [Route<Value>]) throws(RouterError) {
    var tree = RouteTree()
    var problems: [String] = []
    for route in routes {
      if let problem = route.template.problem {
        problems.append("\(route.method) \(route.template): \(problem)")
      } else if let other = tree.insert(route.method, route.template) {
        problems.append("\(route.method) \(route.template) clashes with \(other.method) \(other.template)")
      }
    }
    guard problems.isEmpty else { throw RouterError(problems: problems) }
    self.routes = routes
    self.tree = tree
  }

  /// The route for a request.
  /// - Parameter segments: the path's segments, percent-decoded; `/a/` has a last empty one.
  @inlinable public func match(_ method: HTTPRequest.Method, _ segments: [String]) -> RouteMatch<Value> {
    if let found = tree.find(method, segments) {
      return .found(routes[found.route].value, found.parameters)
    }
    return otherMatch(segments)
  }

  /// What is said of a path whose routes do not take the request's method; seldom, so that it need not be compiled for each
  /// user.
  @usableFromInline func otherMatch(_ segments: [String]) -> RouteMatch<Value> {
    let others = tree.routes(of: segments)
    return others.isEmpty
      ? .notFound : .methodNotAllowed(PathRoutes(others.map { ($0.method, routes[$0.route].value) }))
  }
}
