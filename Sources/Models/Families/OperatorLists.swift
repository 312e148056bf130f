/// Networks that are no transformers, as lists of operators.
extension Family {
  static let operatorLists = [Family("operators", [], "the list of operators", operatorList)]

  /// A list under `operators`, each with the fields that PyTorch gives its kind; an item is a prompt of one token.
  private static func operatorList(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var model = Transformer(family: family.type, hidden: 0, layers: [], vocabulary: 0, tiedEmbeddings: true)
    model.decoding = .encoder
    model.output.head = false
    model.output.norms = 0
    let listed = reader.withinEach("operators", family.type, most: Bounds.layers.upperBound) { $0.listedOperator() }
    model.operators = (listed ?? []).compactMap { $0 }
    if model.operators.isEmpty, reader.faults.isEmpty {
      reader.fault(
        "operators", "'operators' is missing", why: "the network is described there", fix: "list its operators")
    }
    return model
  }
}

extension ConfigReader {
  /// Most operations, weights or activation elements of an operator, over all its runs: exact in a double.
  private static let mostOfAnOperator = 1e15

  /// The operator that the object describes; nil with faults.
  fileprivate mutating func listedOperator() -> ListedOperator? {
    let name = string("name")
    let type = string("type")
    let count = integer("count", in: Bounds.layers, else: 1)
    guard let name, 1...60 ~= name.utf8.count else {
      fault(
        "name", "an operator has no name", why: "tables show it by name", fix: "add 'name', of 60 characters at most")
      ignoreRest()
      return nil
    }
    let amounts: Amounts
    switch type {
    case "convolution": amounts = convolution()
    case "linear": amounts = linear()
    case "dense": amounts = self.amounts(operations: amount("operations"))
    case "elementwise": amounts = self.amounts(operations: 0)
    default:
      fault("type", why: "it is convolution, linear, dense or elementwise")
      ignoreRest()
      return nil
    }
    let largest = max(amounts.operations, amounts.weights, amounts.inputs, amounts.outputs) * Double(count)
    guard largest <= Self.mostOfAnOperator else {
      refuse("operator '\(name)' has \(largest) operations or elements", why: "it must not exceed 1e15")
      return nil
    }
    return ListedOperator(
      name: name, kind: type == "elementwise" ? .elementwise : .dense, count: count,
      operations: Int(amounts.operations), weights: Int(amounts.weights), inputs: Int(amounts.inputs),
      outputs: Int(amounts.outputs))
  }

  /// What one run of an operator has for each item, and its weights.
  private struct Amounts {
    var operations: Double
    var weights: Double
    var inputs: Double
    var outputs: Double
  }

  /// A number of elements or operations that the file gives as it is.
  private mutating func amount(_ key: String) -> Double {
    Double(integer(key, in: 0...Int(Self.mostOfAnOperator)))
  }

  private mutating func amounts(operations: Double) -> Amounts {
    Amounts(
      operations: operations, weights: Double(integer("weights", in: 0...Int(Self.mostOfAnOperator), else: 0)),
      inputs: amount("inputs"), outputs: amount("outputs"))
  }

  /// A convolution over a square or `height` x `width` image, padded so that only `stride` makes it smaller.
  ///
  /// 2 K^2 C/groups operations for each element of the output. A batch norm is folded into the weights, and counted.
  private mutating func convolution() -> Amounts {
    let from = integer("in_channels", in: Bounds.width)
    let to = integer("out_channels", in: Bounds.width)
    let kernel = integer("kernel_size", in: Bounds.kernel)
    let stride = integer("stride", in: Bounds.kernel, else: 1)
    let height = integer("height", in: Bounds.width)
    let width = integer("width", in: Bounds.width, else: height)
    let groups = integer("groups", in: Bounds.width, else: 1)
    if !from.isMultiple(of: groups) || !to.isMultiple(of: groups) {
      refuse("\(groups) groups do not divide \(from) and \(to) channels", why: "each has as many channels")
    }
    let vectors = (bool("bias", default: false) ? 1 : 0) + (bool("batch_norm", default: false) ? 2 : 0)
    let taps = Double(kernel * kernel) * Double(from / groups)
    let outputs = Double(to) * Double((height + stride - 1) / stride) * Double((width + stride - 1) / stride)
    return Amounts(
      operations: 2 * taps * outputs, weights: taps * Double(to) + Double(vectors * to),
      inputs: Double(from) * Double(height) * Double(width), outputs: outputs)
  }

  /// A product of one row, or of `rows`, for each item.
  private mutating func linear() -> Amounts {
    let from = Double(integer("in_features", in: Bounds.width))
    let to = Double(integer("out_features", in: Bounds.width))
    let rows = Double(integer("rows", in: Bounds.width, else: 1))
    let bias = bool("bias", default: true) ? to : 0
    return Amounts(operations: 2 * rows * from * to, weights: from * to + bias, inputs: rows * from, outputs: rows * to)
  }
}
