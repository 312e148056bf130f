import Testing

@testable import Policies

/// How many neurons are active, and how many of them memory does not hold.
@Suite struct NeuronLawTests {
  @Test func neuronsThatAreAlikeAreMissedAsOftenAsTheyAreAbsent() {
    // A quarter is active, and half of all are held, whichever: 1/4 x 1/2 are missed.
    let law = NeuronLaw(active: 0.25, exponent: 0)
    for isDynamic in [true, false] {
      let found = law.demand(tokens: 1, share: 1, capacity: 0.5, pinned: 0, isDynamic: isDynamic)
      #expect(isNear(found.active, 0.25))
      #expect(isNear(found.missed, 0.125))
    }
    // A quarter is pinned; of the other three quarters a third is held: 3/4 x 1/4 x 2/3.
    for isDynamic in [true, false] {
      let pinned = law.demand(tokens: 1, share: 1, capacity: 0.5, pinned: 0.25, isDynamic: isDynamic)
      #expect(isNear(pinned.unpinned, 0.1875))
      #expect(isNear(pinned.missed, 0.125))
    }
    // Two tokens, each of which goes to half of the experts: 1 - (1 - 1/8)^2.
    let two = law.demand(tokens: 2, share: 0.5, capacity: 1, pinned: 0, isDynamic: true)
    #expect(isNear(two.active, 1 - 0.875 * 0.875))
    #expect(two.missed == 0)
  }

  /// The exponent that the scenarios of PowerInfer-2 give: 95 % of the active neurons of Bamboo-7B are found where the
  /// hot half of all is held; what was used last is found less often in as much memory.
  @Test func theFittedExponentGivesTheHitRateThatItIsFittedTo() {
    func hits(pinned: Double) -> Double {
      let found = NeuronLaw(active: 0.1, exponent: 1.6).demand(
        tokens: 1, share: 1, capacity: 0.5, pinned: pinned, isDynamic: true)
      #expect(abs(found.active - 0.1) < 1e-6)
      return 1 - found.missed / found.active
    }
    #expect(abs(hits(pinned: 0.5) - 0.95) < 0.005)
    #expect(hits(pinned: 0) < hits(pinned: 0.5))
  }

  @Test func moreMemoryNeverMissesMore() {
    let law = NeuronLaw(active: 0.15, exponent: 1.9)
    for tokens in [1, 4] {
      let missed = stride(from: 0.05, through: 1, by: 0.05).map {
        law.demand(tokens: tokens, share: 0.25, capacity: $0, pinned: 0, isDynamic: true).missed
      }
      #expect(zip(missed, missed.dropFirst()).allSatisfy { $0 >= $1 })
      #expect(missed.last == 0)
    }
  }
}
