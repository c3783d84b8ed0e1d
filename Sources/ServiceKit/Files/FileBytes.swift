internal import Glibc

/// Reads a small file whole, blocking its thread: at start-up, or off the event loops.
public enum FileBytes {
  /// - Parameter limit: bytes; a larger file is refused.
  /// - Returns: the file's content, or nil when it cannot be read or is larger than `limit`.
  public static func read(_ path: String, limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while content.count <= limit {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 {
        guard errno == EINTR else { return nil }
        continue
      }
      if count == 0 { return content }
      content.append(contentsOf: buffer.prefix(count))
    }
    return nil
  }
}
