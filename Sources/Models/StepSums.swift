import Hardware

/// Sums over many steps of an engine, from which work follows without looping over the steps.
public struct StepSums: Hashable, Sendable {
  /// Steps.
  public var steps: Int
  /// Steps with prompt tokens.
  public var prefillSteps: Int
  /// Steps with decoding sequences.
  public var decodeSteps: Int
  /// Steps that sampled a token.
  public var sampledSteps: Int
  /// The sum of the shapes of all steps.
  public var shape: StepShape
  /// The tokens of the steps, where they were counted.
  public var tokens: StepTokens?

  /// Sums over steps.
  public init(
    steps: Int, prefillSteps: Int, decodeSteps: Int, sampledSteps: Int, shape: StepShape, tokens: StepTokens? = nil
  ) {
    self.tokens = tokens
    self.steps = steps
    self.prefillSteps = prefillSteps
    self.decodeSteps = decodeSteps
    self.sampledSteps = sampledSteps
    self.shape = shape
  }

  /// Steps in which a term of `driver` runs.
  func steps(with driver: CostTerm.Driver) -> Int {
    switch driver {
    case .step: steps
    case .prefill: prefillSteps
    case .decode: decodeSteps
    case .sample: sampledSteps
    }
  }
}

extension StepCost {
  /// Operations of one device of every stage, added up, over the summed steps.
  ///
  /// Exact where each term's features are zero in the steps it does not run in, as those of ``EngineCost`` are.
  /// Complexity: O(terms).
  public func operations(over sums: StepSums) -> Double {
    total(over: sums) { term, _ in term.operations }
  }

  /// Bytes across `roof` (memory or link) of one device of every stage, added up, over the summed steps.
  ///
  /// Exact as ``operations(over:)``, but for the active experts, of which those of the mean step are taken where tokens were
  /// not counted or not all of a step's pass them, which is no fewer than the true mean, and for passes and nearer memories,
  /// which are those of the mean step too. Complexity: O(terms), those with experts times the places of ``StepTokens``.
  public func bytes(over sums: StepSums, roof: Roof = .memory) -> Double {
    total(over: sums) { term, running in
      guard term.byteRoof == roof else { return FeatureSum() }
      var bytes = term.form.map { term.bytes(in: $0, sums.shape, steps: running) } ?? term.bytes
      if let experts = term.experts, running > 0 {
        bytes.constant += experts.bytes * active(experts, of: term, over: sums) / Double(running)
      }
      return bytes
    }
  }

  /// Active experts of a term, added up over the steps in which it runs.
  private func active(_ experts: ActiveExperts, of term: CostTerm, over sums: StepSums) -> Double {
    if let tokens = sums.tokens, term.driver == .step, term.tokensPerDecode == 1 {
      return tokens.sum { experts.active(tokens: $0) }
    }
    let running = Double(sums.steps(with: term.driver))
    return running * experts.active(meanTokens: Double(term.tokens(sums.shape)) / running)
  }

  /// Whether the bytes of a step depend on how many experts its tokens activate.
  public var hasExperts: Bool { stages.contains { $0.terms.contains { $0.experts != nil } } }

  private func total(over sums: StepSums, _ part: (CostTerm, Int) -> FeatureSum) -> Double {
    var total = 0.0
    for stage in stages {
      for term in stage.terms {
        let running = sums.steps(with: term.driver)
        var feature = part(term, running)
        feature.constant *= Double(running)
        total += Double(term.count) * feature.value(sums.shape, windowed: term.isWindowed)
      }
    }
    return total
  }
}

extension ActiveExperts {
  /// ``active(tokens:)`` between whole numbers of tokens, on a straight line.
  func active(meanTokens: Double) -> Double {
    let below = Int(meanTokens)
    let share = meanTokens - Double(below)
    return active(tokens: below) * (1 - share) + active(tokens: below + 1) * share
  }
}
