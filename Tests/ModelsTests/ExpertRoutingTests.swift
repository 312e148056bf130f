import Foundation
import Testing

@testable import Models

/// Mixture layers of which every token passes `layers`.
private func decoder(layers: Int, experts: Int, perToken: Int) -> ExpertShape {
  guard
    let shape = ExpertShape(
      roles: Array(repeating: .decoder, count: layers), experts: experts, perToken: perToken, parameters: 1)
  else { preconditionFailure("no such mixtures") }
  return shape
}

private func step(_ routing: inout ExpertRouter, _ tokens: [RoutedToken]) -> StepRouting {
  var step = StepRouting(routing.shape)
  routing.route(tokens, into: &step)
  return step
}

/// The experts of each token in each layer.
private func choices(_ step: StepRouting) -> [[[Int32]]] {
  (0..<step.tokens).map { token in
    (0..<step.shape.layers).map { Array(step.experts($0, token: token)) }
  }
}

@Suite struct ExpertRoutingTests {
  private var parameters: RoutingParameters {
    var parameters = RoutingParameters()
    parameters.temporal = 0.5
    parameters.interLayer = 0.3
    return parameters
  }

  @Test func whatATokenGetsDependsOnNothingElse() {
    let requests = (0..<4).map { request in
      (0..<90).map { RoutedToken(request: request, position: $0, prompt: 20 + request) }
    }
    var inOrder = ExpertRouter(decoder(layers: 3, experts: 16, perToken: 2), parameters, seed: 7)
    let known = Dictionary(
      uniqueKeysWithValues: requests.joined().map { ($0, choices(step(&inOrder, [$0]))[0]) })
    var backwards = ExpertRouter(decoder(layers: 3, experts: 16, perToken: 2), parameters, seed: 7)
    for token in requests.joined().reversed() { #expect(choices(step(&backwards, [token]))[0] == known[token]) }
    var mixed = ExpertRouter(decoder(layers: 3, experts: 16, perToken: 2), parameters, seed: 7)
    let places = [(0, 3), (3, 80), (0, 70), (2, 11), (3, 81), (0, 3), (1, 64)]
    let tokens = places.map { requests[$0.0][$0.1] }
    #expect(choices(step(&mixed, tokens)) == tokens.map { known[$0] })
    mixed.forget(0)
    #expect(
      choices(step(&mixed, [requests[0][71], requests[3][82]])) == [known[requests[0][71]], known[requests[3][82]]])
    var other = ExpertRouter(decoder(layers: 3, experts: 16, perToken: 2), parameters, seed: 8)
    #expect(choices(step(&other, requests[0])) != requests[0].map { known[$0] })
  }

  /// A quarter of 16 experts are asked for by nobody, the other twelve alike; two of two are never idle.
  @Test func idleExpertsGetNothing() {
    var parameters = RoutingParameters()
    (parameters.skew, parameters.idle) = (0, 0.25)
    var routing = ExpertRouter(decoder(layers: 2, experts: 16, perToken: 2), parameters, seed: 3)
    let tokens = (0..<600).map { RoutedToken(request: $0, position: 0, prompt: 0) }
    let drawn = choices(step(&routing, tokens))
    for layer in 0..<2 {
      let counts = Dictionary(grouping: drawn.flatMap { $0[layer] }, by: { $0 }).mapValues(\.count)
      #expect(counts.count == 12 && counts.values.allSatisfy { 60...140 ~= $0 }, "\(counts)")
    }
    parameters.idle = 0.95
    var all = ExpertRouter(decoder(layers: 1, experts: 2, perToken: 2), parameters, seed: 3)
    #expect(choices(step(&all, tokens)).allSatisfy { Set($0[0]) == [0, 1] })
  }

  /// Choices and scores of 80 steps, as the first version drew them, which took the experts of a token one by one.
  @Test(arguments: [
    (64, 6, 2, 0x5d00_a258_f07a_29aa as UInt64), (30, 1, 3, 0x5724_26cf_a6ab_2fe1), (64, 10, 2, 0x2c5f_4f36_0cef_22c0),
  ])
  func whatIsDrawnStaysTheSame(experts: Int, perToken: Int, batch: Int, expected: UInt64) {
    let shape = decoder(layers: 4, experts: experts, perToken: perToken)
    var routing = ExpertRouter(shape, seed: 1)
    var plain = ExpertRouter(shape, seed: 1)
    var hash: UInt64 = 14_695_981_039_346_656_037
    for position in 0..<80 {
      let tokens = (0..<batch).map { RoutedToken(request: $0, position: position, prompt: 8) }
      let now = step(&routing, tokens)
      for layer in 0..<4 {
        for token in 0..<batch {
          for expert in now.experts(layer, token: token) { hash = (hash ^ UInt64(expert)) &* 1_099_511_628_211 }
        }
        for score in now.scores(layer) { hash = (hash ^ UInt64(score.bitPattern)) &* 1_099_511_628_211 }
      }
      var unscored = StepRouting(shape)
      plain.route(tokens, scores: false, into: &unscored)
      #expect(choices(unscored) == choices(now))
      #expect(unscored.scores(0).allSatisfy { $0 == 0 })
    }
    #expect(hash == expected)
  }

