public import HTTPTypes

/// The tree of a `Router`: it knows routes by their position. It is apart from the router because that is generic, and
/// the generic part is compiled into its users, and this need not be.
@usableFromInline struct RouteTree: Sendable {
  private struct Node: Sendable {
    var literals: [(text: String, length: Int, node: Int)] = []
    var parameter: Int?
    var endpoints: [(method: HTTPRequest.Method, route: Int)] = []
  }

  private struct Entry: Sendable {
    let method: HTTPRequest.Method
    let template: PathTemplate
    let parameters: [(name: String, position: Int)]
  }

  private var nodes = [Node()]
  private var entries: [Entry] = []

  // MARK: Building

  /// Adds a route with a well-formed template; returns the one in its place, if there is one.
  mutating func insert(
    _ method: HTTPRequest.Method,
    _ template: PathTemplate
  ) -> (method: HTTPRequest.Method, template: PathTemplate)? {
    var node = 0
    var parameters: [(name: String, position: Int)] = []
    for (position, segment) in template.segments.enumerated() {
      switch segment {
      case .literal(let text):
        if let next = literal(text, at: node) {
          node = next
        } else {
          nodes[node].literals.append((text, text.utf8.count, nodes.count))
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
    if let taken = nodes[node].endpoints.first(where: { $0.method == method }) {
      return (entries[taken.route].method, entries[taken.route].template)
    }
    nodes[node].endpoints.append((method, entries.count))
    entries.append(Entry(method: method, template: template, parameters: parameters))
    return nil
  }

  private mutating func addNode() -> Int {
    nodes.append(Node())
    return nodes.count - 1
  }

  // MARK: Finding

  /// The position of the route that takes a request, and what the path says to it.
  @usableFromInline func find(
    _ method: HTTPRequest.Method,
    _ segments: [String]
  ) -> (route: Int, parameters: PathParameters)? {
    guard let found = find(method, segments, depth: 0, node: 0) else { return nil }
    return (found, PathParameters(names: entries[found].parameters, segments: segments))
  }

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
    let length = segment.utf8.count
    for index in nodes[node].literals.indices where nodes[node].literals[index].length == length {
      if nodes[node].literals[index].text == segment { return nodes[node].literals[index].node }
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

  /// The routes of a path, each method once: of two, the one that would take it.
  func routes(of segments: [String]) -> [(method: HTTPRequest.Method, route: Int)] {
    var found: [(method: HTTPRequest.Method, route: Int)] = []
    collect(segments, depth: 0, node: 0, into: &found)
    return found
  }

  private func collect(
    _ segments: [String],
    depth: Int,
    node: Int,
    into found: inout [(method: HTTPRequest.Method, route: Int)]
  ) {
    guard depth < segments.count else {
      for endpoint in nodes[node].endpoints where !found.contains(where: { $0.method == endpoint.method }) {
        found.append(endpoint)
      }
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
