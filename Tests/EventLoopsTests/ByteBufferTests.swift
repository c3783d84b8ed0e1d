import Testing

@testable import EventLoops

@Suite("ByteBuffer")
struct ByteBufferTests {
  @Test("reads back what was appended, like an array, whatever the order of calls", arguments: 0..<8)
  func behavesLikeAnArray(seed: Int) {
    var random = FixedGenerator(state: UInt64(seed))
    var buffer = ByteBuffer()
    var model: [UInt8] = []
    var scratch = [UInt8](repeating: 0, count: 64)
    for _ in 0..<5000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      switch Int.random(in: 0...8, using: &random) {
      case 0:
        buffer.append(contentsOf: bytes)
        model += bytes
      case 1:
        buffer.append(contentsOf: bytes.reversed().lazy.map { $0 })
        model += bytes.reversed()
      case 2:
        buffer.append(7)
        model.append(7)
      case 3:
        buffer.append("né")
        model += Array("né".utf8)
      case 4:
        let written = scratch.withUnsafeMutableBytes { scratch in
          buffer.append(through: scratch) { space in
            space.copyBytes(from: bytes)
            return bytes.count
          }
        }
        #expect(written == bytes.count)
        model += bytes
      case 5, 6:
        let length = Int.random(in: -3...50, using: &random)
        buffer.consume(length)
        model.removeFirst(max(0, min(length, model.count)))
      case 7:
        let length = Int.random(in: -3...50, using: &random)
        let taken = buffer.read(length)
        #expect(taken == Array(model.prefix(max(0, length))))
        model.removeFirst(taken.count)
      default:
        if Int.random(in: 0...50, using: &random) == 0 {
          buffer.removeAll()
          model = []
        }
      }
      guard Array(buffer.readable) == model, buffer.count == model.count, buffer.isEmpty == model.isEmpty
      else {
        Issue.record("differs from the model")
        return
      }
    }
    #expect(buffer.withReadableBytes { Array($0) } == model)
  }

  @Test("a look past either end gives nil")
  func lookPastEnds() {
    var buffer = ByteBuffer([1, 2, 3])
    buffer.consume(1)
    #expect(buffer[0] == 2)
    #expect(buffer[1] == 3)
    #expect(buffer[2] == nil)
    #expect(buffer[-1] == nil)
    #expect(buffer[.max] == nil)
  }

  @Test("a reader that is always behind makes the buffer neither grow nor move its bytes each time")
  func staysSmallWhenNeverEmpty() {
    var buffer = ByteBuffer([UInt8](repeating: 1, count: 10_000))
    let piece = [UInt8](repeating: 2, count: 100)
    for _ in 0..<10_000 {
      buffer.append(contentsOf: piece)
      buffer.consume(100)
    }
    #expect(buffer.count == 10_000)
    #expect(buffer.capacity <= 65_536)
  }

  @Test("a copy keeps its bytes when the original changes")
  func copies() {
    var buffer = ByteBuffer([1, 2, 3])
    let copy = buffer
    let slice = buffer.readable
    buffer.consume(2)
    buffer.append(9)
    #expect(Array(copy.readable) == [1, 2, 3])
    #expect(Array(slice) == [1, 2, 3])
    #expect(Array(buffer.readable) == [3, 9])
  }

  @Test("an empty buffer gives its memory back when told, and after a very large message by itself")
  func givesMemoryBack() {
    var buffer = ByteBuffer([UInt8](repeating: 0, count: 60_000))
    buffer.releaseMemory()
    #expect(buffer.count == 60_000)
    buffer.consume(60_000)
    #expect(buffer.capacity >= 60_000)
    buffer.releaseMemory(above: 100_000)
    #expect(buffer.capacity >= 60_000)
    buffer.releaseMemory(above: 4096)
    #expect(buffer.capacity == 0)
    buffer.append(contentsOf: [UInt8](repeating: 0, count: 100_000))
    buffer.consume(100_000)
    #expect(buffer.capacity == 0)
  }

  @Test("a fill that reports nonsense appends nothing that is not there")
  func boundsTheFill() {
    var buffer = ByteBuffer()
    var scratch = [UInt8](repeating: 5, count: 4)
    scratch.withUnsafeMutableBytes { scratch in
      #expect(buffer.append(through: scratch) { _ in -1 } == 0)
      #expect(buffer.append(through: scratch) { _ in 1000 } == 4)
    }
    #expect(buffer.count == 4)
  }
}
