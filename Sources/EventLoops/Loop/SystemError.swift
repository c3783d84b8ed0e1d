import CLinux

/// A system call that failed: which one, and the `errno` it left.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  public let call: String
  public let errno: Int32

  public init(call: String, errno: Int32) {
    self.call = call
    self.errno = errno
  }

  /// The error that the last system call of this thread left.
  public static func last(_ call: String) -> SystemError { SystemError(call: call, errno: gateway_errno()) }

  public var description: String { "\(call): \(String(cString: strerror(errno)))" }
}
