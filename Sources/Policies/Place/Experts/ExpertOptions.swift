import Cluster
import Models
import Units

/// The settings of ``ExpertOffload`` that hold for a run.
struct ExpertOptions: Sendable {
  /// When experts are fetched, and how many layers ahead at most.
  var fetch: ExpertOffload.Fetch
  var ahead: Int
  /// What each layer of the model sees.
  var roles: [Layer.Role]
  /// Seconds from the end of a gate until what it lacks is asked for, and of the guess at a whole path.
  var decide = 0.0
  /// Seconds of the host between a gate and anything that depends on its choice.
  var choose = 0.0
  /// Whether the host issues nothing more until what a gate has asked for has come.
  var isBlocking = false
  var predict = 0.0
  /// Whether the experts with the most tokens of a layer are fetched first.
  var isByTokens = false
  /// Candidates for each token beyond those it goes to, and whether they are no more than can come in a layer's time.
  var extra = 0
  var isWithinBudget = false
  /// Whether what is fetched ahead stands beside the slots until its layer is reached.
  var keepsApart = false
  /// Bytes of an expert as it is computed; shares of them that it has on its way, and the rarest of a prompt's.
  var expertBytes: Double
  var stored = 1.0
  var rareStored = 1.0
  var rareShare = 0.0
  /// Seconds to convert an expert at each use, and whether it takes the place of what was kept, which is fetched again.
  var conversion = 0.0
  var refetches = false
  /// Parts of a batch that decodes, or tokens of each part of any step, and how sequences come into parts.
  var groups = 1
  var partTokens: Int?
  var order = StepParts.Order.asTheyCome
  /// Whether what the step's parts ask for is told to the cache before, and what comes after as far as it is looked ahead.
  var foresees = false
  /// Bytes of weights that the device holds at most, and of all weights.
  var heldBytes = 0.0
  var allBytes = 0.0

  init(fetch: ExpertOffload.Fetch, ahead: Int, roles: [Layer.Role], expertBytes: Double) {
    self.roles = roles
    self.fetch = fetch
    self.ahead = ahead
    self.expertBytes = expertBytes
  }

  /// Whether a layer's gate guesses at the next mixture layer.
  var guessesNext: Bool { fetch == .exactNext || fetch == .predictedNext || fetch == .activationPath }

  /// Bytes on their way of the expert at `rank` of `count` that a layer fetches.
  func storedBytes(rank: Int, of count: Int, isPrompt: Bool) -> Double {
    let isRare = isPrompt && Double(rank) >= Double(count) * (1 - rareShare)
    return expertBytes * (isRare ? rareStored : stored)
  }

  /// Extra candidates of a layer that takes `seconds`.
  func extra(seconds: Double, _ way: ExpertWay) -> Int {
    guard isWithinBudget else { return extra }
    return min(extra, Int(min(seconds / max(way.seconds(expertBytes * stored), 1e-12), 1e6)))
  }
}

/// The slots that a cache of experts has.
struct ExpertSlots {
  var slots: ExpertCache.Slots
  /// All of them, those of pinned layers included.
  var count: Int
  /// Mixture layers whose experts never leave.
  var pinned: Int
  /// Whether layers share them.
  var isShared: Bool

  /// Slots as the section `cache` and `pinned-layers` say.
  init(_ settings: any PlaceSettings, _ shape: ExpertShape) {
    let own = settings.section("cache")
    pinned = settings.count("pinned-layers", in: 0...shape.layers, default: 0, because: "no layer is pinned")
    let free = shape.layers - pinned
    isShared =
      own.choice("per", of: ["layer", "model"], default: "layer", because: "each layer has its own") == "model"
    let share = own.quantity(
      "share", FractionDimension.self, in: 0...1, default: 0.25, because: "a quarter of the experts that are not pinned"
    )
    let most = isShared ? shape.layers * shape.experts : shape.experts
    let shared = Double(isShared ? free * shape.experts : shape.experts) * share
    let given = own.has("slots") ? own.count("slots", in: 0...most, default: 0, because: "none") : Int(shared.rounded())
    if isShared {
      count = given + pinned * shape.experts
      slots = .shared(count)
    } else {
      count = given * free + pinned * shape.experts
      slots = .perLayer((0..<shape.layers).map { [pinned] in $0 < pinned ? shape.experts : given })
    }
  }
}

extension StepShape {
  /// Whether tokens of the step pass layers of `role`.
  func passes(_ role: Layer.Role) -> Bool {
    switch role {
    case .decoder: tokens > 0
    case .encoder: prefillTokens > 0
    case .crossDecoder: decodes > 0
    }
  }
}
