internal import HTTPTransport

/// Content negotiation, as far as an API that speaks only JSON needs it (RFC 9110 §8.3, §12.5.1).
enum MediaType {
  /// Whether a `Content-Type` names JSON: `application/json` or `application/*+json`, with any parameters.
  static func isJSON(_ contentType: String) -> Bool {
    if contentType == "application/json" { return true }
    let value = contentType.utf8Span.span
    let type = value.extracting(FieldList.withoutParameters(value))
    guard !type.equalsLowercase("application/json") else { return true }
    return type.count > 17 && type.extracting(0..<12).equalsLowercase("application/")
      && type.extracting((type.count - 5)...).equalsLowercase("+json")
  }

  /// Whether an `Accept` header lets the answer be `application/json`. An absent or empty one does, and one that is too
  /// long to be looked at. Of several ranges that match, the most specific decides, and `q=0` refuses.
  static func acceptsJSON(_ accept: String?) -> Bool {
    guard let accept, accept != "*/*", accept != "application/json" else { return true }
    var best = (specificity: 0, isAccepted: false)
    var isEmpty = true
    let isWhole = FieldList.forEachElement(accept.utf8Span.span) { range in
      let type = range.extracting(FieldList.withoutParameters(range))
      guard type.count > 0 else { return }
      isEmpty = false
      let specificity =
        if type.equalsLowercase("*/*") || type.equalsLowercase("*") {
          1
        } else if type.equalsLowercase("application/*") {
          2
        } else if type.equalsLowercase("application/*+json") {
          3
        } else if type.equalsLowercase("application/json") {
          4
        } else {
          0
        }
      guard specificity > 0, specificity >= best.specificity else { return }
      let isAccepted = !FieldList.hasZeroWeight(range)
      best = (specificity, specificity == best.specificity ? best.isAccepted || isAccepted : isAccepted)
    }
    return !isWhole || isEmpty || best.isAccepted
  }

  /// Whether an `Accept` header names `application/json` itself.
  static func namesPlainJSON(_ accept: String?) -> Bool {
    guard let accept else { return false }
    var isNamed = false
    let isWhole = FieldList.forEachElement(accept.utf8Span.span) { range in
      let type = range.extracting(FieldList.withoutParameters(range))
      isNamed = isNamed || type.equalsLowercase("application/json")
    }
    return isWhole && isNamed
  }
}
