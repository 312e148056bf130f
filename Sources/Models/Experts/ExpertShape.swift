import Hardware

/// The mixture layers of a model, as far as routing and caches go.
public struct ExpertShape: Hashable, Sendable {
  /// What each mixture layer sees, in the order of execution.
  public let roles: [Layer.Role]
  /// Routed experts of each layer, from 1 to 4,096.
  public let experts: Int
  /// Experts that each token goes to, at most `experts`.
  public let perToken: Int
  /// Parameters of one expert.
  public let parameters: Int

  /// Mixture layers.
  public var layers: Int { roles.count }

  /// Mixture layers that are alike; nil unless there are 1 to 1,024 of them and the numbers are within their ranges.
  public init?(roles: [Layer.Role], experts: Int, perToken: Int, parameters: Int) {
    guard 1...1024 ~= roles.count, 1...4096 ~= experts, 1...experts ~= perToken, parameters >= 0 else { return nil }
    self.roles = roles
    self.experts = experts
    self.perToken = perToken
    self.parameters = parameters
  }

  /// The mixture layers of `model`; nil where it has none, or where they differ in their experts.
  public init?(_ model: Transformer) {
    let mixtures = model.layers.filter { $0.feedForward?.experts != nil }
    guard let block = mixtures.first?.feedForward, let experts = block.experts else { return nil }
    guard mixtures.allSatisfy({ $0.feedForward?.experts == experts && $0.feedForward?.width == block.width }) else {
      return nil
    }
    self.init(
      roles: mixtures.map(\.role), experts: experts.count, perToken: experts.perToken,
      parameters: block.expertParameters(hidden: model.hidden))
  }

  /// Bytes of one expert whose weights are in `format`.
  public func bytes(_ format: StorageFormat) -> Double { Double(parameters) * format.bytes }

  /// Whether the tokens of a prompt, or those that are yielded, pass mixture layer `layer`.
  func sees(prompt: Bool, layer: Int) -> Bool {
    switch roles[layer] {
    case .decoder: true
    case .encoder: prompt
    case .crossDecoder: !prompt
    }
  }
}
