import Cluster
import Models

extension PlaceSettings {
  /// The experts of the model's mixture layers; nil, and refused, where the placement `name` would find none.
  func experts(for name: String) -> ExpertShape? {
    if let shape = ExpertShape(model) { return shape }
    refuse(
      nil, "\(name) has no experts to place", why: "every layer is dense, or the layers' experts differ",
      fix: "a mixture of experts, or a placement of whole layers such as 'layer-streaming'")
    return nil
  }

  /// Tells that `belady` knows nothing of what comes, where a step asks each cache once and no later one is looked at.
  func warnOfBlindBelady() {
    warn(
      "evict", "belady foresees nothing here, and goes by recency",
      why: "a step asks the cache of each layer once, and 'lookahead' is 0: it is no bound of what others do",
      fix: "add 'lookahead: 16'")
  }
}
