internal import JSON
internal import ServiceKit

/// An alert on a prisoner, by NOMIS's codes: `X`/`XA`, arsonist; `H`/`HA`, ACCT open.
public struct SampleAlert: Sendable, Equatable {
  public var type: String
  public var code: String
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
