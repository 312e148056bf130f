import Cluster
import Models
import Timeline

extension ExpertOffload {
  /// Fetches what does not wait for the gate of the layer at `place`: of the ring, or of paths that are known.
  mutating func fetchAhead(_ place: Int, into plan: inout StepPlan) {
    switch options.fetch {
    case .prefetchAll:
      for ahead in place...place + options.ahead {
        // After the last layer come the first ones of a step like this one.
        let layer = passed[ahead % passed.count]
        guard !ring.contains(where: { $0.layer == layer }) else { continue }
        fetchLayer(layer, into: &plan)
      }
    case .path:
      next = max(next, place)
      while next < min(place + options.ahead, passed.count) {
        let isWhole = prefetch(passed[next], after: block, into: &plan)
        // What found no slot is fetched into those that earlier layers leave; a layer's own ones it would wait for in vain.
        guard isWhole || !cache.isShared else { break }
        next += 1
      }
    default: break
    }
  }

  /// Fetches all experts of a layer in place of the oldest in the ring, once the layer before has been computed.
  private mutating func fetchLayer(_ layer: Int, into plan: inout StepPlan) {
    if ring.count > options.ahead { ring.removeFirst() }
    let bytes = options.storedBytes(rank: 0, of: 1, isPrompt: false) * Double(cache.shape.experts)
    let number = way.fetch(bytes, experts: cache.shape.experts, after: block, into: &plan)
    ring.append((layer, number))
    counts.fetched(cache.shape.experts, bytes: bytes)
  }

  /// Fetches what is guessed of `layer` and not there, once `known` has ended; false where some of it found no slot.
  @discardableResult
  mutating func prefetch(_ layer: Int, after known: TaskRef, into plan: inout StepPlan) -> Bool {
    guard let guess = guesses?.of(layer) else { return true }
    list.removeAll(keepingCapacity: true)
    for expert in guess.experts {
      // Those that are there stay until the layer has been computed.
      if cache.holds(layer, expert) { _ = try? cache.prefetch(layer, expert) } else { list.append(expert) }
    }
    sort { guess.tokens($0) }
    var isWhole = true
    for (rank, expert) in list.enumerated() {
      if options.keepsApart {
        isApart[layer * cache.shape.experts + Int(expert)] = true
      } else {
        guard (try? cache.prefetch(layer, expert)) == true else {
          isWhole = false
          continue
        }
      }
      fetch(layer, expert, rank: rank, after: known, isBuffered: false, into: &plan)
    }
    return isWhole
  }

  /// Puts the experts to fetch in the order of their tokens, the most first, where that is asked for.
  mutating func sort(by tokens: (Int32) -> Int) {
    guard options.isByTokens else { return }
    list.sort { (tokens($1), $0) < (tokens($0), $1) }
  }

  @discardableResult
  private mutating func fetch(
    _ layer: Int, _ expert: Int32, rank: Int, after known: TaskRef, delay: Double = 0, isBuffered: Bool,
    into plan: inout StepPlan
  ) -> Int {
    let bytes = options.storedBytes(rank: rank, of: list.count, isPrompt: isPrompt)
    let number = way.fetch(bytes, after: known, delay: delay, isBuffered: isBuffered, into: &plan)
    numbers[layer * cache.shape.experts + Int(expert)] = number
    counts.fetched(1, bytes: bytes)
    return number
  }

  /// What an expert that is fetched waits for: a fetch in turn, by its number, or the end of one beside the others.
  enum Coming {
    case fetch(Int)
    case end(TaskRef)
  }

  /// Fetches the expert of a layer that is at `rank` of those it misses, beside what is fetched ahead where that has a queue
  /// of its own.
  mutating func fetchMissed(
    _ layer: Int, rank: Int, after gate: TaskRef, delay: Double, isBuffered: Bool, into plan: inout StepPlan
  ) -> Coming {
    let expert = list[rank]
    guard let beside = way.beside else {
      return .fetch(
        fetch(layer, expert, rank: rank, after: gate, delay: delay, isBuffered: isBuffered, into: &plan))
    }
    let bytes = options.storedBytes(rank: rank, of: list.count, isPrompt: isPrompt)
    let end = way.fetch(bytes, beside: beside, after: gate, delay: delay, isBuffered: isBuffered, into: &plan)
    // It has come before the layer ends.
    numbers[layer * cache.shape.experts + Int(expert)] = 0
    counts.fetched(1, bytes: bytes)
    return .end(end)
  }

  /// Takes what was fetched ahead for a layer out of what it misses.
  mutating func takeApart(_ layer: Int) {
    let (first, count) = (layer * cache.shape.experts, missing.count)
    let own = first..<first + cache.shape.experts
    missing.removeAll { isApart[first + Int($0)] }
    cache.foundBeside(used: count - missing.count, fetched: isApart[own].count { $0 })
    for place in own { isApart[place] = false }
  }

  /// Fetches what the layer has converted in its place again, behind what is fetched for the next layer.
  mutating func fetchAgain(_ layer: Int, into plan: inout StepPlan) {
    let bytes = options.expertBytes * options.stored
    for (expert, use) in converted {
      numbers[layer * cache.shape.experts + Int(expert)] = way.fetch(bytes, after: use, into: &plan)
      counts.fetched(1, bytes: bytes)
    }
    converted.removeAll(keepingCapacity: true)
  }
}
