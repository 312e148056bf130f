/// Points on the whole numbers from 0: each below 2^(bits + 1), and 2^bits in every octave from there on.
///
/// Source: HdrHistogram (G. Tene), whose buckets these are.
public struct LogScale: Sendable {
  /// Points an octave, as a power of two.
  public let bits: Int

  /// A scale with 2^`bits` points an octave, `bits` from 0 to 31.
  @inlinable
  public init(bits: Int) { self.bits = bits }

  /// The place of the last point at or below `value`, which is at least 0.
  @inlinable
  @inline(__always)
  public func place(_ value: Int) -> Int {
    let shift = max(0, Int.bitWidth - value.leadingZeroBitCount - bits - 1)
    return shift << bits + value >> shift
  }

  /// The point at a place.
  @inlinable
  public func value(_ place: Int) -> Int {
    guard place >= 2 << bits else { return place }
    let shift = place >> bits - 1
    return (place - shift << bits) << shift
  }
}
