import Cluster
import Models

/// What a policy thinks that layers will be asked for before they are reached, and how often it was right.
struct ExpertGuesses: Sendable {
  /// Predictors of a stated quality by the extra candidates they name; none where the table guesses.
  private var predictors: [ExpertPredictor]
  /// What was seen so far.
  private var table: ActivationTable?
  /// By layer, and whether it was guessed in this step.
  private var guesses: [GuessedExperts]
  private var isGuessed: [Bool]
  /// Experts that guessed layers were asked for, and those of them that were guessed.
  private(set) var asked = 0
  private(set) var right = 0

  /// Guesses of `predictors`, or of a table of what was seen.
  init(_ predictors: [ExpertPredictor], table: ActivationTable? = nil, layers: Int) {
    self.predictors = predictors
    self.table = table
    guesses = Array(repeating: GuessedExperts(), count: layers)
    isGuessed = Array(repeating: false, count: layers)
  }

  /// Guesses `layer` some layers `ahead`, naming at most `extra` experts more for each token than it goes to.
  mutating func guess(_ routing: StepRouting, layer: Int, ahead: Int, extra: Int) {
    if table != nil {
      table?.guess(routing, layer: layer, into: &guesses[layer])
    } else {
      predictors[min(extra, predictors.count - 1)].guess(routing, layer: layer, ahead: ahead, into: &guesses[layer])
    }
    isGuessed[layer] = true
  }

  /// The paths that are guessed for the tokens of a step, experts numbered through the layers; nil where a table guesses.
  mutating func paths(_ routing: StepRouting) -> [[Int]]? {
    table == nil ? predictors[0].paths(routing) : nil
  }

  /// The guess for a layer.
  func of(_ layer: Int) -> GuessedExperts { guesses[layer] }

  /// The layer is asked for `experts`.
  mutating func check(_ layer: Int, _ experts: some Collection<Int32>) {
    guard isGuessed[layer] else { return }
    asked += experts.count
    for expert in experts where guesses[layer].tokens(expert) > 0 { right += 1 }
    isGuessed[layer] = false
  }

  /// The step has passed all layers.
  mutating func learn(_ routing: StepRouting) { table?.learn(routing) }
}
