/// How many tries it takes until one succeeds, each with the same chance.
public struct Geometric: Distribution {
  /// The expected number, at least 1.
  public let mean: Double
  @usableFromInline let logFailure: Double

  /// The law of a mean; nil unless it is in 1...1e6.
  public init?(mean: Double) {
    guard mean >= 1, mean <= 1e6 else { return nil }
    self.mean = mean
    logFailure = Elementary.log(1 - 1 / mean)
  }

  /// Draws a number, at least 1, by inversion, with one word.
  @inlinable
  public func draw(from stream: inout RandomStream) -> Int {
    let tries = Elementary.log(stream.positiveUniform()) / logFailure
    return 1 + Int(tries.rounded(.down))
  }
}
