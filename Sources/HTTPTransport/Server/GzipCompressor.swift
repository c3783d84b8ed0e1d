internal import CZlib

/// Compresses whole bodies in the gzip format (RFC 1952), with one zlib state that is used again for each.
///
/// Belongs to one loop. `stream` is allocated once, zlib's state points back to it, and it is freed with this
/// object.
final class GzipCompressor {
  private let stream: UnsafeMutablePointer<z_stream>

  /// - Parameter level: 1 to 9; what lies outside is moved to the nearest.
  /// - Returns: nil when there is no memory for zlib's state (about 256 KiB).
  init?(level: Int) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard gateway_gzip_init(stream, Int32(max(1, min(level, 9)))) == Z_OK else {
      stream.deinitialize(count: 1)
      stream.deallocate()
      return nil
    }
  }

  deinit {
    deflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// - Returns: the compressed bytes; nil when that is not smaller, or fails.
  func compress(_ body: [UInt8]) -> [UInt8]? {
    guard deflateReset(stream) == Z_OK, let length = UInt32(exactly: body.count), length > 0 else {
      return nil
    }
    let compressed = [UInt8](unsafeUninitializedCapacity: body.count) { space, count in
      body.withUnsafeBufferPointer { input in
        // zlib only reads through next_in; its type lacks the const.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = length
        stream.pointee.next_out = space.baseAddress
        stream.pointee.avail_out = length
        count = deflate(stream, Z_FINISH) == Z_STREAM_END ? space.count - Int(stream.pointee.avail_out) : 0
        stream.pointee.next_in = nil
        stream.pointee.next_out = nil
      }
    }
    return compressed.isEmpty || compressed.count >= body.count ? nil : compressed
  }

  /// Whether a body of this type is worth compressing: text, JSON, XML, YAML, JavaScript, SVG.
  static func isCompressible(contentType: String?) -> Bool {
    guard let contentType else { return false }
    let type = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
    if type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml") || type.hasSuffix("+yaml")
    {
      return true
    }
    return [
      "application/json", "application/xml", "application/yaml", "application/x-yaml",
      "application/javascript",
    ]
    .contains(type)
  }
}
