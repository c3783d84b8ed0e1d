/// An error of a module that is the answer to a request.
public protocol RefusingError: Error {
  /// The shape of the module's errors.
  associatedtype Body: ErrorShape

  /// Which of the module's refusals it is, nil for a failure that any request may meet; and what a caller gets.
  var answer: (refusal: Refusal?, body: Body) { get }
}

extension RefusingError {
  /// Which of the module's refusals it is; nil for a failure that any request may meet.
  public var refusal: Refusal? { answer.refusal }

  /// What a caller gets.
  public var body: Body { answer.body }
}
