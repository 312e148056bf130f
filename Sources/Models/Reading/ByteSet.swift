/// A set of bytes, a bit for each.
struct ByteSet: Hashable, Sendable {
  private var words = SIMD4<UInt64>.zero

  /// The empty set.
  init() {}

  /// The bytes of a range. Complexity: O(length of the range).
  init(_ range: ClosedRange<UInt8>) {
    for byte in range { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
  }

  /// The characters of a range.
  init(_ range: ClosedRange<Unicode.Scalar>) {
    self.init(UInt8(ascii: range.lowerBound)...UInt8(ascii: range.upperBound))
  }

  /// The bytes that are not in the set.
  var inverted: ByteSet {
    var other = self
    other.words = ~words
    return other
  }

  func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }

  mutating func formUnion(_ other: ByteSet) { words |= other.words }

  func union(_ other: ByteSet) -> ByteSet {
    var both = self
    both.formUnion(other)
    return both
  }
}
