internal import ServiceKit

/// The command line. Swift's own copy is empty where a library that was loaded before the program, as monitoring
/// products do, has called `setenv` before `main` (swiftlang/swift#76080); the kernel keeps another.
enum ProcessArguments {
  /// The program's name and its arguments.
  static func read() -> [String] {
    choose(CommandLine.arguments) { FileBytes.read("/proc/self/cmdline", limit: 1 << 22) }
  }

  /// - Parameters:
  ///   - known: what Swift says.
  ///   - kernel: what the kernel says: each argument with a NUL behind it (proc(5)).
  /// - Returns: at least the program's name.
  static func choose(_ known: [String], kernel: () -> [UInt8]?) -> [String] {
    if !known.isEmpty { return known }
    let bytes = kernel() ?? []
    let arguments = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast(
      bytes.last == 0 ? 1 : 0
    )
    .map { String(decoding: $0, as: UTF8.self) }
    return bytes.isEmpty ? ["gateway"] : Array(arguments)
  }
}
