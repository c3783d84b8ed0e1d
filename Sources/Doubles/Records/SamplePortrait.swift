/// A photograph of nobody: a small grey JPEG (ITU-T T.81, baseline), a head and shoulders in blocks of 8 by 8 pixels,
/// with a background that differs from prisoner to prisoner.
enum SamplePortrait {
  /// In blocks.
  private static let width = 12
  private static let height = 15

  /// The same for the same number.
  static func jpeg(of number: String) -> [UInt8] {
    let shade = number.utf8.reduce(0) { ($0 * 31 + Int($1)) % 90 }
    var image = Header.bytes
    var scan = BitWriter()
    var previous = 0
    for row in 0..<height {
      for column in 0..<width {
        // A block of one shade is its mean alone: eight times the shade's distance from middle grey.
        let level = (isFigure(column, row) ? 60 + shade / 3 : 150 + shade) - 128
        let quantised = level * 8 / Header.quantisation
        scan.appendBlock(difference: quantised - previous)
        previous = quantised
      }
    }
    image += scan.finished()
    return image + [0xff, 0xd9]
  }

  /// A circle on a wider one that is cut off below.
  private static func isFigure(_ column: Int, _ row: Int) -> Bool {
    let (x, y) = (2 * column - width + 1, 2 * row)
    let head = x * x + (y - 9) * (y - 9)
    let shoulders = x * x + (y - 27) * (y - 27)
    return head < 26 || shoulders < 90
  }

  private enum Header {
    static let quantisation = 4
    /// How many codes there are of 1, 2 … 16 bits, and the categories they stand for (T.81 table K.3).
    private static let counts: [UInt8] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    private static let categories = Array(UInt8(0)...11)

    static var bytes: [UInt8] {
      let (lines, columns) = (UInt8(height * 8), UInt8(width * 8))
      return [0xff, 0xd8]
        // JFIF 1.1 with square pixels.
        + segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0])
        + segment(0xdb, [0] + [UInt8](repeating: UInt8(quantisation), count: 64))
        + segment(0xc0, [8, 0, lines, 0, columns, 1, 1, 0x11, 0])
        + segment(0xc4, [0x00] + counts + categories)
        // Of AC codes only one is needed, "end of block", in one bit.
        + segment(0xc4, [0x10, 1] + [UInt8](repeating: 0, count: 15) + [0])
        + segment(0xda, [1, 1, 0x00, 0, 63, 0])
    }

    private static func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
      let length = content.count + 2
      return [0xff, marker, UInt8(length >> 8), UInt8(length & 0xff)] + content
    }
  }

  private struct BitWriter {
    private var bytes: [UInt8] = []
    private var pending = 0
    private var count = 0

    /// Codes of the categories 0 to 8 by that table, and their lengths in bits.
    private static let codes = [
      (0b00, 2), (0b010, 3), (0b011, 3), (0b100, 3), (0b101, 3), (0b110, 3), (0b1110, 4), (0b11110, 5),
      (0b111110, 6), (0b1111110, 7), (0b11111110, 8), (0b111111110, 9),
    ]

    /// A block of one shade.
    mutating func appendBlock(difference: Int) {
      let category = Int.bitWidth - abs(difference).leadingZeroBitCount
      let (code, length) = Self.codes[min(category, Self.codes.count - 1)]
      append(code, length)
      append(difference < 0 ? difference + (1 << category) - 1 : difference, category)
      append(0, 1)
    }

    /// Filled up with ones, as the end of a scan is.
    func finished() -> [UInt8] {
      var last = self
      if last.count > 0 { last.append((1 << (8 - last.count)) - 1, 8 - last.count) }
      return last.bytes
    }

    private mutating func append(_ value: Int, _ length: Int) {
      pending = pending << length | value
      count += length
      while count >= 8 {
        let byte = UInt8(truncatingIfNeeded: pending >> (count - 8))
        bytes.append(byte)
        // A byte of ones is followed by a zero, so that it is not taken for a marker.
        if byte == 0xff { bytes.append(0) }
        count -= 8
      }
      pending &= (1 << count) - 1
    }
  }
}
