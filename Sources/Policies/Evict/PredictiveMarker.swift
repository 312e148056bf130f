import Cluster
import Kernel

/// ``Marker`` with one bit of advice at each use: of the unmarked experts, one that the advice gives up, if any, leaves.
///
/// The advice comes from the future, which the experiment has to own, and is wrong as often as told. A discard bit says
/// that the best policy lets the expert go before its next use; a phase bit, that the next phase does not use it. Without
/// a future it is ``Marker``. Complexity: O(slots) an eviction. Source: A. Antoniadis, J. Boyar, M. Eliáš,
/// L. M. Favrholdt, R. Hoeksma, K. S. Larsen, A. Polak, B. Simon, "Paging with succinct predictions", ICML 2023.
public struct PredictiveMarker: EvictPolicy {
  /// What the bit says.
  public enum Bit: String, Sendable, CaseIterable {
    /// That the best policy lets the expert go before its next use.
    case discard
    /// That the phase after this one does not use the expert.
    case phase
  }

  /// The name that scenarios and reports use.
  public static let name = "predictive-marker"
  /// The advice is about experts.
  public static let isForExperts = true

  private let bit: Bit
  private let accuracy: Double
  private let seed: UInt64
  private var stream: RandomStream
  private var marks = Marks()
  private var isGivenUp = ByKey(false)
  private var future = AccessSequence()
  /// The advice at each key of `future`.
  private var advice: [Bool] = []
  /// Sets of `future` that were asked for.
  private var reached = 0

  /// The policy with advice that is right with chance `accuracy`, 0 to 1, and draws from `seed`.
  public init(bit: Bit, accuracy: Double, seed: UInt64) {
    self.bit = bit
    self.accuracy = accuracy
    self.seed = seed
    stream = RandomStream(seed: seed, consumer: .cache)
  }

  /// Draws the advice.
  public mutating func foresee(_ future: AccessSequence, slots: Int) {
    self.future = future
    reached = 0
    advice = bit == .discard ? future.discards(slots: slots) : future.absences(slots: slots)
    for index in advice.indices {
      // Apart from the draws of evictions, which have subject 0.
      var stream = RandomStream(seed: seed, consumer: .cache, 1, UInt64(index))
      if !stream.chance(accuracy) { advice[index].toggle() }
    }
  }

  /// A layer was reached.
  public mutating func reach(_ layer: ReachedLayer) {
    if reached < future.count {
      let keys = future[reached]
      for place in keys.indices { isGivenUp[keys[place]] = advice[place] }
    }
    reached += 1
  }

  /// An expert came in.
  public mutating func insert(_ key: Int32) { marks.mark(key) }

  /// An expert was found.
  public mutating func touch(_ key: Int32) { marks.mark(key) }

  /// The expert is in use again.
  public mutating func retain(_ key: Int32) { marks.retain(key) }

  /// The expert may leave.
  public mutating func release(_ key: Int32) { marks.release(key) }

  /// The expert that leaves.
  public mutating func evict() -> Int32? {
    guard let old = marks.unmarked else { return nil }
    let given = old.filter { isGivenUp[$0] }
    let candidates = given.isEmpty ? old : given
    let key = candidates[Int(stream.below(UInt64(candidates.count)))]
    marks.retain(key)
    return key
  }
}
