import Foundation
public import HTTPTransport
public import JSON
import ServiceKit
import Subprocess
import Synchronization
import Text

/// `aws_peer.py`: moto's server, boto3 and botocore, with the Python of `GATEWAY_TEST_PYTHON` or else `python3`; it needs
/// moto and boto3. Most tests share one; a test that stops it, or wants another account, has its own.
public final class AWSPeer: Sendable {
  private struct Pipes {
    let input: FileHandle
    let output: FileHandle
    var read: [UInt8] = []

    mutating func line() throws -> [UInt8] {
      var searched = 0
      while true {
        if let end = read[searched...].firstIndex(of: 0x0A) {
          defer { read.removeFirst(end + 1) }
          return Array(read[..<end])
        }
        searched = read.count
        let more = output.availableData
        guard !more.isEmpty else {
          throw Failure(description: "aws_peer.py ended; deploy/test prepares a Python with moto")
        }
        read += more
      }
    }
  }

  /// What boto3 says went wrong: AWS's code of the error.
  public struct Refusal: Error {
    public let code: String
  }

  /// The script cannot be talked with.
  private struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private let pipes: Mutex<Pipes>
  private let process: Subprocess
  public let url: HTTPURL

  public static let shared: AWSPeer = {
    do { return try AWSPeer() } catch { fatalError("\(error)") }
  }()

  /// - Parameter port: where it listens; 0 for any.
  public init(port: UInt16 = 0, account: String = "000000000000", region: String = "eu-west-2") throws {
    let script = Bundle.module.bundleURL.appendingPathComponent("aws_peer.py")
    let (input, output) = (Pipe(), Pipe())
    let python = ProcessInfo.processInfo.environment["GATEWAY_TEST_PYTHON"] ?? "python3"
    let process = try Subprocess(
      [python, script.path, "\(port)", account, region],
      input: .pipe(input),
      output: .pipe(output),
      errors: .none
    )
    var pipes = Pipes(input: input.fileHandleForWriting, output: output.fileHandleForReading)
    url = try HTTPURL(String(decoding: try pipes.line(), as: UTF8.self))
    self.pipes = Mutex(pipes)
    self.process = process
  }

  /// Ends it, with all that it holds.
  public func stop() throws {
    try pipes.withLock { try $0.input.close() }
    process.wait()
  }

  /// What was published on a topic, in order.
  public func published(on topicARN: String) throws -> [String] {
    try ask(["published": topicARN]).elements.compactMap(\.text)
  }

  /// Calls moto with boto3.
  /// - Parameter arguments: of the method, as JSON objects are in Foundation.
  @discardableResult public func boto(
    _ service: String,
    _ operation: String,
    _ arguments: [String: Any]
  ) throws -> JSONValue {
    try ask(["service": service, "operation": operation, "arguments": arguments])
  }

  /// `Authorization` as botocore makes it.
  public func sign(_ command: [String: Any]) throws -> String {
    guard case .string(let text) = try ask(command) else {
      throw Failure(description: "aws_peer.py gave no signature")
    }
    return text
  }

  private func ask(_ command: [String: Any]) throws -> JSONValue {
    let text = try JSONSerialization.data(withJSONObject: command)
    let answer = try pipes.withLock { pipes in
      try pipes.input.write(contentsOf: text + [0x0A])
      return try JSONValue(parsing: try pipes.line())
    }
    if case .string(let code) = answer["error"] { throw Refusal(code: code) }
    guard let answer = answer["answer"] else { throw Failure(description: "no answer") }
    return answer
  }
}

extension JSONValue {
  public subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members[name]
  }

  public var text: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  public var elements: [JSONValue] {
    guard case .array(let elements) = self else { return [] }
    return elements
  }
}
