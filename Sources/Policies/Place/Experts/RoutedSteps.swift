import Cluster
import Models

/// Routes the sequences of steps through a model's experts, and forgets those that have not come for a while.
struct RoutedSteps: Sendable {
  /// Steps after which a request that does not come is forgotten; it costs time if it comes again, and changes nothing.
  private static let patience = 256

  /// Where the tokens went that were routed last, or that were gone back to.
  var routing: StepRouting
  private var router: ExpertRouter
  private let wantsScores: Bool
  private var lookahead: ExpertLookahead?
  private var tokens: [RoutedToken] = []
  /// The tokens of each request's prompt, as far as they have come, and the step that it last came in.
  private var known: [Int32: (prompt: Int, step: Int)] = [:]
  private var step = 0

  /// The routing process of a model's experts, with the parameters in the section `routing` of the settings; nil where
  /// they cannot be, which is told. Scores are drawn where `wantsScores`, and `lookahead` steps can be looked ahead.
  init?(_ settings: any PlaceSettings, _ shape: ExpertShape, wantsScores: Bool = true, lookahead: Int = 0) {
    var parameters = RoutingParameters()
    let own = settings.section("routing")
    for (name, field, range) in RoutingParameters.ranges {
      parameters[keyPath: field] = own.number(
        name, in: range, default: parameters[keyPath: field],
        because: "RoutingParameters, fitted to one published hit rate"
      )
    }
    parameters.topics = own.count("topics", in: 1...1024, default: parameters.topics, because: "RoutingParameters")
    let router = own.choice(
      "router", of: ["per-layer", "decoupled"], default: "per-layer", because: "RoutingParameters")
    parameters.isDecoupled = router == "decoupled"
    guard parameters.isValid else {
      settings.refuse(
        "routing", "the experts of a token follow both the token and the layer before too often",
        why: "temporal and inter-layer are \(parameters.temporal + parameters.interLayer) together, more than 1",
        fix: "lower one of them")
      return nil
    }
    self.init(
      ExpertRouter(shape, parameters, seed: settings.seed), wantsScores: wantsScores, lookahead: lookahead)
  }

  init(_ router: ExpertRouter, wantsScores: Bool = true, lookahead: Int = 0) {
    self.router = router
    self.wantsScores = wantsScores
    self.lookahead = lookahead > 0 ? ExpertLookahead(router, steps: lookahead) : nil
    routing = StepRouting(router.shape)
  }

  /// Routes the tokens of `sequences`, of a step that has just begun.
  mutating func begin(_ sequences: some Collection<StepSequence>) {
    step += 1
    if step % Self.patience == 0 {
      for (request, last) in known where step - last.step >= Self.patience {
        known[request] = nil
        router.forget(Int(request))
        lookahead?.forget(request)
      }
    }
    for sequence in sequences {
      let end = Int(sequence.position) + Int(sequence.tokens)
      let before = known[sequence.request]?.prompt ?? 0
      // Where the prompt was computed elsewhere it is all that came before.
      let prompt = sequence.isPrompt ? max(before, end) : before > 0 ? before : Int(sequence.position)
      known[sequence.request] = (prompt, step)
    }
    route(sequences)
  }

  /// Routes some of the step's sequences by themselves.
  mutating func route(_ sequences: some Collection<StepSequence>) {
    tokens.removeAll(keepingCapacity: true)
    for sequence in sequences {
      let prompt = known[sequence.request]?.prompt ?? 0
      for place in 0..<Int(sequence.tokens) {
        tokens.append(
          RoutedToken(request: Int(sequence.request), position: Int(sequence.position) + place, prompt: prompt))
      }
    }
    router.route(tokens, scores: wantsScores, into: &routing)
  }

  /// What the parts of a step reach one after another, and what later steps would reach, as far as is looked ahead, if
  /// `sequences` all went on.
  mutating func future(
    of parts: [StepRouting], then sequences: some Collection<StepSequence>
  ) -> [(layer: Int, experts: ArraySlice<Int32>)] {
    var future: [(layer: Int, experts: ArraySlice<Int32>)] = []
    for part in parts {
      for layer in 0..<part.shape.layers where !part.experts(layer).isEmpty {
        future.append((layer, part.experts(layer)))
      }
    }
    lookahead?.append(sequences, prompt: { [known] in known[$0]?.prompt ?? 0 }, to: &future)
    return future
  }
}
