/// A sum over features of a step: `constant` once per call, the rest per unit of the feature.
public struct FeatureSum: Hashable, Sendable {
  /// Per call.
  public var constant = 0.0
  /// Per token that passes through the layers.
  public var perToken = 0.0
  /// Per row of the output projection.
  public var perSampled = 0.0
  /// Per query-key pair of prefill attention.
  public var perPrefillPair = 0.0
  /// Per KV token that prefill attention reads.
  public var perPrefillContext = 0.0
  /// Per prompt token computed.
  public var perPrefillToken = 0.0
  /// Per decoding sequence.
  public var perDecode = 0.0
  /// Per KV token that decode attention reads.
  public var perDecodeContext = 0.0

  /// A sum of nothing.
  public init() {}

  /// The sum for one call in a step of `shape`, seen whole or through the model's attention window.
  public func value(_ shape: StepShape, windowed: Bool = false) -> Double {
    Self.dot(fixed, windowed ? shape.windowedFeatures : shape.features)
      + perDecodeContext * Double(windowed ? shape.windowedDecodeContext : shape.decodeContext)
  }

  /// The coefficients by feature, in the order of ``StepShape/features``; decode contexts apart.
  var fixed: SIMD8<Double> {
    SIMD8(constant, perToken, perSampled, perPrefillPair, perPrefillContext, perPrefillToken, perDecode, 0)
  }

  /// What is left of each coefficient when a part is taken off, at least 0.
  func less(_ part: FeatureSum) -> FeatureSum {
    var rest = self
    rest.constant = max(0, constant - part.constant)
    rest.perToken = max(0, perToken - part.perToken)
    rest.perSampled = max(0, perSampled - part.perSampled)
    rest.perPrefillPair = max(0, perPrefillPair - part.perPrefillPair)
    rest.perPrefillContext = max(0, perPrefillContext - part.perPrefillContext)
    rest.perPrefillToken = max(0, perPrefillToken - part.perPrefillToken)
    rest.perDecode = max(0, perDecode - part.perDecode)
    rest.perDecodeContext = max(0, perDecodeContext - part.perDecodeContext)
    return rest
  }

  /// The sum of both.
  func plus(_ other: FeatureSum) -> FeatureSum {
    var sum = self
    sum.constant += other.constant
    sum.perToken += other.perToken
    sum.perSampled += other.perSampled
    sum.perPrefillPair += other.perPrefillPair
    sum.perPrefillContext += other.perPrefillContext
    sum.perPrefillToken += other.perPrefillToken
    sum.perDecode += other.perDecode
    sum.perDecodeContext += other.perDecodeContext
    return sum
  }

  /// The sum of products, always added in the same order.
  @inline(__always)
  static func dot(_ coefficients: SIMD8<Double>, _ features: SIMD8<Double>) -> Double {
    let p = coefficients * features
    return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + p[6])
  }

  /// Whether no feature but the constant and the tokens has a coefficient.
  static func isPerToken(_ coefficients: SIMD8<Double>) -> Bool {
    (2..<8).allSatisfy { coefficients[$0] == 0 }
  }

  /// Whether every coefficient is finite, and the sum negative for no shape: a prompt token may give back what its own
  /// pair was counted, since there are no fewer pairs than tokens.
  var isValid: Bool {
    [
      constant, perToken, perSampled, perPrefillPair, perPrefillContext, perPrefillToken + perPrefillPair, perDecode,
      perDecodeContext,
    ].allSatisfy { $0.isFinite && $0 >= 0 }
  }
}

extension StepShape {
  /// The features that a ``FeatureSum`` has coefficients for, decode contexts apart.
  var features: SIMD8<Double> {
    SIMD8(
      1, Double(tokens), Double(sampled), Double(prefillPairs), Double(prefillContext), Double(prefillTokens),
      Double(decodes), 0)
  }

  /// The same through the attention window.
  var windowedFeatures: SIMD8<Double> {
    var features = features
    features[3] = Double(windowedPrefillPairs)
    features[4] = Double(windowedPrefillContext)
    return features
  }
}
