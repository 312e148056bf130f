import Kernel
import Testing
import Units
@testable import Workload

private let short = Generator.Lengths.independent(prompt: .constant(10), output: .constant(20))

private func arrivals(_ process: ArrivalProcess, _ extent: Generator.Extent, seed: UInt64 = 1) throws -> [Instant] {
  try Generator(arrivals: process, lengths: short, extent: extent).trace(seed: seed).requests.map(\.arrival)
}

/// Whether `a` is within `share` of `b`.
private func near(_ a: Double, _ b: Double, within share: Double) -> Bool { abs(a - b) <= share * abs(b) }

@Suite struct GeneratorTests {
  @Test func constantArrivalsAreMultiplesOfTheGap() throws {
    // Thirds of a second: rounded each by itself, not added up.
    let expected: [Int64] = [0, 333_333_333_333, 666_666_666_667, 1_000_000_000_000]
    #expect(try arrivals(.constant(Rate(3)), .requests(4)).map(\.picoseconds) == expected)
    #expect(try arrivals(.constant(Rate(3)), .duration(.seconds(1))).count == 3)
    #expect(try arrivals(.constant(Rate(3)), .duration(.seconds(100))).last?.picoseconds == 99_666_666_666_667)
  }

  @Test(
    arguments: [
      (.poisson(Rate(50)), 1), (.gamma(Rate(50), variation: 2), 2), (.gamma(Rate(50), variation: 0.5), 0.5),
      (.measured(Rate(50), gaps: [Quantiles.Point(0, 0), Quantiles.Point(1, 7)]), 0.5773502692),
    ] as [(ArrivalProcess, Double)])
  func gapsHaveTheirRateAndVariation(process: ArrivalProcess, variation: Double) throws {
    let generator = Generator(arrivals: process, lengths: short, extent: .requests(100_000))
    let statistics = TraceStatistics(try generator.trace(seed: 3))
    // Standard errors: variation / sqrt(n) of the rate, about variation / sqrt(n) of the variation.
    #expect(near(statistics.rate.value, 50, within: 5 * variation / 316))
    #expect(near(statistics.gapVariation, variation, within: 0.03))
  }

  @Test func durationsEndBeforeTheirEnd() throws {
    let moments = try arrivals(.poisson(Rate(30)), .duration(.seconds(600)))
    #expect(moments.allSatisfy { $0 < .start + .seconds(600) } && near(Double(moments.count), 18_000, within: 0.04))
    #expect(try arrivals(.poisson(Rate(1e-6)), .duration(.seconds(1))).isEmpty)
  }

  @Test func drawsDependOnSeedAndIndexAlone() throws {
    let lengths = Generator.Lengths.independent(
      prompt: .lognormal(mean: 1000, variation: 1.5, maximum: 8192), output: .resampled([1, 2, 3, 4, 5]))
    let slow = try Generator(arrivals: .poisson(Rate(1)), lengths: lengths, extent: .requests(50)).trace(seed: 7)
    let fast = try Generator(arrivals: .gamma(Rate(9), variation: 3), lengths: lengths, extent: .requests(200))
      .trace(seed: 7)
    let other = try Generator(arrivals: .poisson(Rate(1)), lengths: lengths, extent: .requests(50)).trace(seed: 8)
    #expect(slow.requests.map(\.promptTokens) == fast.first(50).requests.map(\.promptTokens))
    #expect(slow.requests.map(\.outputTokens) == fast.first(50).requests.map(\.outputTokens))
    #expect(slow.requests.map(\.promptTokens) != other.requests.map(\.promptTokens))
    let twice = try Generator(arrivals: .poisson(Rate(2)), lengths: lengths, extent: .requests(50)).trace(seed: 7)
    for (a, b) in zip(slow.requests, twice.requests) {
      #expect(abs(a.arrival.picoseconds - 2 * b.arrival.picoseconds) <= 100)
    }
  }

