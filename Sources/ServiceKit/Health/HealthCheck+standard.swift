internal import Glibc
public import HTTPTransport
internal import HTTPTypes
public import Postgres

extension HealthCheck {
  /// What every process has (docs/contract/platform.md §3.1): its disk, its two states, and components that exist
  /// because callers have always seen them.
  /// - Parameter readiness: becomes the component `readinessState`.
  public static func process(_ readiness: ReadinessState) -> [HealthCheck] {
    [
      diskSpace(path: "."),
      HealthCheck("livenessState") { _ in ComponentHealth(.up) },
      HealthCheck("ping") { _ in ComponentHealth(.up) },
      HealthCheck("readinessState") { _ in ComponentHealth(readiness.isAccepting ? .up : .outOfService) },
      // Certificates are the ingress's; the component is there, with nothing to watch.
      HealthCheck("ssl") { _ in
        ComponentHealth(
          .up,
          [("expiringChains", .list([])), ("invalidChains", .list([])), ("validChains", .list([]))]
        )
      },
    ]
  }

  /// Down below 10 MB.
  static func diskSpace(path: String) -> HealthCheck {
    HealthCheck("diskSpace") { _ in
      let threshold: Int64 = 10_485_760
      var volume = statvfs()
      guard statvfs(path, &volume) == 0 else { return .down("the disk's state cannot be read") }
      let block = UInt64(volume.f_frsize)
      func bytes(_ blocks: UInt64) -> Int64 {
        Int64(clamping: blocks.multipliedReportingOverflow(by: block).partialValue)
      }
      let free = bytes(UInt64(volume.f_bavail))
      return ComponentHealth(
        free >= threshold ? .up : .down,
        [
          ("total", .number(bytes(UInt64(volume.f_blocks)))), ("free", .number(free)),
          ("threshold", .number(threshold)), ("path", .text(path)), ("exists", .boolean(true)),
        ]
      )
    }
  }

  /// Whether the database answers a query.
  public static func database(_ database: PostgresDatabase, timeout: Duration = .seconds(2)) -> HealthCheck {
    let statement = PostgresStatement(name: "health", sql: "select 1")
    return HealthCheck("db", timeout: timeout) { deadline in
      do {
        _ = try await database.query(statement, deadline: deadline)
        return ComponentHealth(
          .up,
          [("database", .text("PostgreSQL")), ("validationQuery", .text("isValid()"))]
        )
      } catch {
        return .down((error as? PostgresError)?.kind.rawValue ?? "no answer")
      }
    }
  }

  /// Whether another service answers its own ping (docs/contract/platform.md §3.3).
  /// - Parameter base: `/health/ping` is below it.
  public static func upstream(
    _ name: String,
    base: HTTPURL,
    client: HTTPClient,
    timeout: Duration = .seconds(2)
  ) -> HealthCheck {
    let url = base.path("/health/ping")
    return HealthCheck(name, timeout: timeout) { deadline in
      do {
        let request = ClientRequest(method: .get, url: url, maximumResponseBytes: 65_536)
        let response = try await client.send(request, deadline: deadline)
        return upstreamAnswered(response, url: url)
      } catch {
        return .down("\(error) from GET \(url.target)")
      }
    }
  }

  private static func upstreamAnswered(_ response: ClientResponse, url: HTTPURL) -> ComponentHealth {
    let status = response.status
    let text = [String(status.code), status.registeredPhrase].filter { !$0.isEmpty }.joined(separator: " ")
    guard status.code >= 400 else { return ComponentHealth(.up, [("HttpStatus", .text(text))]) }
    let constant = text.uppercased().map { $0 == "-" ? "_" : $0 }
    return ComponentHealth(
      .down,
      [
        ("error", .text("\(text) from GET \(url.target)")),
        ("body", .text(String(decoding: response.body, as: UTF8.self))),
        ("HttpStatus", .text(String(constant).replacingSpacesAfterCode())),
      ]
    )
  }
}

extension String {
  /// `503 SERVICE UNAVAILABLE` as `503 SERVICE_UNAVAILABLE`, the way callers know it.
  fileprivate func replacingSpacesAfterCode() -> String {
    let words = split(separator: " ")
    guard let code = words.first else { return self }
    let name = words.dropFirst().joined(separator: "_")
    return name.isEmpty ? String(code) : "\(code) \(name)"
  }
}
