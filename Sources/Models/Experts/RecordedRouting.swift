/// Which experts tokens went to, as it was recorded of a real router.
///
/// The requests of a run take the recorded ones in turn, by the order of their numbers, and a request that is longer than
/// the recorded one begins it again. A recorded expert's score is its share of one over the experts of a token.
public struct RecordedRouting: Sendable {
  /// Most lines of a file.
  public static let limit = 20_000_000

  /// The model's mixture layers.
  public let shape: ExpertShape
  /// Where each request's tokens begin, and the end.
  private let starts: [Int]
  /// By token, layer and choice.
  private let experts: [Int32]

  /// Reads the text of a routing file: the header `request,token,layer,expert`, then one line for each token and
  /// mixture layer, with as many experts as a token takes. Lines may be in any order.
  /// - Throws: ``RoutingFaults`` with line and column.
  public init(_ text: some Sequence<UInt8>, _ shape: ExpertShape) throws(RoutingFaults) {
    var reader = RoutingReader(shape)
    try reader.read(text)
    self.shape = shape
    var starts: [Int] = []
    var experts: [Int32] = []
    experts.reserveCapacity(reader.experts.count)
    var request = -1
    for (index, row) in reader.rows.enumerated() {
      if row.request != request {
        request = row.request
        starts.append(index / shape.layers)
      }
      experts.append(contentsOf: reader.experts[row.first..<row.first + shape.perToken])
    }
    self.starts = starts + [reader.rows.count / shape.layers]
    self.experts = experts
  }

  /// How many requests were recorded.
  public var requests: Int { starts.count - 1 }

  /// How many tokens of a request were recorded, prompt and output.
  public func tokens(_ request: Int) -> Int { starts[request + 1] - starts[request] }

  func route(_ tokens: [RoutedToken], into step: inout StepRouting) {
    let (layers, perToken) = (shape.layers, shape.perToken)
    for layer in 0..<layers {
      let passing = tokens.count { shape.sees(prompt: $0.isPrompt, layer: layer) }
      let share = 1 / Float(max(1, passing) * perToken)
      for (index, token) in tokens.enumerated() {
        let place = (layer * tokens.count + index) * perToken
        guard shape.sees(prompt: token.isPrompt, layer: layer) else {
          step.chosen[place] = -1
          continue
        }
        let request = token.request % requests
        let row = (starts[request] + token.position % self.tokens(request)) * layers + layer
        for choice in 0..<perToken {
          let expert = experts[row * perToken + choice]
          step.chosen[place + choice] = expert
          step.counts[layer * shape.experts + Int(expert)] += 1
          step.scores[layer * shape.experts + Int(expert)] += share
        }
      }
    }
  }
}
