import Testing

@testable import Models

@Suite struct ExpertPredictorTests {
  /// Steps of four requests, and the layers' shape.
  private func steps(layers: Int = 3, experts: Int = 24, perToken: Int = 4, count: Int = 150) throws -> [StepRouting] {
    let shape = try #require(
      ExpertShape(
        roles: Array(repeating: .decoder, count: layers), experts: experts, perToken: perToken, parameters: 1))
    var parameters = RoutingParameters()
    parameters.interLayer = 0.6
    var router = ExpertRouter(shape, parameters, seed: 4)
    return (0..<count).map { position in
      var step = StepRouting(shape)
      router.route((0..<4).map { RoutedToken(request: $0, position: position, prompt: 0) }, into: &step)
      return step
    }
  }

  /// The share of single tokens' experts that guesses name, and how many they name for each token.
  private func outcome(_ quality: GuessQuality, ahead: Int = 1) throws -> (found: Double, named: Double) {
    var predictor = ExpertPredictor(quality, seed: 2)
    var guess = GuessedExperts()
    let shape = try steps(count: 1)[0].shape
    var router = ExpertRouter(shape, seed: 4)
    var step = StepRouting(shape)
    var (found, all, named) = (0, 0, 0)
    for position in 0..<500 {
      router.route([RoutedToken(request: 0, position: position, prompt: 0)], into: &step)
      for layer in 1..<shape.layers {
        predictor.guess(step, layer: layer, ahead: ahead, into: &guess)
        found += step.experts(layer).count { guess.experts.contains($0) }
        all += step.experts(layer).count
        named += guess.experts.count
        #expect(guess.experts == Set(guess.experts).sorted())
      }
    }
    return (Double(found) / Double(all), Double(named) / Double(all) * 4)
  }

  /// 4,000 draws: three standard deviations of a share of 0.8 are 0.019.
  @Test func guessesAreRightAsOftenAsToldAndWrongOtherwise() throws {
    for accuracy in [0, 0.3, 0.788, 1] {
      let outcome = try outcome(#require(GuessQuality(accuracy: [accuracy])))
      #expect(abs(outcome.found - accuracy) < 0.025)
      // A wrong guess is fetched too.
      #expect(outcome.named == 4)
    }
    let fate = try outcome(.nextGate(extra: 4))
    #expect(abs(fate.found - 0.9715) < 0.01 && fate.named == 8)
    #expect(GuessQuality.nextGate(extra: 4).coverage(ahead: 1) == 0.9715)
    let falling = try #require(GuessQuality(accuracy: [0.9, 0.6]))
    #expect(abs(try outcome(falling, ahead: 2).found - 0.6) < 0.025)
    #expect(abs(try outcome(falling, ahead: 5).found - 0.6) < 0.025)
    #expect(try outcome(.preGated).found == 1)
  }

  @Test func pathsAreWhatLayersGuess() throws {
    var predictor = ExpertPredictor(.path(accuracy: 0.7), seed: 2)
    var guess = GuessedExperts()
    for step in try steps(count: 20) {
      let paths = predictor.paths(step)
      #expect(paths.count == step.tokens && paths.allSatisfy { $0.count == 12 })
      for layer in 0..<step.shape.layers {
        predictor.guess(step, layer: layer, into: &guess)
        let own = paths.joined().filter { $0 / 24 == layer }.map { Int32($0 % 24) }
        #expect(Set(own).sorted() == guess.experts)
        #expect(own.count == guess.experts.reduce(0) { $0 + guess.tokens($1) })
      }
    }
  }

  @Test func nonsenseIsNoQuality() {
    #expect(GuessQuality(accuracy: []) == nil && GuessQuality(accuracy: [1.1]) == nil)
    #expect(GuessQuality(accuracy: [.nan]) == nil && GuessQuality(accuracy: [0.5], extra: -1) == nil)
    #expect(GuessQuality(accuracy: [0.5], extra: 0, recovery: 0.5) == nil)
  }

  @Test func guessesDoNotDependOnOrder() throws {
    let steps = try steps(count: 6)
    var (forwards, backwards) = (
      ExpertPredictor(.path(accuracy: 0.5), seed: 1), ExpertPredictor(.path(accuracy: 0.5), seed: 1)
    )
    var guess = GuessedExperts()
    func guesses(_ predictor: inout ExpertPredictor, _ order: [Int]) -> [Int: [[Int32]]] {
      var all: [Int: [[Int32]]] = [:]
      for index in order {
        all[index] = (0..<3).map { layer in
          predictor.guess(steps[index], layer: layer, into: &guess)
          return guess.experts
        }
      }
      return all
    }
    #expect(guesses(&forwards, [0, 1, 2, 3, 4, 5]) == guesses(&backwards, [5, 3, 1, 4, 2, 0]))
  }

  /// All experts of a layer guessed wrong ends where there are no wrong ones left.
  @Test func fewExpertsLeaveFewToGuessWrong() throws {
    let steps = try steps(experts: 5, perToken: 4, count: 3)
    var predictor = ExpertPredictor(try #require(GuessQuality(accuracy: [0], extra: 9)), seed: 1)
    var guess = GuessedExperts()
    for step in steps {
      predictor.guess(step, layer: 1, into: &guess)
      #expect(guess.experts.count <= 5)
    }
  }

  /// A table learns what layers have to do with each other, and guesses better than by popularity alone.
  @Test func aTableGuessesWhatItHasSeen() throws {
    let steps = try steps(count: 400)
    var table = ActivationTable(steps[0].shape, width: 4)
    var guess = GuessedExperts()
    func accuracy(_ steps: some Sequence<StepRouting>) -> Double {
      var (found, all) = (0, 0)
      for step in steps {
        table.guess(step, layer: 2, into: &guess)
        found += step.experts(2).reduce(0) {
          $0 + min(step.tokens(2, $1), guess.experts.contains($1) ? guess.tokens($1) : 0)
        }
        all += 16
      }
      return Double(found) / Double(all)
    }
    let before = accuracy(steps.suffix(100))
    for step in steps.prefix(300) { table.learn(step) }
    let after = accuracy(steps.suffix(100))
    #expect(before < 0.4 && after > before + 0.15, "\(before) \(after)")
    table.guess(steps[0], layer: 0, into: &guess)
    #expect(guess.experts.isEmpty)
  }
}
