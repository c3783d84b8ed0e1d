public import HTTPTransport

/// What a business module offers to the server that hosts it.
public protocol Module: Sendable {
  /// Names the module in logs: `non-associations`.
  var name: String { get }

  /// Every path of the module, in the order of its contract.
  var routes: [RouteDeclaration] { get }

  /// The module's own error shape for a failure that is none of its business rules.
  func response(to failure: PlatformFailure) -> ServerResponse

  /// The one place where the module's errors become answers.
  /// - Returns: nil for an error that is not the module's: the caller gets a 500 that tells nothing but a correlation
  ///   id, and the log gets the rest.
  func response(to error: any Error) -> ServerResponse?
}
