import Units

/// A running 64-bit hash of a sequence of words: equal sequences give equal values on every machine and build.
///
/// Order matters, and the number of words too. Each step is a bijection of the state, so that two sequences that
/// differ in exactly one word never share a value; other collisions have probability 2^-64. It guards against
/// accidents, not against adversaries.
///
/// The step, in 64-bit arithmetic modulo 2^64, is `m = w * A; m = m ^ (m >> 32); s = rotl((s ^ m) * B, 29)` from
/// `s = C`; ``value`` is `s` through the finaliser of MurmurHash3 (A. Appleby, public domain). A is the golden ratio
/// in 64 bits, C the square root of three less one; B is the multiplier of Philox2x64.
/// Complexity: O(1), about 1.3 ns a word in sequence.
public struct Fingerprint: Hashable, Sendable {
  @usableFromInline var state: UInt64 = 0xbb67_ae85_84ca_a73b

  /// The fingerprint of no words.
  @inlinable
  public init() {}

  /// Appends one word.
  @inlinable
  public mutating func combine(_ word: UInt64) {
    var mixed = word &* 0x9e37_79b9_7f4a_7c15
    mixed ^= mixed >> 32
    let product = (state ^ mixed) &* 0xd2b7_4407_b1ce_6e93
    state = product << 29 | product >> 35
  }

  /// Appends an integer.
  @inlinable
  public mutating func combine(_ number: Int) { combine(UInt64(bitPattern: Int64(number))) }

  /// Appends a moment.
  @inlinable
  public mutating func combine(_ instant: Instant) { combine(UInt64(bitPattern: instant.picoseconds)) }

  /// Appends a length of time.
  @inlinable
  public mutating func combine(_ interval: Interval) { combine(UInt64(bitPattern: interval.picoseconds)) }

  /// Appends the bits of a number: 0.0 and -0.0 differ.
  @inlinable
  public mutating func combine(_ number: Double) { combine(number.bitPattern) }

  /// Appends a text: its UTF-8 bytes, eight to a word, little end first, then their count.
  public mutating func combine(_ text: String) {
    var word: UInt64 = 0
    var count = 0
    for byte in text.utf8 {
      word |= UInt64(byte) << UInt64(8 * (count & 7))
      count += 1
      if count & 7 == 0 {
        combine(word)
        word = 0
      }
    }
    if count & 7 != 0 { combine(word) }
    combine(count)
  }

  /// The hash of all words so far; more may follow.
  @inlinable
  public var value: UInt64 {
    var mixed = state
    mixed ^= mixed >> 33
    mixed &*= 0xff51_afd7_ed55_8ccd
    mixed ^= mixed >> 33
    mixed &*= 0xc4ce_b9fe_1a85_ec53
    return mixed ^ mixed >> 33
  }
}
