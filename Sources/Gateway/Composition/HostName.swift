internal import FoundationEssentials

/// The name of the machine, or of the pod.
enum HostName {
  static var current: String { ProcessInfo.processInfo.hostName }
}
