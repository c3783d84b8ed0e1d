public import HTTPTransport

/// A module whose errors are of one type, beside each of which stands what it answers.
public protocol RefusingModule: Module {
  /// Everything that the module refuses.
  associatedtype Failure: RefusingError
}

extension RefusingModule {
  /// A platform failure in the module's error shape.
  public func response(to failure: PlatformFailure) -> ServerResponse { Failure.Body(failure).response }

  /// The answer of the module's own error; nil for any other.
  public func response(to error: any Error) -> ServerResponse? { (error as? Failure)?.body.response }
}
