/// How strictly JSON is read: by where it comes from.
public struct JSONPolicy: Sendable {
  /// Containers within containers.
  var maximumDepth = 64
  /// Whether a byte order mark before the text is passed over (RFC 8259 §8.1).
  var allowsByteOrderMark = true
  /// Whether control characters may stand in strings as they are.
  var allowsControlCharacters = false
  /// Whether an object with two members of one name is refused; if not, the last one counts.
  var refusesDuplicates = false

  /// RFC 8259: bodies of requests, and most answers.
  public static let strict = JSONPolicy()

  /// Tokens and keys: two readers that read one token differently are an attack (RFC 7515 §10.12, RFC 8725 §2.4).
  public static let noDuplicates = JSONPolicy(
    maximumDepth: 32,
    allowsByteOrderMark: false,
    refusesDuplicates: true
  )

  /// What other services publish: some write line breaks as they are, and the services replaced have always read it
  /// (docs/contract/platform.md §5.2).
  public static let lenient = JSONPolicy(allowsControlCharacters: true)
}
