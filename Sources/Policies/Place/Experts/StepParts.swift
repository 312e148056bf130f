import Cluster
import Models

/// The parts in which the sequences of a step pass the layers, one part after another, each named by the places of its
/// sequences in the step. A sequence is never cut: one that is longer than a part may be passes by itself.
struct StepParts {
  /// How sequences come into parts.
  enum Order: String, CaseIterable, Sendable {
    /// As the step has them.
    case asTheyCome = "as-they-come"
    /// Those of like paths together, in a number of equal parts.
    case byPath = "by-path"
    /// Those of one expert together, the expert that most wait for first.
    case byExpert = "by-expert"
  }

  /// Tokens of each sequence.
  let tokens: [Int]
  /// Tokens of a part.
  let most: Int

  /// Parts of sequences in their order, each as long as the next one fits. Complexity: O(sequences).
  func inOrder() -> [[Int]] {
    var parts: [[Int]] = []
    var room = 0
    for place in tokens.indices {
      if parts.isEmpty || tokens[place] > room {
        parts.append([])
        room = most
      }
      parts[parts.count - 1].append(place)
      room -= tokens[place]
    }
    return parts
  }

  /// Parts that take from one queue an expert, again and again from the one with the most tokens, of equals the lower
  /// number, until the next sequence has no room.
  ///
  /// Complexity: O(sequences + parts experts). Source: Cai et al., "Read-ME", NeurIPS 2024, algorithm 1; a prompt stands
  /// in the queue of the expert that most of its tokens go to.
  func byExpert(_ wanted: [Int32], experts: Int) -> [[Int]] {
    var queues = Array(repeating: [Int](), count: experts)
    var lengths = Array(repeating: 0, count: experts)
    for place in tokens.indices.reversed() {
      queues[Int(wanted[place])].append(place)
      lengths[Int(wanted[place])] += tokens[place]
    }
    var parts: [[Int]] = []
    var left = tokens.count
    while left > 0 {
      var part: [Int] = []
      var room = most
      while left > 0 {
        var longest = 0
        for expert in 1..<max(1, experts) where lengths[expert] > lengths[longest] { longest = expert }
        guard let next = queues[longest].last, part.isEmpty || tokens[next] <= room else { break }
        while let place = queues[longest].last, part.isEmpty || tokens[place] <= room {
          queues[longest].removeLast()
          lengths[longest] -= tokens[place]
          part.append(place)
          room -= tokens[place]
          left -= 1
        }
      }
      parts.append(part)
    }
    return parts
  }
}

extension StepRouting {
  /// The expert that most tokens of each sequence go to in the first mixture layer that they pass, of equals the lower
  /// number; `sequences` have the step's tokens one after another. Complexity: O(tokens perToken).
  func wanted(_ sequences: some Collection<StepSequence>) -> [Int32] {
    var counts = Array(repeating: 0, count: shape.experts)
    var first = 0
    return sequences.map { sequence in
      for expert in counts.indices { counts[expert] = 0 }
      for token in first..<first + Int(sequence.tokens) {
        let layer = (0..<shape.layers).first { !experts($0, token: token).isEmpty } ?? 0
        for expert in experts(layer, token: token) { counts[Int(expert)] += 1 }
      }
      first += Int(sequence.tokens)
      return Int32(counts.firstIndex(of: counts.max() ?? 0) ?? 0)
    }
  }
}

extension StepShape {
  /// The sums over some sequences of a step; of its chunks the first so many as end a prompt do.
  init(_ sequences: some Collection<StepSequence>, of step: StepShape, ending: inout Int) {
    self.init(window: step.window)
    var context = 0
    var decoding = 0
    for sequence in sequences {
      if sequence.isPrompt {
        addChunk(tokens: Int(sequence.tokens), cached: Int(sequence.position), last: ending > 0)
        ending -= 1
      } else {
        decoding += 1
        context += Int(sequence.position) + 1
      }
    }
    add(StepShape(decodes: decoding, context: context, window: step.window))
  }
}
