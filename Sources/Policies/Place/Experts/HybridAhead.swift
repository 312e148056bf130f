/// A layer further on with the experts that are guessed for it, and which of them would shorten it most.
struct HybridAhead: Sendable {
  var layer: Int
  var experts: [HybridExpert]
  /// The expert, by place, and the seconds that it would gain if the device held it; nil where none gains.
  private(set) var best: Int?
  private(set) var gain = 0.0

  init(layer: Int, experts: [HybridExpert]) {
    self.layer = layer
    self.experts = experts
  }

  /// Finds the expert that gains most, of equals the first; those with as many tokens gain as much. Complexity: that of
  /// t + 1 plans, where they have t different numbers of tokens.
  mutating func weigh(_ rule: HybridSchedule.Rule, _ costs: inout HybridSeconds, _ trial: inout HybridSchedule) {
    (best, gain) = (nil, 0)
    let without = trial.trial(experts, rule, &costs)
    var tried: [Int] = []
    for place in experts.indices where experts[place].ready == nil && !tried.contains(experts[place].tokens) {
      tried.append(experts[place].tokens)
      experts[place].ready = 0
      let gained = without - trial.trial(experts, rule, &costs)
      experts[place].ready = nil
      if gained > gain { (best, gain) = (place, gained) }
    }
  }

  /// Nothing of it can come.
  mutating func drop() { (best, gain) = (nil, 0) }
}