  @Test func aDecoupledRouterChoosesForAllLayers() {
    var parameters = RoutingParameters()
    parameters.isDecoupled = true
    parameters.temporal = 0.77
    parameters.promptSpread = 0
    var routing = ExpertRouter(decoder(layers: 3, experts: 7, perToken: 1), parameters, seed: 7)
    var last: Int32 = -1
    var same = 0
    for position in 0..<4096 {
      let now = step(&routing, [RoutedToken(request: 0, position: position, prompt: 4096)])
      let own = choices(now)[0]
      #expect(own[0] == own[1] && own[1] == own[2])
      #expect(Array(now.scores(0)) == Array(now.scores(2)))
      same += own[0][0] == last ? 1 : 0
      last = own[0][0]
    }
    // Read-ME's router follows its last choice in 2,921 of 4,096 tokens.
    #expect(abs(Double(same) / 4096 - 0.713) < 0.04)
  }

  @Test func aStepSaysHowManyTokensGoWhere() {
    let tokens = (0..<40).map { RoutedToken(request: $0 / 10, position: $0 % 10, prompt: 5) }
    var routing = ExpertRouter(decoder(layers: 3, experts: 6, perToken: 2), parameters, seed: 1)
    let step = step(&routing, tokens)
    for layer in 0..<3 {
      let chosen = tokens.indices.flatMap { step.experts(layer, token: $0) }
      #expect(tokens.indices.allSatisfy { Set(step.experts(layer, token: $0)).count == 2 })
      #expect(Array(step.experts(layer)) == Set(chosen).sorted())
      for expert in 0..<Int32(6) { #expect(step.tokens(layer, expert) == chosen.count { $0 == expert }) }
      #expect(abs(step.scores(layer).reduce(0, +) - 1) < 1e-4)
    }
    let alone = choices(step)[0][0]
    let scores = {
      var routing = routing; return Array(Self.single(&routing, tokens[0]).scores(0))
    }()
    let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(2)
    #expect(alone == best.map { Int32($0) })
  }

  private static func single(_ routing: inout ExpertRouter, _ token: RoutedToken) -> StepRouting {
    step(&routing, [token])
  }

  /// The share of a token's experts that its predecessor had in the layer, or that the layer before implies.
  private func repeats(_ parameters: RoutingParameters, prompt: Int = 0) -> Double {
    var routing = ExpertRouter(decoder(layers: 1, experts: 64, perToken: 4), parameters, seed: 3)
    var (same, all) = (0, 0)
    var last: [Int32] = []
    for position in 0..<600 {
      let now = choices(step(&routing, [RoutedToken(request: 1, position: position, prompt: prompt)]))[0][0]
      if position > 0 {
        same += now.count { last.contains($0) }
        all += 4
      }
      last = now
    }
    return Double(same) / Double(all)
  }

  @Test func eachParameterDoesWhatItSays() {
    var flat = RoutingParameters()
    flat.skew = 0
    flat.temporal = 0
    // Independent and alike: 4 of 64.
    #expect(abs(repeats(flat) - 0.0625) < 0.02)
    var kept = flat
    kept.temporal = 0.5
    // Half of the scores stay, and of these nearly all are among the highest again.
    #expect(0.42...0.58 ~= repeats(kept))
    var skewed = flat
    skewed.skew = 1
    #expect(repeats(skewed) > 2 * repeats(flat))
    kept.promptSpread = 1
    #expect(abs(repeats(kept, prompt: 1000) - 0.0625) < 0.02)
  }

  /// How alike the popular experts of two requests are: the share of the 8 most used of one that the other has too.
  private func likeness(_ locality: Double, _ first: Int, _ second: Int) -> Int {
    var parameters = RoutingParameters()
    parameters.topicLocality = locality
    parameters.skew = 1.5
    parameters.topics = 1024
    var routing = ExpertRouter(decoder(layers: 1, experts: 64, perToken: 4), parameters, seed: 5)
    let favourites = [first, second].map { request in
      let step = step(&routing, (0..<400).map { RoutedToken(request: request, position: $0, prompt: 0) })
      return Set((0..<Int32(64)).sorted { step.tokens(0, $0) > step.tokens(0, $1) }.prefix(8))
    }
    return favourites[0].intersection(favourites[1]).count
  }

  @Test func requestsOfOneTopicLikeTheSameExperts() {
    #expect(likeness(0, 0, 1) >= 6)
    #expect(likeness(1, 0, 1) <= 4)
  }

  @Test func aLayerSaysSomethingOfTheNext() {
    func predictability(_ interLayer: Double) -> Double {
      var parameters = RoutingParameters()
      parameters.skew = 0
      parameters.temporal = 0
      parameters.interLayer = interLayer
      var routing = ExpertRouter(decoder(layers: 2, experts: 8, perToken: 1), parameters, seed: 9)
      var counts = Array(repeating: Array(repeating: 0, count: 8), count: 8)
      for position in 0..<2000 {
        let choice = choices(step(&routing, [RoutedToken(request: 0, position: position, prompt: 0)]))[0]
        counts[Int(choice[0][0])][Int(choice[1][0])] += 1
      }
      return counts.reduce(0) { $0 + Double($1.max() ?? 0) } / 2000
    }
    #expect(predictability(0) < 0.2)
    #expect(predictability(0.5) > 0.35)
  }

  /// Switch: prompts pass the encoder's mixtures, yielded tokens the decoder's.
  @Test func tokensPassTheLayersOfTheirRole() throws {
    let shape = try #require(ExpertShape(roles: [.encoder, .crossDecoder], experts: 8, perToken: 1, parameters: 1))
    var routing = ExpertRouter(shape, seed: 1)
    let step = step(&routing, (0..<5).map { RoutedToken(request: 0, position: $0, prompt: 3) })
    #expect((0..<8).reduce(0) { $0 + step.tokens(0, Int32($1)) } == 3)
    #expect((0..<8).reduce(0) { $0 + step.tokens(1, Int32($1)) } == 2)
    #expect(step.experts(0, token: 4).isEmpty && step.experts(1, token: 0).isEmpty)
  }

  @Test func shapesComeFromModels() throws {
    let lite = try #require(ExpertShape(try Catalogue.model("deepseek-v2-lite")))
    #expect(lite.layers == 26 && lite.experts == 64 && lite.perToken == 6)
    #expect(lite.parameters == 3 * 2048 * 1408)
    let switchBase = try #require(ExpertShape(try Catalogue.model("switch-base-8")))
    // 9.4 MB in 16 bits: two products of 768 x 3072.
    #expect(switchBase.bytes(.init(.fp16)) == 2 * 2 * 768 * 3072)
    #expect(ExpertShape(try Catalogue.model("llama-2-7b")) == nil)
  }
}

@Suite struct RecordedRoutingTests {
  private let shape = decoder(layers: 2, experts: 8, perToken: 2)

