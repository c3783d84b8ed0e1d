internal import FoundationEssentials

/// The process's environment variables, read in one place.
enum ProcessEnvironment {
  static func read() -> [String: String] { ProcessInfo.processInfo.environment }
}