  @Test func lognormalLengthsHaveTheirMean() throws {
    let law = LengthLaw.lognormal(mean: 500, variation: 0.8, maximum: 100_000)
    let generator = Generator(
      arrivals: .constant(Rate(1)), lengths: .independent(prompt: law, output: .constant(1)), extent: .requests(100_000)
    )
    let requests = try generator.trace(seed: 5).requests
    #expect(near(TraceStatistics(Trace(requests: requests)).meanPrompt, 500, within: 0.015))
    let capped = Generator.Lengths.independent(
      prompt: .lognormal(mean: 500, variation: 5, maximum: 600), output: .constant(1))
    let longest = try Generator(arrivals: .constant(Rate(1)), lengths: capped, extent: .requests(1000)).trace(seed: 5)
    #expect(longest.requests.map(\.promptTokens).max() == 600 && longest.requests.allSatisfy { $0.promptTokens >= 1 })
  }

  @Test func pairsStayTogetherAndIndependentLengthsDoNot() throws {
    let source = [request(0, 1, 100), request(1, 2, 200), request(2, 3, 300)]
    let paired = Generator(arrivals: .constant(Rate(1)), lengths: .paired(source), extent: .requests(3000))
    let pairs = try paired.trace(seed: 1).requests
    #expect(pairs.allSatisfy { $0.outputTokens == 100 * $0.promptTokens })
    #expect(Set(pairs.map(\.promptTokens)) == [1, 2, 3])
    let splitwise = try Generator.splitwise(Trace(requests: source), rate: Rate(30)).trace(seed: 1).requests
    #expect(near(Double(splitwise.count), 18_000, within: 0.04))
    let together = splitwise.count { $0.outputTokens == 100 * $0.promptTokens }
    #expect(near(Double(together) / Double(splitwise.count), 1.0 / 3, within: 0.05))
  }

  @Test func whatCannotBeGeneratedIsRefused() {
    func fault(
      _ arrivals: ArrivalProcess, _ lengths: Generator.Lengths = short, _ extent: Generator.Extent = .requests(1)
    )
      -> Generator.Fault?
    {
      do throws(Generator.Fault) {
        _ = try Generator(arrivals: arrivals, lengths: lengths, extent: extent).trace(seed: 1)
        return nil
      } catch { return error }
    }
    func prompt(_ law: LengthLaw) -> Generator.Lengths { .independent(prompt: law, output: .constant(1)) }
    let one = ArrivalProcess.poisson(Rate(1))
    #expect(fault(.poisson(Rate(0))) == .badRate(0) && fault(.constant(Rate(-1))) == .badRate(-1))
    #expect(fault(.poisson(Rate(.infinity))) == .badRate(.infinity))
    #expect(fault(.gamma(Rate(1), variation: 0)) == .badVariation(0))
    #expect(fault(.measured(Rate(1), gaps: [])) == .badTable("gaps"))
    #expect(fault(.measured(Rate(1), gaps: [Quantiles.Point(0, 0), Quantiles.Point(1, 0)])) == .badTable("gaps"))
    #expect(fault(one, prompt(.constant(0))) == .badLength("prompt", 0))
    #expect(fault(one, .independent(prompt: .constant(1), output: .constant(1 << 30))) == .badLength("output", 0x1p30))
    #expect(fault(one, prompt(.quantiles([Quantiles.Point(0, 0), Quantiles.Point(1, 5)]))) == .badTable("prompt"))
    #expect(fault(one, prompt(.resampled([]))) == .badTable("prompt"))
    #expect(fault(one, prompt(.resampled([5, 0]))) == .badLength("prompt", 0))
    #expect(fault(one, prompt(.lognormal(mean: 9, variation: 1, maximum: 8))) == .badLength("prompt", 9))
    #expect(fault(one, .paired([])) == .badTable("pairs"))
    #expect(fault(one, short, .requests(0)) == .badExtent && fault(one, short, .duration(.zero)) == .badExtent)
    #expect(fault(.constant(Rate(1e-6)), short, .requests(10)) == .tooLong)
  }

  @Test func statisticsOfNothingAndOfOne() {
    let none = TraceStatistics(Trace(requests: []))
    #expect(none.rate.value == 0 && none.meanPrompt == 0 && none.promptQuantile(0.5) == nil)
    let one = TraceStatistics(Trace(requests: [request(5, 7, 9)]))
    #expect(one.rate.value == 0 && one.gapVariation == 0 && one.outputQuantile(0.99) == 9)
  }
}
