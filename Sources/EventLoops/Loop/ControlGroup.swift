internal import CLinux

/// What the kernel lets this process have, by its control group (cgroups(7), versions 1 and 2): a container's limits.
public struct ControlGroup: Equatable, Sendable {
  /// Cores' worth of processor time; nil for no limit. May be a fraction.
  public var cores: Double?
  /// Bytes of memory; nil for no limit.
  public var memory: Int?

  /// This process's.
  public static let current = ControlGroup(memberships: text("/proc/self/cgroup") ?? "") { text($0) }

  /// - Parameters:
  ///   - memberships: as `/proc/self/cgroup` has them.
  ///   - file: the content of a file below `/sys/fs/cgroup`; nil if there is none.
  init(memberships: String, file: (String) -> String?) {
    for line in memberships.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let controllers = parts[1].split(separator: ",")
      for folder in Self.folders(String(parts[2])) {
        if controllers.isEmpty {
          take(cores: file("/sys/fs/cgroup\(folder)/cpu.max").flatMap(Self.cores(quota:)))
          take(memory: file("/sys/fs/cgroup\(folder)/memory.max"))
        }
        if controllers.contains("cpu") {
          for mount in ["cpu", "cpu,cpuacct"] {
            let base = "/sys/fs/cgroup/\(mount)\(folder)"
            guard let quota = file("\(base)/cpu.cfs_quota_us"), let period = file("\(base)/cpu.cfs_period_us")
            else { continue }
            take(cores: Self.cores(quota: "\(quota.trimmed) \(period.trimmed)"))
          }
        }
        if controllers.contains("memory") {
          take(memory: file("/sys/fs/cgroup/memory\(folder)/memory.limit_in_bytes"))
        }
      }
    }
  }

  /// A group's folder and those above it, whose limits hold too. What is not visible from within a container does not
  /// exist there.
  private static func folders(_ path: String) -> [String] {
    let names = path.split(separator: "/")
    return (0...names.count).reversed().map { count in names.prefix(count).map { "/\($0)" }.joined() }
  }

  /// `max 100000` or `150000 100000`: microseconds of processor time, and in how many.
  private static func cores(quota: String) -> Double? {
    let parts = quota.split { $0 == " " || $0 == "\n" }
    guard parts.count == 2, let time = Int(parts[0]), let period = Int(parts[1]), time > 0, period > 0 else {
      return nil
    }
    return Double(time) / Double(period)
  }

  private mutating func take(cores found: Double?) {
    if let found { cores = min(found, cores ?? found) }
  }

  private mutating func take(memory found: String?) {
    // Version 1 says "no limit" by a number that no machine has.
    guard let found, let bytes = Int(found.trimmed), bytes > 0, bytes < 1 << 60 else { return }
    memory = min(bytes, memory ?? bytes)
  }

  /// How many threads can run all the time.
  /// - Parameter available: cores that the process may run on.
  func threads(available: Int) -> Int {
    guard let cores, cores < Double(available) else { return max(1, available) }
    return max(1, Int(cores.rounded(.up)))
  }

  private static func text(_ path: String) -> String? {
    guard let stream = fopen(path, "re") else { return nil }
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = fread(&bytes, 1, bytes.count, stream)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }
}

extension String {
  fileprivate var trimmed: String { String(filter { $0 != "\n" && $0 != " " }) }
}
