/// One operator of a network that is given as a list: a convolution, a product, a pooling.
public struct ListedOperator: Hashable, Sendable {
  /// What bounds such operators.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    /// Convolutions and matrix products: arithmetic in the format of the activations, and bytes.
    case dense
    /// Pooling, sums, activation functions: bytes alone.
    case elementwise
  }

  /// Its name.
  public var name: String
  /// Its kind.
  public var kind: Kind
  /// Times that it runs in a pass.
  public var count: Int
  /// Operations per item, a multiply-add counted as two.
  public var operations: Int
  /// Weights, read once for all items of a step.
  public var weights: Int
  /// Activation elements read per item.
  public var inputs: Int
  /// Activation elements written per item.
  public var outputs: Int

  /// An operator that runs `count` times.
  public init(
    name: String, kind: Kind, count: Int = 1, operations: Int, weights: Int, inputs: Int, outputs: Int
  ) {
    self.name = name
    self.kind = kind
    self.count = count
    self.operations = operations
    self.weights = weights
    self.inputs = inputs
    self.outputs = outputs
  }
}

extension Operators {
  /// The operators of a model that is given as a list; an item is a prompt of one token.
  var listed: [CostTerm] {
    model.operators.map { listed in
      let bytes = Double(listed.inputs + listed.outputs) * activation
      guard listed.kind == .dense else {
        return elementwise(listed.name, listed.count, .decoder, bytes: bytes)
      }
      var term = term(listed.name, listed.count, .step, rates.products(.feedForward))
      term.operations = perToken(.decoder, Double(listed.operations))
      term.bytes = perToken(.decoder, bytes)
      readWeights(&term, .feedForward, elements: Double(listed.weights))
      return term
    }
  }
}
