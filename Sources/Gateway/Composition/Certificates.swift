internal import Concurrency
internal import Crypto
internal import EventLoops
internal import Logging
internal import ServiceKit
internal import SharedAuth
internal import Synchronization
internal import Time

/// The files of certificates that the running gateway uses, and how it comes by new ones: whoever renews them puts new
/// files in the place of the old ones, or, as Kubernetes does with a mounted secret, points a link to others.
///
/// It looks at their content every half minute, and when SIGHUP says so. New files are put to use as a whole or not at all:
/// what cannot be used leaves everything as it was, and is counted.
final class Certificates: Sendable {
  /// Something that uses files, by the name that metrics and log lines have for it.
  struct Use: Sendable {
    let name: String
    /// All are in PEM form. What is told of the expiry is the earliest of the first one's.
    let files: [String]
    /// Reads the files, blocking its thread, and uses what is in them from now on.
    /// - Throws: `StreamError.tls` when they are of no use.
    let take: @Sendable () async throws -> Void
  }

  /// What has become of the files of one use.
  struct Status: Sendable, Equatable {
    var taken = 0
    var refused = 0
    /// When the first certificate ends that is in use; nil if that is not known.
    var expiry: Timestamp?
    /// Of the files that were read last.
    fileprivate var digest: [UInt8] = []
  }

  /// Files that change are taken within a minute, so that they are looked at twice in one.
  static let interval = Duration.seconds(30)
  private static let maximumBytes = 1 << 20

  private let uses: [Use]
  private let logger: Logger
  private let state: Mutex<[String: Status]>
  private let rounds: Rounds

  /// - Parameters:
  ///   - uses: what they name has been read a moment ago.
  ///   - interval: how often the files are looked at.
  ///   - clock: one for every thread.
  init(
    _ uses: [Use],
    every interval: Duration = Certificates.interval,
    clock: any MonotonicClock,
    logger: Logger
  ) {
    rounds = Rounds(every: interval, clock: clock)
    self.uses = uses
    self.logger = logger
    state = Mutex(
      uses.reduce(into: [:]) { state, use in
        state[use.name] = Status(expiry: Self.expiry(of: use), digest: Self.digest(of: use))
      }
    )
  }

  var isEmpty: Bool { uses.isEmpty }

  func status(of name: String) -> Status? { state.withLock { $0[name] } }

  /// Looks at the files from now on, until `stop()`.
  func start() {
    guard !isEmpty else { return }
    rounds.start { [self] in
      await look()
      return true
    }
  }

  func stop() { rounds.cancel() }

  /// Takes what has changed. Blocks its thread while it reads: call it off the event loops.
  /// - Parameter isAsked: an operator wants the files to be read whether or not they have changed.
  func look(isAsked: Bool = false) async {
    for use in uses {
      let digest = Self.digest(of: use)
      let isNew = state.withLock { state in
        defer { state[use.name]?.digest = digest }
        return state[use.name]?.digest != digest
      }
      guard isNew || isAsked else { continue }
      do {
        try await use.take()
        let expiry = Self.expiry(of: use)
        state.withLock { state in
          state[use.name]?.taken += 1
          state[use.name]?.expiry = expiry
        }
        logger.notice("new connections get the certificate just read", metadata: ["use": "\(use.name)"])
      } catch {
        state.withLock { $0[use.name]?.refused += 1 }
        logger.error(
          "the certificate could not be read again; the old one stays",
          metadata: ["use": "\(use.name)", "error": "\(error)"]
        )
      }
    }
  }

  private static func digest(of use: Use) -> [UInt8] {
    use.files.flatMap { Digest.sha256(FileBytes.read($0, limit: maximumBytes) ?? []) }
  }

  private static func expiry(of use: Use) -> Timestamp? {
    guard let file = use.files.first else { return nil }
    return try? CertificateFile.earliestExpiry(of: file)
  }

  /// Tells of all uses.
  func add(to metrics: MetricsRegistry) {
    guard !isEmpty else { return }
    let names = uses.map(\.name)
    metrics.read(
      .gauge,
      name: "tls_certificate_expiry_timestamp_seconds",
      help: "When the first of the certificates in use ends, by what uses them."
    ) { [self] in
      names.compactMap { name in
        status(of: name)?.expiry.map { MetricSample([("use", name)], Double($0.seconds)) }
      }
    }
    metrics.read(
      .counter,
      name: "tls_certificate_reloads_total",
      help: "Certificates read again because their files changed or SIGHUP came, by outcome."
    ) { [self] in
      names.flatMap { name in
        let status = status(of: name) ?? Status()
        return [
          MetricSample([("use", name), ("outcome", "refused")], status.refused),
          MetricSample([("use", name), ("outcome", "taken")], status.taken),
        ]
      }
    }
  }
}
