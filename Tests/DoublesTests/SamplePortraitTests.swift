import Testing

@testable import Doubles

@Suite("Sample portraits")
struct SamplePortraitTests {
  @Test("A portrait is a small JPEG with a code for every block, and differs from prisoner to prisoner")
  func portrait() throws {
    let one = SamplePortrait.jpeg(of: "A1234BC")
    #expect(one == SamplePortrait.jpeg(of: "A1234BC"))
    #expect(one != SamplePortrait.jpeg(of: "B2345CD"))
    #expect(one.count < 1000)
    let decoded = try #require(GreyJPEG(one))
    #expect(decoded.width == 96 && decoded.height == 120)
    #expect(decoded.shades.count == 12 * 15)
    #expect(decoded.shades.allSatisfy { (0...255).contains($0) })
    #expect(
      decoded.shades[0] > decoded.shades[6 * 12 + 5] + 20,
      "the figure is darker than what is behind it"
    )
  }
}

/// What T.81's decoder makes of a baseline JPEG of one component whose blocks have one shade each; nil for any other.
private struct GreyJPEG {
  var width = 0
  var height = 0
  /// By block, in rows.
  var shades: [Int] = []

  init?(_ bytes: [UInt8]) {
    guard bytes.starts(with: [0xff, 0xd8]), bytes.suffix(2) == [0xff, 0xd9] else { return nil }
    var position = 2
    var factor = 0
    var tables: [UInt8: [String: Int]] = [:]
    while position + 4 <= bytes.count {
      let marker = bytes[position + 1]
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      guard bytes[position] == 0xff, position + 2 + length <= bytes.count else { return nil }
      let content = Array(bytes[(position + 4)..<(position + 2 + length)])
      position += 2 + length
      switch marker {
      case 0xdb: factor = Int(content[1])
      case 0xc0:
        height = Int(content[1]) << 8 | Int(content[2])
        width = Int(content[3]) << 8 | Int(content[4])
      case 0xc4: tables[content[0]] = Self.codes(content)
      case 0xda:
        guard let levels = tables[0x00], let ends = tables[0x10] else { return nil }
        decode(Array(bytes[position..<(bytes.count - 2)]), levels, ends, factor)
        return
      default: break
      }
    }
    return nil
  }

  /// Values by code, written in binary digits (T.81 annex C).
  private static func codes(_ content: [UInt8]) -> [String: Int] {
    var codes: [String: Int] = [:]
    var code = 0
    var next = 17
    for length in 1...16 {
      for _ in 0..<content[length] {
        let digits = String(code, radix: 2)
        codes[String(repeating: "0", count: length - digits.count) + digits] = Int(content[next])
        code += 1
        next += 1
      }
      code <<= 1
    }
    return codes
  }

  private mutating func decode(
    _ scan: [UInt8],
    _ levels: [String: Int],
    _ ends: [String: Int],
    _ factor: Int
  ) {
    var bits: [Character] = []
    for (index, byte) in scan.enumerated() where !(byte == 0 && index > 0 && scan[index - 1] == 0xff) {
      bits += Array(String(repeating: "0", count: byte.leadingZeroBitCount))
      if byte != 0 { bits += Array(String(byte, radix: 2)) }
    }
    var position = 0
    func read(_ table: [String: Int]) -> Int? {
      var code = ""
      while position < bits.count, code.count < 17 {
        code.append(bits[position])
        position += 1
        if let value = table[code] { return value }
      }
      return nil
    }
    var level = 0
    while shades.count < width / 8 * (height / 8), let category = read(levels) {
      guard position + category <= bits.count else { return }
      let value = Int(String(bits[position..<(position + category)]), radix: 2) ?? 0
      position += category
      level += category == 0 || value >> (category - 1) == 1 ? value : value - (1 << category) + 1
      guard read(ends) == 0 else { return }
      shades.append(level * factor / 8 + 128)
    }
  }
}
