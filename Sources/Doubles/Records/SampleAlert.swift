internal import JSON

/// An alert on a prisoner, by NOMIS's codes: `X`/`XA`, arsonist; `H`/`HA`, ACCT open.
public struct SampleAlert: Sendable, Equatable {
  /// NOMIS's type: `X`.
  public var type: String
  /// NOMIS's code: `XA`.
  public var code: String
  /// Whether it still holds.
  public var isActive = true

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.field("alertType", type)
    json.field("alertCode", code)
    json.field("active", isActive)
    json.field("expired", !isActive)
    json.endObject()
  }
}
