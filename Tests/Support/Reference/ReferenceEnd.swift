import Cluster
import Units

extension ReferenceSimulation {
  /// Ends a step: its decodes generate a token each, then its chunks progress.
  mutating func end(_ step: ReferenceStep, _ r: Int, _ l: Int) {
    replicas[r].lanes[l].step = nil
    replicas[r].lanes[l].ended = true
    replicas[r].touched = true
    for id in step.decoding { generate(id) }
    for id in step.decoding.sorted() where sequences[id].generated == sequences[id].output {
      replicas[r].lanes[l].running.removeAll { $0 == id }
      complete(id, r)
    }
    for chunk in step.chunks {
      let before = sequences[chunk.request].progress
      sequences[chunk.request].progress += chunk.tokens
      enter(r, chunk.request, from: before, to: sequences[chunk.request].progress)
      if chunk.last { endPrompt(chunk.request, step, r, l) }
    }
    if step.chunks.isEmpty {
      replicas[r].lanes[l].decodesSincePrefill += 1
    } else {
      replicas[r].lanes[l].decodesSincePrefill = 0
      replicas[r].lanes[l].dirty = true
    }
  }

  private mutating func endPrompt(_ id: Int, _ step: ReferenceStep, _ r: Int, _ l: Int) {
    replicas[r].lanes[l].prefilling.removeAll { $0 == id }
    loads[r].pendingPromptTokens -= sequences[id].length
    generate(id)
    let destination = sequences[id].decodeReplica
    if sequences[id].generated == 1 {
      result.outcomes.firstToken[id] = Instant(picoseconds: now)
      loads[destination].decodes += 1
    }
    if sequences[id].generated == sequences[id].output {
      complete(id, r)
    } else if let path = transfer(of: id, from: r) {
      loads[r].outstanding -= 1
      if path.mode == .serialized {
        joining.append(
          ReferenceTransfer(request: id, source: r, lane: l, stepStart: step.start, stepEnd: step.end))
      }
    } else {
      replicas[r].lanes[l].running.append(id)
    }
  }

  /// Another token of a sequence; all but the first close a gap.
  private mutating func generate(_ id: Int) {
    if sequences[id].generated > 0 { result.gaps[now - sequences[id].lastToken, default: 0] += 1 }
    sequences[id].generated += 1
    sequences[id].lastToken = now
  }

  private mutating func complete(_ id: Int, _ r: Int) {
    let destination = sequences[id].decodeReplica
    giveBack(r, id, blocks: sequences[id].held, computed: sequences[id].context)
    sequences[id].held = 0
    loads[r].outstanding -= 1
    if r != destination { loads[destination].outstanding -= 1 }
    loads[destination].decodes -= 1
    loads[destination].reservedTokens -= sequences[id].prompt
    result.outcomes.done[id] = Instant(picoseconds: now)
    finished += 1
    completed += 1
    completedTokens += sequences[id].output
    release(followerOf: id)
    change(r)
  }
}
