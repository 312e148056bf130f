import Cluster
import Hardware
import Units

extension PlaceSettings {
  /// The bytes of a request to a drive, a piece of `whole`, and how many of them are in flight at each drive.
  func requests(of whole: String, default bytes: Double = 0x1p20) -> (bytes: Double, depth: Int) {
    let bytes = quantity(
      "request", MemoryDimension.self, in: 512...0x1p40, default: bytes, because: "a piece of \(whole)")
    return (bytes, count("depth", in: 1...Tier.depthLimit, default: 32, because: "requests in flight at each drive"))
  }

  /// The link under `link`, `usual` unless given, and the share of its bandwidth that is reached.
  func path(default usual: Link?, required: Bool = true) -> (link: Link?, efficiency: Double) {
    let link = link("link", default: usual, required: required)
    let efficiency = quantity(
      "link-efficiency", FractionDimension.self, in: 0.01...1, default: 1, because: "the link's own bandwidth")
    return (link, efficiency)
  }
}
