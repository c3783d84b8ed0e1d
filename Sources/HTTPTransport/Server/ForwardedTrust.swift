/// Which peers may say how the client reached them (platform.md §9.3): private, link-local, shared and
/// loopback ones.
enum ForwardedTrust {
  /// - Parameter host: a numeric address; an IPv4 address may come in its IPv6 form `::ffff:10.0.0.1`.
  static func trusts(_ host: String) -> Bool {
    if host == "::1" { return true }
    let text = host.hasPrefix("::ffff:") ? host.dropFirst(7) : Substring(host)
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
    guard parts.count == 4 else { return false }
    return switch (parts[0], parts[1]) {
    case (10, _), (127, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127): true
    default: false
    }
  }
}
