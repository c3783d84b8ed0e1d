import Foundation
import Subprocess

/// Scripts beside the tests, run by the Python that deploy/test has filled with the packages they need.
enum Python {
  static func run(_ script: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
    guard let python = ProcessInfo.processInfo.environment["GATEWAY_TEST_PYTHON"] else {
      throw SocketFailure(description: "GATEWAY_TEST_PYTHON is not set: run the tests with deploy/test")
    }
    guard let file = Bundle.module.url(forResource: script, withExtension: "py") else {
      throw SocketFailure(description: "\(script).py is not among the resources")
    }
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            let (ending, output) = try Subprocess.ended([python, file.path] + arguments, withErrors: true)
            let text = String(decoding: output, as: UTF8.self)
            return (ending == .exited(0) ? 0 : 1, text)
          }
        )
      }
    }
  }
}
