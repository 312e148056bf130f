/// Which experts tokens go to: drawn from a ``RoutingProcess``, or as it was recorded.
///
/// What a token gets depends on the seed, its request, its position and the length of the prompt alone: not on the order
/// of steps, nor on what else is in them. The variates of each request's last token are kept, so that the next one costs
/// O(layers experts); a token elsewhere costs up to 64 times as much.
public struct ExpertRouter: Sendable {
  private enum Source: Sendable {
    case process(RoutingProcess)
    case recorded(RecordedRouting)
  }

  /// The last token of a request.
  private struct Trail {
    var subject: RoutingProcess.Subject
    /// -1 where there is none.
    var position: Int
    /// The place of its variates.
    var first: Int
  }

  /// The model's mixture layers.
  public let shape: ExpertShape
  private let source: Source
  private var trails: [Int: Trail] = [:]
  private var variates: [Int32] = []
  private var unused: [Int] = []
  private var values: [Float]
  private var places: [Int32]
  private var sums: [Float]

  private init(_ shape: ExpertShape, _ source: Source, width: Int) {
    self.shape = shape
    self.source = source
    values = Array(repeating: 0, count: width)
    places = Array(repeating: 0, count: width)
    sums = Array(repeating: 0, count: shape.layers * width)
  }

  /// Routing drawn with `seed`. The parameters have to be valid.
  public init(_ shape: ExpertShape, _ parameters: RoutingParameters = RoutingParameters(), seed: UInt64) {
    let process = RoutingProcess(shape, parameters, seed: seed)
    self.init(shape, .process(process), width: process.width)
  }

  /// Routing as it was recorded.
  public init(_ recorded: RecordedRouting) { self.init(recorded.shape, .recorded(recorded), width: 0) }

  /// Forgets a request that has ended, so that its room serves others; what it would get stays the same.
  public mutating func forget(_ request: Int) {
    if let trail = trails.removeValue(forKey: request) { unused.append(trail.first) }
  }

  /// Routes the tokens of a step through all layers, without the router's scores, which stay 0, where `scores` is false.
  /// Complexity: O(tokens layers experts).
  public mutating func route(_ tokens: [RoutedToken], scores: Bool = true, into step: inout StepRouting) {
    precondition(step.shape == shape, "the step is of another model")
    step.reset(tokens)
    switch source {
    case .process(let process): route(tokens, process, scores, &step)
    case .recorded(let recorded): recorded.route(tokens, into: &step)
    }
    step.close()
  }

  private mutating func route(
    _ tokens: [RoutedToken], _ process: RoutingProcess, _ scores: Bool, _ step: inout StepRouting
  ) {
    if scores { for i in sums.indices { sums[i] = 0 } }
    for (index, token) in tokens.enumerated() {
      let (subject, first) = follow(token, process)
      variates.withUnsafeMutableBufferPointer { variates in
        step.chosen.withUnsafeMutableBufferPointer { chosen in
          sums.withUnsafeMutableBufferPointer { sums in
            values.withUnsafeMutableBufferPointer { values in
              places.withUnsafeMutableBufferPointer { places in
                for layer in 0..<shape.layers {
                  let place = (layer * tokens.count + index) * shape.perToken
                  guard shape.sees(prompt: token.isPrompt, layer: layer) else {
                    chosen[place] = -1
                    continue
                  }
                  let drawn = process.drawn(layer)
                  process.choose(
                    variates.baseAddress.unsafelyUnwrapped + first + drawn * process.width, subject.topic,
                    isPrompt: token.isPrompt, layer: drawn, chosen: chosen.baseAddress.unsafelyUnwrapped + place,
                    sums: scores ? sums.baseAddress.unsafelyUnwrapped + layer * process.width : nil,
                    values: values.baseAddress.unsafelyUnwrapped, places: places.baseAddress.unsafelyUnwrapped)
                }
              }
            }
          }
        }
      }
    }
    count(&step)
    if scores { score(&step, process) }
  }

  /// Brings the variates of a token's request to the token.
  private mutating func follow(_ token: RoutedToken, _ process: RoutingProcess) -> (RoutingProcess.Subject, Int) {
    var trail: Trail
    if let known = trails[token.request] {
      trail = known
    } else {
      let first = unused.popLast() ?? variates.count
      let size = process.layers * process.width
      if first == variates.count { variates.append(contentsOf: repeatElement(0, count: size)) }
      trail = Trail(subject: process.subject(token.request), position: -1, first: first)
    }
    let start = process.start(trail.subject, token.position)
    if trail.position != token.position {
      let known = trail.position >= start && trail.position < token.position
      variates.withUnsafeMutableBufferPointer { variates in
        let own = variates.baseAddress.unsafelyUnwrapped + trail.first
        for position in (known ? trail.position + 1 : start)...token.position {
          process.advance(own, trail.subject, position, isPrompt: position < token.prompt)
        }
      }
      trail.position = token.position
      trails[token.request] = trail
    }
    return (trail.subject, trail.first)
  }

  /// Counts tokens by expert.
  private func count(_ step: inout StepRouting) {
    for layer in 0..<shape.layers {
      for token in 0..<step.tokens {
        let place = (layer * step.tokens + token) * shape.perToken
        guard step.chosen[place] >= 0 else { continue }
        for choice in place..<place + shape.perToken {
          step.counts[layer * shape.experts + Int(step.chosen[choice])] += 1
        }
      }
    }
  }

  /// Puts the mean scores in the order of the experts.
  private mutating func score(_ step: inout StepRouting, _ process: RoutingProcess) {
    let (experts, width) = (shape.experts, process.width)
    for layer in 0..<shape.layers {
      let passing = (0..<step.tokens).count { step.chosen[(layer * step.tokens + $0) * shape.perToken] >= 0 }
      guard passing > 0 else { continue }
      sums.withUnsafeMutableBufferPointer { sums in
        for place in layer * width..<(layer + 1) * width { sums[place] /= Float(passing) }
        step.scores.withUnsafeMutableBufferPointer { scores in
          process.expertAt.withUnsafeBufferPointer { expertAt in
            let orders = process.drawn(layer) * experts
            for place in 0..<experts {
              scores[layer * experts + Int(expertAt[orders + place])] = sums[layer * width + place]
            }
          }
        }
      }
    }
  }
}
