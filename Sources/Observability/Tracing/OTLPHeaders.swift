internal import HTTPTransport
internal import HTTPTypes

/// The header fields that an exporter is configured with: a list in the form of W3C Baggage, without properties
/// (OpenTelemetry, "Specifying headers via environment variables"). Names and values are percent-encoded where they have
/// commas, blanks around them or anything else that has a meaning in the list.
public enum OTLPHeaders {
  /// Why a list cannot be used. Says nothing of its values, which are secrets.
  public struct Failure: Error, Equatable, CustomStringConvertible {
    /// Which of the headers it is, and what is wrong with it.
    public let description: String
  }

  /// - Parameter text: `api-key=a%20b, x-tenant=prisons`. Of two with one name, in whatever case, the last counts.
  /// - Throws: `Failure` that says which of them cannot be used, and why.
  public static func parse(_ text: String) throws(Failure) -> [(name: String, value: String)] {
    var headers: [(name: String, value: String)] = []
    for (index, member) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
      if member.utf8.allSatisfy(isBlank) { continue }
      let parts = member.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      func failure(_ reason: String) -> Failure {
        Failure(description: "header \(index + 1) of the list \(reason)")
      }
      guard parts.count == 2 else { throw failure("is not name=value") }
      guard let name = decoded(parts[0]), HTTPField.Name(name) != nil else {
        throw failure("has no name that a header can have")
      }
      guard let value = decoded(parts[1]) else {
        throw failure("has a % without two hexadecimal digits in its value: write %25 for a %")
      }
      guard value.utf8.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7f }) else {
        throw failure("has a control character in its value")
      }
      headers.removeAll { $0.name.lowercased() == name.lowercased() }
      headers.append((name: name, value: value))
    }
    return headers
  }

  /// Without the blanks around it, which are the list's; nil for a percent sign that stands for nothing.
  private static func decoded(_ part: Substring) -> String? {
    let bytes = part.utf8
    guard let first = bytes.firstIndex(where: { !isBlank($0) }),
      let last = bytes.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return PercentCoding.decode(part[first...last])
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
