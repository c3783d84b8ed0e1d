public import HTTPTransport

extension ServerRequest {
  private static let forwardingFields: [StaticString] = [
    "forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "x-original-forwarded-for",
    "x-envoy-external-address",
  ]

  /// Whether a field of the request says that a proxy has passed it on: without one, it came from within the cluster.
  public var isForwarded: Bool {
    head.fields.containsAny(Self.forwardingFields, orPrefix: "x-forwarded-")
  }
}
