/// Content negotiation, as far as an API that speaks only JSON needs it (RFC 9110 §8.3 and §12.5.1).
enum MediaType {
  /// Whether a `Content-Type` names JSON: `application/json` or `application/*+json`, with any parameters.
  static func isJSON(_ contentType: String) -> Bool {
    if contentType == "application/json" { return true }
    let type = essence(contentType[...])
    return type == "application/json" || (type.hasPrefix("application/") && type.hasSuffix("+json"))
  }

  /// Whether an `Accept` header lets the answer be `application/json`. An absent or empty one does. Of several ranges
  /// that match, the most specific decides, and `q=0` refuses.
  static func acceptsJSON(_ accept: String?) -> Bool {
    guard let accept, accept != "*/*", accept != "application/json" else { return true }
    var best = (specificity: 0, isAccepted: false)
    var isEmpty = true
    for range in accept.split(separator: ",") {
      let specificity =
        switch essence(range) {
        case "": 0
        case "*/*", "*": 1
        case "application/*": 2
        case "application/*+json": 3
        case "application/json": 4
        default: -1
        }
      if specificity != 0 { isEmpty = false }
      guard specificity > 0, specificity >= best.specificity else { continue }
      let isRefused = hasZeroQuality(range)
      best = (specificity, specificity == best.specificity ? best.isAccepted || !isRefused : !isRefused)
    }
    return isEmpty || best.isAccepted
  }

  /// Whether an `Accept` header names `application/json` itself.
  static func namesPlainJSON(_ accept: String?) -> Bool {
    guard let accept else { return false }
    return accept.split(separator: ",").contains { essence($0) == "application/json" }
  }

  /// Type and subtype in lower case, without parameters.
  private static func essence(_ text: Substring) -> String {
    let type = text.prefix { $0 != ";" }
    return String(type).trimmingBlanks.lowercased()
  }

  private static func hasZeroQuality(_ range: Substring) -> Bool {
    range.split(separator: ";").dropFirst().contains { parameter in
      let text = String(parameter).trimmingBlanks.lowercased()
      guard text.hasPrefix("q=0") else { return false }
      return text.dropFirst(3).allSatisfy { $0 == "." || $0 == "0" }
    }
  }
}
