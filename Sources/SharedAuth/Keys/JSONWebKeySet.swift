internal import Crypto
internal import JSON
internal import Text

/// A key of the issuer's set, with the name tokens call it by.
struct VerificationKey: Sendable, Equatable {
  /// `kid`.
  let id: String?
  let publicKey: RSAPublicKey

  static func == (left: Self, right: Self) -> Bool {
    left.id == right.id && left.publicKey.thumbprint == right.publicKey.thumbprint
  }
}

/// The keys of a JWK Set (RFC 7517) that can check RS256 signatures.
struct JSONWebKeySet: Sendable {
  enum Failure: Error {
    /// The text is not a JSON object with a list `keys`.
    case notAKeySet
    /// No key of the set is usable: more likely a fault of the endpoint than the wish to shut everybody out.
    case noUsableKey(skipped: Int)
  }

  /// Keys of a set that are looked at; the rest counts as skipped.
  static let maximumKeys = 64
  /// Keys tried on a token that names none, because every try costs a signature check.
  static let maximumTries = 8

  let keys: [VerificationKey]
  /// Keys of another type, use or algorithm, and unsound ones.
  let skipped: Int

  /// Reads key by key: one that cannot be used does not spoil the others. A byte order mark is passed over (RFC 8259
  /// §8.1): the set comes from the issuer itself, and refusing it shuts everybody out.
  /// - Throws: `Failure`.
  init(_ text: [UInt8]) throws(Failure) {
    let text = text.starts(with: [0xef, 0xbb, 0xbf]) ? Array(text.dropFirst(3)) : text
    guard let members = (try? JSONValue(parsing: text, .noDuplicates))?.object,
      let list = members["keys"]?.array
    else {
      throw .notAKeySet
    }
    keys = list.prefix(Self.maximumKeys).compactMap(Self.key)
    skipped = list.count - keys.count
    guard !keys.isEmpty else { throw .noUsableKey(skipped: skipped) }
  }

  private static func key(_ value: JSONValue) -> VerificationKey? {
    guard let members = value.object, members["kty"]?.string == "RSA" else { return nil }
    for (name, wanted) in [("use", "sig"), ("alg", "RS256")] {
      if let value = members.present(name), value.string != wanted { return nil }
    }
    let id = members.present("kid")
    guard id == nil || id?.string != nil else { return nil }
    guard let n = members["n"]?.string.flatMap(Base64URL.decodeLeniently) else { return nil }
    guard let e = members["e"]?.string.flatMap(Base64URL.decodeLeniently) else { return nil }
    guard let publicKey = RSAPublicKey(modulus: n, exponent: e) else { return nil }
    return VerificationKey(id: id?.string, publicKey: publicKey)
  }

  /// The keys that may have signed a token: those of its `kid`, or the first few of all if it has none.
  func candidates(for keyID: String?) -> ArraySlice<VerificationKey> {
    guard let keyID else { return keys.prefix(Self.maximumTries) }
    return keys.filter { $0.id?.hasSameBytes(as: keyID) ?? false }.prefix(Self.maximumTries)
  }
}
