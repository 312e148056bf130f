import Hardware

/// What stands before the first layer and after the last.
extension Operators {
  /// Rows of the vocabulary on one device.
  var vocabulary: Double { Double(model.vocabulary) / tensor }

  /// A sum of `amount` for each row of the output projection, per device: a block of rows for a decoding sequence.
  func perRow(_ amount: Double) -> FeatureSum {
    var sum = FeatureSum()
    sum.perSampled = amount / groups
    sum.perDecode = amount / groups * (block - 1)
    return sum
  }

  /// A row of the embedding for each token, brought to the width of the layers where it is narrower.
  var embedding: [CostTerm] {
    guard !model.layers.isEmpty else { return [] }
    let width = model.embedding.width.map(Double.init)
    let row = (width ?? hidden) * formats[.embedding].bytes
    var lookup = elementwise(
      "embedding", 1, .decoder, bytes: (width ?? hidden) * (formats[.embedding].bytes + activation))
    lookup.lasting = perToken(.decoder, row)
    lookup.kernel = rowKernel(EngineKernels.Rows.lookup, elements: 2 * (width ?? hidden))
    return [lookup] + (width.map { [product("embedding.project", 1, .embedding, from: $0, to: hidden)] } ?? [])
  }

  var output: [CostTerm] {
    var terms: [CostTerm] = []
    if model.output.norms > 0, !model.layers.isEmpty {
      var norm = elementwise("norm.final", 1, .decoder, bytes: 2 * hidden * activation)
      norm.kernel = rowKernel(EngineKernels.Rows.lastNorm, elements: 4 * hidden)
      if isEager(.norms) {
        let pass = EagerKernels.norm(activation, shifts: model.normWidth > 1)
        norm = eager(norm, .decoder, kernels: pass.kernels, bytes: hidden * pass.bytes)
      }
      terms.append(norm)
    }
    if model.output.pooler {
      terms.append(product("pooler", 1, .head, .crossDecoder, from: hidden, to: hidden / tensor))
    }
    if model.output.head { terms += head }
    terms.append(hostSequences)
    return terms
  }

  private var head: [CostTerm] {
    let weightClass: WeightClass = model.tiedEmbeddings ? .embedding : .head
    let width = model.embedding.width.map(Double.init)
    func rows(_ name: String, from rows: Double, to columns: Double) -> CostTerm {
      var term = term(name, 1, .sample, rates.products(weightClass))
      term.operations = perRow(2 * rows * columns)
      term.bytes = perRow((rows + columns) * activation)
      readWeights(&term, weightClass, elements: rows * columns)
      term.product = CostTerm.Product(inner: rows, columns: columns)
      term.kernel = kernel(weightClass, from: rows, to: columns)
      return term
    }
    let narrow = width.map { [rows("head.project", from: hidden, to: $0)] } ?? []
    var sample = term("sample", 1, .sample, rates.elementwise)
    sample.bytes = perRow(Double(model.vocabulary) * Format.fp32.bytes)
    sample.kernel = rowKernel(EngineKernels.Rows.sample, elements: 2 * Double(model.vocabulary))
    return narrow + [rows("lm-head", from: width ?? hidden, to: vocabulary)] + gatherLogits + [sample]
  }

  var hostStep: CostTerm {
    var term = CostTerm(name: "host.step", count: 1, driver: .step)
    term.launch = device.execution.hostPerStep.value.value
    term.launchRoof = .host
    return term
  }

  /// The host's time for each sequence that is sampled; a second counts as a byte that crosses at 1 byte/s.
  private var hostSequences: CostTerm {
    var term = CostTerm(name: "host.sequences", count: 1, driver: .sample)
    term.bytes.perSampled = device.execution.hostPerSequence.value.value
    term.byteRate = 1
    term.byteRoof = .host
    return term
  }
}
