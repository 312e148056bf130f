/// How a synthetic router chooses: the parameters of ``RoutingProcess``, each with its meaning, range and default.
///
/// `skew` is fitted to one published number: LRU's hit rate on Qwen2-57B-A14B with a quarter of each layer's experts
/// cached, 45.0 % (HybriMoE, Zhong et al., DAC 2025, figure 9, as third parties report it). The others are assumed;
/// `results/experts.md` holds what all together predict against the other published numbers.
public struct RoutingParameters: Hashable, Sendable {
  /// Exponent of the popularity of a layer's experts for one topic, r^-skew at rank r: 0 to 3; 0 makes all alike.
  public var skew: Double = 0.81
  /// Chance that an expert keeps the score it had for the request's previous token in the layer: 0 to 0.95.
  public var temporal: Double = 0.05
  /// Chance that an expert has the score that its counterpart had for the token in the layer before: 0 to 0.95.
  public var interLayer: Double = 0.3
  /// Topics that requests are of, each with a ranking of the experts: 1 to 1,024.
  public var topics: Int = 16
  /// How far the topics' rankings differ: 0 where all rank alike, 1 where each ranks by itself.
  public var topicLocality: Double = 0.5
  /// Share of `skew` and `temporal` that the tokens of prompts lack: 0 to 1.
  public var promptSpread: Double = 0.2
  /// Share of each layer's experts that no token goes to, in whole experts: 0 to 0.95; a token's number of them stays.
  public var idle: Double = 0
  /// Whether one router before the layers chooses for all of them, the same experts in each (Cai et al., "Read-ME",
  /// NeurIPS 2024), in place of one in each layer; `interLayer` says nothing then.
  public var isDecoupled = false

  /// The defaults.
  public init() {}

  /// How many of a layer's experts tokens go to.
  func active(of shape: ExpertShape) -> Int {
    max(shape.perToken, Int((Double(shape.experts) * (1 - idle)).rounded()))
  }

  /// The parameters by name, with their ranges, for readers of settings.
  public static let ranges:
    [(
      name: String, field: WritableKeyPath<RoutingParameters, Double> & Sendable,
      range: ClosedRange<Double>
    )] = [
      ("skew", \.skew, 0...3), ("temporal", \.temporal, 0...0.95), ("inter-layer", \.interLayer, 0...0.95),
      ("topic-locality", \.topicLocality, 0...1), ("prompt-spread", \.promptSpread, 0...1), ("idle", \.idle, 0...0.95),
    ]

  /// Whether every parameter is within its range, and `temporal` and `interLayer`, where it counts, are at most 1 together.
  public var isValid: Bool {
    Self.ranges.allSatisfy { $0.range.contains(self[keyPath: $0.field]) } && 1...1024 ~= topics
      && (isDecoupled || temporal + interLayer <= 1)
  }
}