  private func fault(_ text: String) -> RoutingFault? {
    do {
      _ = try RecordedRouting(text.utf8, shape)
      return nil
    } catch {
      return error.faults.first
    }
  }

  @Test func aRecordIsReplayed() throws {
    let text = """
      request,token,layer,expert,expert
      7,0,1,2,3
      7,0,0,0,1
      9,0,0,6,7
      9,0,1,4,5
      9,1,0,6,5
      9,1,1,0,5
      """
    let recorded = try RecordedRouting(text.utf8, shape)
    #expect(recorded.requests == 2 && recorded.tokens(0) == 1 && recorded.tokens(1) == 2)
    var routing = ExpertRouter(recorded)
    // Requests take the recorded ones in turn, and begin them again where they are longer.
    let step = step(
      &routing, [(0, 0), (1, 1), (2, 5), (3, 2)].map { RoutedToken(request: $0.0, position: $0.1, prompt: 1) })
    #expect(choices(step) == [[[0, 1], [2, 3]], [[6, 5], [0, 5]], [[0, 1], [2, 3]], [[6, 7], [4, 5]]])
    #expect(Array(step.experts(0)) == [0, 1, 5, 6, 7] && step.tokens(0, 6) == 2)
    #expect(step.scores(0).reduce(0, +) == 1)
  }

  @Test func faultsNameLineAndColumn() {
    let head = "request,token,layer,expert\n"
    let cases: [(String, Int, Int, String)] = [
      ("", 0, 0, "no token is routed"),
      ("token,request\n0,0,0,1,2\n", 1, 1, "the header is not 'request,token,layer,expert...'"),
      (head + "0,0,0,1\n", 2, 1, "the line has 4 fields"),
      (head + "0,0,0,1,8\n", 2, 9, "'8' is no expert"),
      (head + "0,0,2,1,2\n", 2, 5, "'2' is no layer"),
      (head + "0,-1,0,1,2\n", 2, 3, "'-1' is no token"),
      (head + "99999999999,0,0,1,2\n", 2, 1, "'99999999999' is no request"),
      (head + "0,0,0,1,1\n", 2, 9, "expert 1 is named twice"),
      (head + "0,0,0,1,2\r\n0,0,1,\u{FFFD}\u{0},2\r\n", 3, 7, "'\u{FFFD}\u{0}' is no expert"),
      (head + "0,0,0,1,2\n", 2, 1, "token 0 of request 0 in layer 1 is missing"),
      (head + "0,0,0,1,2\n0,0,1,1,2\n0,2,0,1,2\n0,2,1,1,2\n", 4, 1, "token 1 of request 0 in layer 0 is missing"),
      (head + "0,0,0,1,2\n0,0,1,1,2\n0,0,1,1,2\n", 4, 1, "token 0 of request 0 in layer 1 is routed twice"),
    ]
    for (text, line, column, what) in cases {
      let found = fault(text)
      #expect(
        found?.line == line && found?.column == column && found?.what == what, "\(text): \(String(describing: found))")
    }
    #expect(fault(String(repeating: "\u{0},", count: 1000)) != nil)
  }
}
