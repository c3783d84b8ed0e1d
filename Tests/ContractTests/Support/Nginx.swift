import Foundation
import Subprocess
import TestKit
import Testing

/// An nginx of a test, with the Debian package's program and settings of its own.
final class Nginx {
  let port: UInt16
  private let folder: URL
  private let process: Subprocess

  /// - Parameter http: what stands in the `http` block; `PORT` in it becomes the port.
  init(_ http: String) throws {
    let port = try Self.freePort()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("nginx-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { name in
      "\(name)_temp_path \(folder.path)/\(name);"
    }
    let settings = """
      daemon off;
      worker_processes 1;
      pid \(folder.path)/pid;
      error_log \(folder.path)/error.log;
      events {}
      http {
      access_log off;
      \(paths.joined(separator: "\n"))
      \(http.replacingOccurrences(of: "PORT", with: "\(port)"))
      }
      """
    let file = folder.appendingPathComponent("nginx.conf")
    try settings.write(to: file, atomically: true, encoding: .utf8)
    self.port = port
    self.folder = folder
    process = try Subprocess(
      ["/usr/sbin/nginx", "-c", file.path, "-e", folder.appendingPathComponent("error.log").path],
      errors: .none
    )
  }

  func stop() {
    process.send(SIGTERM)
    process.wait()
    try? FileManager.default.removeItem(at: folder)
  }

  func waitUntilListening() async throws {
    try await eventually("nginx listens") {
      guard let descriptor = try? SocketClient.connect(port: self.port, patience: 1) else { return false }
      close(descriptor)
      return true
    }
  }

  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(port)
    return UInt16(bigEndian: address.sin_port)
  }
}
