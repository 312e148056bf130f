import Hardware

/// Multi-head latent attention, whose cached vector every device of a group holds whole.
///
/// Prompts are computed in the expanded form: keys and values of all heads are projected from the cached vectors of the
/// context, then attended to with 2 operations per pair and element of a key and 2 per element of a value. Decoding is
/// computed in the absorbed form: queries are multiplied by the keys' projection and attend to the cached vectors
/// themselves, which all heads share: per pair and head 2 (kvRank + rope) operations for the scores and 2 kvRank for
/// the values. Source: DeepSeek-AI, "DeepSeek-V2", 2024, sections 2.1.2 and 2.1.3 and appendix C.
extension Operators {
  /// `layers` latent attentions.
  func attend(_ layers: Int, _ shape: LatentAttention) -> [CostTerm] {
    let heads = Double(shape.heads) / tensor
    let (rank, rope) = (Double(shape.kvRank), Double(shape.ropeDimension))
    let (nope, value) = (Double(shape.nopeDimension), Double(shape.valueDimension))
    let key = nope + rope
    var terms: [CostTerm] = []
    if let queryRank = shape.queryRank.map(Double.init) {
      terms.append(
        product(
          "attention.down", layers, .attention, from: hidden, to: queryRank + rank + rope, matrices: 2))
      terms.append(product("attention.query", layers, .attention, from: queryRank, to: heads * key))
    } else {
      terms.append(product("attention.down", layers, .attention, from: hidden, to: rank + rope))
      terms.append(product("attention.query", layers, .attention, from: hidden, to: heads * key))
    }
    var write = elementwise(
      "attention.cache", layers, .decoder,
      bytes: 2 * (heads * rope + rank + rope) * activation + (rank + rope) * (activation + cached))
    write.launch *= 2
    write.cacheWrites = perToken(.decoder, (rank + rope) * cached)
    terms.append(write)

    var expand = term("attention.expand", layers, .prefill, rates.products(.attention))
    expand.operations.perPrefillContext = 2 * rank * heads * (nope + value) / groups
    expand.bytes.perPrefillContext = (rank * cached + heads * (nope + value) * activation) / groups
    readWeights(&expand, .attention, elements: rank * heads * (nope + value))
    var prefill = term("attention.prefill", layers, .prefill, rates.attention)
    prefill.operations.perPrefillPair = 2 * heads * (key + value) / groups
    prefill.bytes.perPrefillContext = (heads * (nope + value) + rope) * activation / groups
    prefill.bytes.perPrefillToken = heads * (key + value) * activation / groups

    var absorb = term("attention.absorb", layers, .decode, rates.products(.attention))
    absorb.launch *= 2  // the keys' projection before attention, the values' after it
    absorb.operations.perDecode = 2 * rank * heads * (nope + value) / groups
    absorb.bytes.perDecode = heads * (nope + value + 2 * rank) * activation / groups
    absorb.product = CostTerm.Product(inner: rank, columns: heads * (nope + value))
    readWeights(&absorb, .attention, elements: rank * heads * (nope + value))
    var decode = term("attention.decode", layers, .decode, rates.attention)
    decode.operations.perDecodeContext = 2 * heads * (rank + rope + rank) / groups
    decode.bytes.perDecodeContext = (rank + rope) * cached / groups
    decode.bytes.perDecode = heads * (rank + rope + rank) * activation / groups
    return terms + [
      expand, prefill, absorb, decode,
      product("attention.output", layers, .attention, from: heads * value, to: hidden),
    ]
  }
}
