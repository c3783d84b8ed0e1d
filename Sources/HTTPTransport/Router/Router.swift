public import HTTPTypes

/// Finds the route of a request by its path's segments, in a tree with one level for each segment.
///
/// A literal segment goes before a parameter. Where the literal branch has no route of the request's method, the
/// parameter's is tried: with `POST /x/between` and `GET /x/{id}`, `GET /x/between` has the id `between`. HEAD is
/// taken by a GET route where no HEAD route is declared.
public struct Router<Value: Sendable>: Sendable {
  private struct Node: Sendable {
    var literals: [(text: String, node: Int)] = []
    var parameter: Int?
    var endpoints: [(method: HTTPRequest.Method, route: Int)] = []
  }

  private struct Entry: Sendable {
    let route: Route<Value>
    let parameters: [(name: String, position: Int)]
  }

  private var nodes = [Node()]
  private var entries: [Entry] = []

  /// - Throws: `RouterError` that names every malformed template and every two routes that one request would fit
  ///   equally: same method, same literals, parameters in the same places (whatever their names).
  public init(_ routes: [Route<Value>]) throws(RouterError) {
    var problems: [String] = []
    for route in routes {
      if let problem = route.template.problem {
        problems.append("\(route.method) \(route.template): \(problem)")
      } else if let other = insert(route) {
        problems.append("\(route.method) \(route.template) clashes with \(other.method) \(other.template)")
      }
    }
    guard problems.isEmpty else { throw RouterError(problems: problems) }
  }

  /// The routes, in the order given.
  public var routes: [Route<Value>] { entries.map(\.route) }

  /// The route for a request.
  /// - Parameter segments: the path's segments, percent-decoded; `/a/` has a last empty one.
  public func match(_ method: HTTPRequest.Method, _ segments: [String]) -> RouteMatch<Value> {
    if let found = find(method, segments, depth: 0, node: 0) {
      let entry = entries[found]
      return .found(entry.route.value, PathParameters(names: entry.parameters, segments: segments))
    }
    let allowed = allowedMethods(segments)
    return allowed.isEmpty ? .notFound : .methodNotAllowed(allow: allowed)
  }

  // MARK: Building

  /// Adds a route; returns the one in its place, if there is one.
  private mutating func insert(_ route: Route<Value>) -> Route<Value>? {
    var node = 0
    var parameters: [(name: String, position: Int)] = []
    for (position, segment) in route.template.segments.enumerated() {
      switch segment {
      case .literal(let text):
        if let next = nodes[node].literals.first(where: { $0.text == text })?.node {
          node = next
        } else {
          nodes[node].literals.append((text, nodes.count))
          node = addNode()
        }
      case .parameter(let name):
        parameters.append((name, position))
        if let next = nodes[node].parameter {
          node = next
        } else {
          nodes[node].parameter = nodes.count
          node = addNode()
        }
      }
    }
    if let taken = nodes[node].endpoints.first(where: { $0.method == route.method }) {
      return entries[taken.route].route
    }
    nodes[node].endpoints.append((route.method, entries.count))
    entries.append(Entry(route: route, parameters: parameters))
    return nil
  }

  private mutating func addNode() -> Int {
    nodes.append(Node())
    return nodes.count - 1
  }

  // MARK: Finding

  private func find(_ method: HTTPRequest.Method, _ segments: [String], depth: Int, node: Int) -> Int? {
    guard depth < segments.count else { return endpoint(method, at: node) }
    let segment = segments[depth]
    if let next = literal(segment, at: node),
      let found = find(method, segments, depth: depth + 1, node: next)
    {
      return found
    }
    guard !segment.isEmpty, let next = nodes[node].parameter else { return nil }
    return find(method, segments, depth: depth + 1, node: next)
  }

  /// Compares lengths too: Swift's `==` takes canonically equivalent texts as equal (KELVIN SIGN and K), and such a
  /// text is longer in UTF-8 than the ASCII of a template.
  private func literal(_ segment: String, at node: Int) -> Int? {
    for candidate in nodes[node].literals
    where candidate.text.utf8.count == segment.utf8.count && candidate.text == segment {
      return candidate.node
    }
    return nil
  }

  private func endpoint(_ method: HTTPRequest.Method, at node: Int) -> Int? {
    var get: Int?
    for endpoint in nodes[node].endpoints {
      if endpoint.method == method { return endpoint.route }
      if endpoint.method == .get { get = endpoint.route }
    }
    return method == .head ? get : nil
  }

  private func allowedMethods(_ segments: [String]) -> [HTTPRequest.Method] {
    var found: Set<HTTPRequest.Method> = []
    collect(segments, depth: 0, node: 0, into: &found)
    guard !found.isEmpty else { return [] }
    if found.contains(.get) { found.insert(.head) }
    found.insert(.options)
    let usual: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete]
    let others = found.subtracting(usual + [.options]).sorted { $0.rawValue < $1.rawValue }
    return usual.filter(found.contains) + others + [.options]
  }

  private func collect(_ segments: [String], depth: Int, node: Int, into found: inout Set<HTTPRequest.Method>)
  {
    guard depth < segments.count else {
      found.formUnion(nodes[node].endpoints.map(\.method))
      return
    }
    if let next = literal(segments[depth], at: node) {
      collect(segments, depth: depth + 1, node: next, into: &found)
    }
    if !segments[depth].isEmpty, let next = nodes[node].parameter {
      collect(segments, depth: depth + 1, node: next, into: &found)
    }
  }
}
