import Cluster
import Models
import Timeline

/// What the cache begins with, and what the link copies: experts that a layer has missed, and those that are guessed for later
/// ones.
extension HybridExperts {
  /// Fills each layer's slots with its first experts, or those that most tokens of 16 other requests of 64 tokens go to.
  mutating func fill() {
    guard options.slots.contains(where: { $0 > 0 }) else { return }
    guard !options.fillsFirst else {
      for layer in 0..<cache.shape.layers {
        for expert in 0..<options.slots[layer] { _ = cache.warm(layer, Int32(expert)) }
      }
      return
    }
    var profile = routed
    var counts = Array(repeating: 0, count: numbers.count)
    let shape = cache.shape
    for position in 0..<64 as Range<Int32> {
      profile.begin(
        (1...16).map { StepSequence(request: -$0, position: position, tokens: 1, isPrompt: false) })
      for layer in 0..<shape.layers {
        for expert in profile.routing.experts(layer) {
          counts[layer * shape.experts + Int(expert)] += profile.routing.tokens(layer, expert)
        }
      }
    }
    for layer in 0..<shape.layers {
      let first = layer * shape.experts
      let hot = (0..<shape.experts).sorted { (counts[first + $1], $0) < (counts[first + $0], $1) }
      for expert in hot.prefix(options.slots[layer]).sorted() { _ = cache.warm(layer, Int32(expert)) }
    }
  }

  /// Copies an expert that was missed, through a buffer where it finds no slot; one that is not needed only into a slot.
  mutating func copy(
    _ layer: Int, _ expert: Int32, after gate: TaskRef, isNeeded: Bool, into plan: inout StepPlan
  ) {
    var stays = false
    do { stays = try cache.bring(layer, expert) } catch { faults += 1 }
    if stays || isNeeded { issue(layer, expert, after: gate, isBuffered: !stays, into: &plan) }
    if !isNeeded, stays { linkFree = max(linkFree, now) + costs.copy }
  }

  private mutating func issue(
    _ layer: Int, _ expert: Int32, after known: TaskRef, isBuffered: Bool, into plan: inout StepPlan
  ) {
    let place = layer * cache.shape.experts + Int(expert)
    numbers[place] = way.fetch(way.expertBytes, after: known, isBuffered: isBuffered, into: &plan)
    arrivals[place] = max(linkFree, now) + costs.copy
  }

  /// Copies the `count` experts of the layer after `layer` whose recent scores are highest, as far as they are not there; a
  /// device that computes no expert of a layer does not come to it.
  mutating func prefetch(_ count: Int, after layer: Int, _ gate: TaskRef, into plan: inout StepPlan) {
    let shape = cache.shape
    recent.reach(
      ReachedLayer(
        layer: layer, layers: shape.layers, firstKey: Int32(layer * shape.experts), isShared: true,
        perToken: shape.perToken, scores: routed.routing.scores(layer)))
    let next = layer + 1
    guard !isPrompt, next < shape.layers, !schedule.onGPU.isEmpty else { return }
    let first = Int32(next * shape.experts)
    for key in recent.highest(count, of: first..<first + Int32(shape.experts)) where !cache.holds(next, key - first) {
      var comes = false
      do { comes = try cache.prefetch(next, key - first) } catch { faults += 1 }
      guard comes else { continue }
      issue(next, key - first, after: gate, isBuffered: false, into: &plan)
      linkFree = max(linkFree, now) + costs.copy
    }
  }

  /// Copies what is guessed for the next layers, the expert that gains most first, as long as the link is idle before
  /// `end`.
  mutating func prefetch(_ layer: Int, until end: Double, after gate: TaskRef, into plan: inout StepPlan) {
    ahead.removeAll(keepingCapacity: true)
    guard options.prefetch > 0, max(linkFree, now) < end else { return }
    for distance in 1...options.prefetch where layer + distance < cache.shape.layers {
      predictor.guess(routed.routing, layer: layer + distance, ahead: distance, into: &guess)
      var experts: [HybridExpert] = []
      for expert in guess.experts {
        let isHeld = cache.holds(layer + distance, expert)
        // What is there and guessed stays until its layer has been computed.
        if isHeld { _ = try? cache.prefetch(layer + distance, expert) }
        experts.append(HybridExpert(expert: expert, tokens: guess.tokens(expert), ready: isHeld ? 0 : nil))
      }
      ahead.append(HybridAhead(layer: layer + distance, experts: experts))
    }
    for place in ahead.indices { ahead[place].weigh(options.rule, &costs, &trial) }
    while max(linkFree, now) < end {
      // Of equal gains the nearest layer's.
      guard
        let place = ahead.indices.max(by: {
          ahead[$0].gain < ahead[$1].gain || (ahead[$0].gain == ahead[$1].gain && $0 > $1)
        }),
        let best = ahead[place].best
      else { break }
      let (other, expert) = (ahead[place].layer, ahead[place].experts[best].expert)
      var comes = false
      do { comes = try cache.prefetch(other, expert) } catch { faults += 1 }
      guard comes else {
        ahead[place].drop()
        continue
      }
      issue(other, expert, after: gate, isBuffered: false, into: &plan)
      linkFree = max(linkFree, now) + costs.copy
      ahead[place].experts[best].ready = 0
      ahead[place].weigh(options.rule, &costs, &trial)
    }
  }
}
