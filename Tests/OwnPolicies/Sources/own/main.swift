import Command
import Scenario

var policies = PolicyCatalogue.standard
policies.addEvict(Clock.self, "What was not found since the hand came by last leaves first.", settings: []) { _, _ in
  Clock()
}
policies.addPlace(LayerSplit.self)
policies.addRoute(LongFirst.self, "Long prompts to the first replica.") { fields, _ in
  fields.count("tokens", in: 1...1_000_000, default: 2000, because: "what a step of 2,048 tokens just holds")
    .map { LongFirst(tokens: $0) }
}
Medley.main(policies: policies)
