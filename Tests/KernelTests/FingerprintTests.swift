import Testing
import Units

@testable import Kernel

@Suite struct FingerprintTests {
  static func of(_ words: [UInt64]) -> UInt64 {
    var print = Fingerprint()
    for word in words { print.combine(word) }
    return print.value
  }

  @Test func valuesNeverChange() {
    #expect(Self.of([]) == 0xa5d5_c4fa_2aa7_018b)
    #expect(Self.of([0]) == 0x8e5e_be8d_603d_6981)
    #expect(Self.of([1, 2, 3]) == 0xfd1a_16d0_ad33_1f9a)
  }

  @Test func orderCountAndEveryBitMatter() {
    #expect(Self.of([1, 2]) != Self.of([2, 1]))
    #expect(Self.of([0]) != Self.of([]))
    #expect(Self.of([0, 0]) != Self.of([0]))
    let base: [UInt64] = [3, 1, 4, 1, 5]
    var seen: Set<UInt64> = [Self.of(base)]
    for place in base.indices {
      for bit in 0..<64 {
        var words = base
        words[place] ^= 1 << UInt64(bit)
        #expect(seen.insert(Self.of(words)).inserted)
      }
    }
  }

  @Test func pairsOfFlippedBitsDoNotCancel() {
    var seen: Set<UInt64> = []
    for first in 0..<64 {
      for second in 0..<64 { seen.insert(Self.of([1 << UInt64(first), 1 << UInt64(second)])) }
    }
    #expect(seen.count == 4096)
  }

  @Test func kindsGoInByTheirBits() {
    var a = Fingerprint()
    a.combine(Instant(picoseconds: 7))
    a.combine(Interval(picoseconds: -1))
    a.combine(1.5)
    a.combine(-2)
    #expect(a.value == Self.of([7, .max, (1.5).bitPattern, .max - 1]))
  }

  @Test func textsAreSeparated() {
    func of(_ texts: String...) -> UInt64 {
      var print = Fingerprint()
      for text in texts { print.combine(text) }
      return print.value
    }
    #expect(of("abcdefgh") == Self.of([0x6867_6665_6463_6261, 8]))
    #expect(of("ab", "c") != of("a", "bc"))
    #expect(of("a") != of("a\0"))
    #expect(of("") == Self.of([0]))
  }
}
