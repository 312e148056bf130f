/// The random numbers of one use and one subject: a pure function of (seed, consumer, subjects, index).
///
/// Word n of a stream is word n mod 2 of the Philox2x64-10 block at counter (n / 2, last subject); the key comes from
/// the seed and the consumer and, where there are several subjects, from all but the last. So no draw depends on what
/// else was drawn, in which order or on which thread, and compared policies share their luck. Two streams with one
/// subject never overlap under one seed and consumer; other pairs share a key with probability 2^-64.
///
/// Copying a stream copies its position.
public struct RandomStream: Sendable {
  @usableFromInline let key: UInt64
  @usableFromInline let subject: UInt64
  @usableFromInline var index: UInt64 = 0
  @usableFromInline var spare: UInt64 = 0

  @inlinable
  init(key: UInt64, subject: UInt64) {
    self.key = key
    self.subject = subject
  }

  /// The stream of a use that has no subject; the same as subject 0.
  @inlinable
  public init(seed: UInt64, consumer: Consumer) {
    self.init(seed: seed, consumer: consumer, 0)
  }

  /// The stream of one subject, such as a request.
  @inlinable
  public init(seed: UInt64, consumer: Consumer, _ subject: UInt64) {
    self = RandomFamily(seed: seed, consumer: consumer).stream(subject)
  }

  /// The stream of a pair, such as a request and a token.
  @inlinable
  public init(seed: UInt64, consumer: Consumer, _ first: UInt64, _ second: UInt64) {
    self = RandomFamily(seed: seed, consumer: consumer).family(first).stream(second)
  }

  /// The stream of a triple, such as a request, a token and a layer.
  @inlinable
  public init(seed: UInt64, consumer: Consumer, _ first: UInt64, _ second: UInt64, _ third: UInt64) {
    self = RandomFamily(seed: seed, consumer: consumer).family(first).family(second).stream(third)
  }

  /// How many words were drawn.
  @inlinable
  public var position: UInt64 { index }

  /// Word `n` of the stream, whatever was drawn before. Complexity: one block of Philox.
  @inlinable
  public func word(_ n: UInt64) -> UInt64 {
    let block = Philox.block(n >> 1, subject, key: key)
    return n & 1 == 0 ? block.0 : block.1
  }

  /// The next word: uniform over 0 to 2^64 - 1. A stream has 2^64 - 2^32 words, more than anyone draws.
  @inlinable
  public mutating func next() -> UInt64 {
    let n = index
    index = n &+ 1
    if n & 1 == 1 { return spare }
    let block = Philox.block(n >> 1, subject, key: key)
    spare = block.1
    return block.0
  }

  /// The next two words, at the cost of one block where an even number of them was drawn.
  @inlinable @inline(__always)
  public mutating func pair() -> (UInt64, UInt64) {
    guard index & 1 == 0 else { return (next(), next()) }
    let block = Philox.block(index >> 1, subject, key: key)
    index &+= 2
    return block
  }

  /// A number uniform in [0, 1): a multiple of 2^-53.
  @inlinable
  public mutating func uniform() -> Double { RandomStream.unit(next()) }

  /// A number uniform in (0, 1]: a multiple of 2^-53 whose logarithm is finite.
  @inlinable
  public mutating func positiveUniform() -> Double { Double((next() >> 11) &+ 1) * 0x1p-53 }

  /// A number uniform in [0, 1) from a word: its upper 53 bits times 2^-53.
  @inlinable
  public static func unit(_ word: UInt64) -> Double { Double(word >> 11) * 0x1p-53 }

  /// A whole number uniform over 0 to `n` - 1, without bias; traps where `n` is 0.
  ///
  /// Takes one word, rarely more. Source: D. Lemire, "Fast random integer generation in an interval", ACM TOMACS
  /// 29(1), 2019.
  @inlinable
  public mutating func below(_ n: UInt64) -> UInt64 {
    precondition(n > 0, "there is no number below 0")
    var product = next().multipliedFullWidth(by: n)
    if product.low < n {
      let threshold = (0 &- n) % n
      while product.low < threshold { product = next().multipliedFullWidth(by: n) }
    }
    return product.high
  }

  /// True with a probability, which is clamped to 0...1.
  @inlinable
  public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }
}

/// The streams of one use under one seed, made once and asked for the stream of each subject.
public struct RandomFamily: Sendable {
  @usableFromInline let key: UInt64

  @inlinable
  init(key: UInt64) { self.key = key }

  /// The streams of a use. Complexity: one block of Philox.
  @inlinable
  public init(seed: UInt64, consumer: Consumer) {
    self.key = Philox.block(.max, consumer.rawValue, key: seed).0
  }

  /// The stream of a subject. Complexity: O(1), nothing is computed.
  @inlinable
  public func stream(_ subject: UInt64) -> RandomStream { RandomStream(key: key, subject: subject) }

  /// The streams of the pairs that begin with a subject. Complexity: one block of Philox.
  ///
  /// The counter has the last index a stream never reaches, so that keys and draws do not overlap.
  @inlinable
  public func family(_ subject: UInt64) -> RandomFamily {
    RandomFamily(key: Philox.block(.max, subject, key: key).0)
  }
}
