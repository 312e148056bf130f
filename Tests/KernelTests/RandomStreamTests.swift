import Testing

@testable import Kernel

@Suite struct RandomStreamTests {
  /// The three vectors of philox2x64 10 in Random123's kat_vectors.
  @Test func philoxGivesThePublishedVectors() {
    #expect(Philox.block(0, 0, key: 0) == (0xca00_a045_9843_d731, 0x66c2_4222_c9a8_45b5))
    #expect(Philox.block(.max, .max, key: .max) == (0x65b0_21d6_0cd8_310f, 0x4d02_f322_2f86_df20))
    #expect(
      Philox.block(0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, key: 0xa409_3822_299f_31d0)
        == (0x0a5e_742c_2997_341c, 0xb0f8_83d3_8000_de5d))
  }

  @Test func wordsNeverChange() {
    var one = RandomStream(seed: 1, consumer: .arrival, 2)
    #expect(
      [one.next(), one.next(), one.next()] == [0x9158_dcf3_6de8_7454, 0x3162_5187_410b_d815, 0xab99_87a7_5409_14b3])
    var two = RandomStream(seed: 1, consumer: .arrival, 2, 3)
    let second = [two.next(), two.next()]
    #expect(second == [0xe15b_92f9_6337_36ac, 0x8b52_5958_f18b_d5cf])
    var three = RandomStream(seed: 1, consumer: .arrival, 2, 3, 4)
    let third = [three.next(), three.next()]
    #expect(third == [0xd4e4_2756_5804_16ab, 0xe46c_6a5a_afc7_f8b9])
  }

  @Test func drawsInOrderAreTheWordsByIndex() {
    var stream = RandomStream(seed: 9, consumer: .expert, 5, 6)
    let untouched = stream
    for n in 0..<100 as Range<UInt64> {
      #expect(stream.position == n)
      let drawn = stream.next()
      #expect(drawn == untouched.word(n))
      _ = stream.word(n ^ 7)
    }
  }

  @Test(arguments: [0, 1]) func aPairIsTheNextTwoWords(drawn: Int) {
    var stream = RandomStream(seed: 9, consumer: .expert, 5)
    for _ in 0..<drawn { _ = stream.next() }
    var other = stream
    for _ in 0..<8 {
      let (pair, words) = (stream.pair(), (other.next(), other.next()))
      #expect(pair == words && stream.position == other.position)
    }
  }

  @Test func everyPartOfTheKeySeparatesStreams() {
    var firsts: Set<UInt64> = []
    var count = 0
    for seed in 0..<4 as Range<UInt64> {
      for consumer in 0..<4 as Range<UInt64> {
        for a in 0..<4 as Range<UInt64> {
          let use = Consumer(rawValue: consumer)
          firsts.insert(RandomStream(seed: seed, consumer: use, a).word(0))
          count += 1
          for b in 0..<4 as Range<UInt64> {
            firsts.insert(RandomStream(seed: seed, consumer: use, a, b).word(0))
            count += 1
            for c in 0..<4 as Range<UInt64> {
              firsts.insert(RandomStream(seed: seed, consumer: use, a, b, c).word(0))
              count += 1
            }
          }
        }
      }
    }
    #expect(firsts.count == count)
    #expect(RandomStream(seed: 3, consumer: .noise).word(1) == RandomStream(seed: 3, consumer: .noise, 0).word(1))
  }

  @Test func unitsStayInTheirRange() {
    #expect(RandomStream.unit(0) == 0)
    #expect(RandomStream.unit(.max) == 1 - 0x1p-53)
    var stream = RandomStream(seed: 1, consumer: .test)
    for _ in 0..<10_000 {
      let open = stream.positiveUniform()
      #expect(open > 0 && open <= 1)
    }
  }

  @Test func belowIsInRangeAndUnbiased() {
    var stream = RandomStream(seed: 1, consumer: .test, 1)
    let only = stream.below(1)
    #expect(only == 0)
    // Three quarters of 2^64: a biased product would favour every third number by a factor of two.
    let n: UInt64 = 3 << 62
    var thirds = [0, 0, 0]
    for _ in 0..<30_000 {
      let draw = stream.below(n)
      #expect(draw < n)
      thirds[Int(draw % 3)] += 1
    }
    // Standard deviation 82 of 10,000.
    for count in thirds { #expect(abs(count - 10_000) < 410) }
  }

  @Test func chanceIsAProbability() {
    var stream = RandomStream(seed: 1, consumer: .test, 2)
    var hits = 0
    for _ in 0..<10_000 {
      let never = stream.chance(0)
      let always = stream.chance(1)
      #expect(!never && always)
      if stream.chance(0.25) { hits += 1 }
    }
    // Standard deviation 43 of 2,500.
    #expect(abs(hits - 2_500) < 215)
  }

  @Test func consumersHaveDistinctNumbers() {
    let all: [Consumer] = [
      .arrival, .promptLength, .outputLength, .session, .think, .prefix, .router, .batch, .expert, .acceptance,
      .placement, .cache, .failure, .noise, .sweep, .resampling, .test,
    ]
    #expect(all.map(\.rawValue) == Array(1...17))
  }
}
