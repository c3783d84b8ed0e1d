internal import CLinux

/// An owned, non-blocking socket descriptor: closed when it goes, or earlier by `close()`.
struct Socket: ~Copyable {
  let fileDescriptor: Int32

  init(fileDescriptor: Int32) { self.fileDescriptor = fileDescriptor }

  deinit { _ = CLinux.close(fileDescriptor) }

  static func make(family: Int32) throws(SystemError) -> Socket {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, type, 0)
    guard descriptor >= 0 else { throw .last("socket") }
    return Socket(fileDescriptor: descriptor)
  }

  func set(_ level: Int32, _ option: Int32, to value: Int32) throws(SystemError) {
    var value = value
    guard setsockopt(fileDescriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
      throw .last("setsockopt")
    }
  }

  /// Small writes go out at once: without this, Nagle's algorithm and delayed acknowledgements cost 40 ms an answer.
  func disableNagle() { try? set(Int32(IPPROTO_TCP), TCP_NODELAY, to: 1) }
}
