/// What a JSON value is not that it should be. Holds nothing of the value, which may be personal.
public struct JSONObjectError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The property that is not as it should be; nil for the value itself.
  public let property: String?
  /// In words that name the property: `property reason is required`.
  public let reason: String
  /// Whether `null` stands where the object should be.
  public let isNull: Bool

  /// - Parameter reason: without the property's name: `is required`.
  public init(property: String, _ reason: String) {
    self.init(property: property, reason: "property \(property) \(reason)")
  }

  /// What is wrong with the object as a whole.
  public init(_ reason: String) { self.init(reason: reason) }

  init(property: String? = nil, reason: String, isNull: Bool = false) {
    self.property = property
    self.reason = reason
    self.isNull = isNull
  }

  public var description: String { reason }
}
