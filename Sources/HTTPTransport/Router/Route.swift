public import HTTPTypes

/// One line of a route table: a method and a path, and what they lead to.
public struct Route<Value: Sendable>: Sendable {
  public let method: HTTPRequest.Method
  public let template: PathTemplate
  public let value: Value

  public init(_ method: HTTPRequest.Method, _ template: PathTemplate, _ value: Value) {
    self.method = method
    self.template = template
    self.value = value
  }
}

/// What a router finds for a request.
public enum RouteMatch<Value: Sendable>: Sendable {
  /// A route takes the request.
  case found(Value, PathParameters)
  /// Routes have this path, but none this method: 405, or the answer to OPTIONS.
  case methodNotAllowed(PathRoutes<Value>)
  /// No route has this path: 404.
  case notFound
}
