import Testing

@testable import Policies

/// Sums over links with delays.
@Suite struct ReductionTests {
  private func seconds(_ shape: Reduction.Shape, _ bytes: Double, rate: Double) -> Double {
    Reduction(shape: shape, devices: 8, hop: 0.004, rate: rate, isSum: true).seconds(bytes, afterLast: false)
  }

  @Test func aStarWaitsForEightLinksWhereARingWaitsForFiftySix() {
    // TPI-LLM's example: eight devices, four links of 1 ms between two of them.
    #expect(seconds(.star, 0, rate: 1) == 0.008)
    #expect(isNear(seconds(.ring, 0, rate: 1), 0.056))
    #expect(isNear(seconds(.tree, 0, rate: 1), 0.024))
  }

  @Test func theCentreOfAStarCarriesTheBytesOfAll() {
    // 1,000 B at 1 MB/s: seven others in and out, 14 ms; a ring moves an eighth fourteen times, 1.75 ms; a tree six times all.
    #expect(isNear(seconds(.star, 1000, rate: 1e6), 0.022))
    #expect(isNear(seconds(.ring, 1000, rate: 1e6), 0.05775))
    #expect(isNear(seconds(.tree, 1000, rate: 1e6), 0.030))
  }

  @Test func stagesHandOverOnceAStepEach() {
    let stages = Reduction(shape: .star, devices: 4, hop: 0.004, rate: 1e6, isSum: false)
    #expect(stages.seconds(1000, afterLast: false) == 0)
    #expect(isNear(stages.seconds(1000, afterLast: true), 0.015))
    let alone = Reduction(shape: .ring, devices: 1, hop: 0.004, rate: 1e6, isSum: true)
    #expect(alone.seconds(1000, afterLast: true) == 0)
  }
}
