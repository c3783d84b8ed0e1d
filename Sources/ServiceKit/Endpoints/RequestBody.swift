public import JSON

/// What an endpoint takes in its body.
public protocol RequestBody: Sendable {
  /// What the API's description says of it.
  static var schema: APISchema { get }

  /// What the request must bring.
  static var consumes: RouteDeclaration.Consumes { get }

  /// - Parameter json: nil for no body at all, which only `optionalJSON` lets through.
  /// - Throws: `PlatformFailure`, or an error of the module.
  init(json: JSONValue?) throws
}

extension RequestBody {
  /// JSON, unless a body says otherwise.
  public static var consumes: RouteDeclaration.Consumes { .json }
}

/// The body of an endpoint that takes none.
public struct NoBody: RequestBody {
  public static var schema: APISchema { .any }
  public static var consumes: RouteDeclaration.Consumes { .nothing }

  public init(json: JSONValue?) {}
}
