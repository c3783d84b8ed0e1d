internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import SharedAuth

/// The metadata that every 401 names (RFC 9728; docs/contract/platform.md §1.5): open to all.
public enum ProtectedResource {
  /// Names the authority that was asked and how it takes tokens.
  public static let route = RouteDeclaration(.get, "/.well-known/oauth-protected-resource", .open) {
    request in
    var writer = JSONWriter()
    writer.beginObject()
    writer.field(
      "resource",
      (request.server.isSecure ? "https://" : "http://") + request.server.statedAuthority
    )
    writer.key("bearer_methods_supported")
    writer.beginArray()
    writer.value("header")
    writer.endArray()
    writer.field("tls_client_certificate_bound_access_tokens", true)
    writer.endObject()
    return .json(writer)
  }
}
