import ArgumentParser
import Models

/// The prefill and the decode step that a verb looks at.
struct StepOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Tokens of the prompt that the prefill step computes.", valueName: "n"))
  var prompt = 1024

  @Option(help: ArgumentHelp("Sequences in the decode step.", valueName: "n"))
  var batch = 32

  @Option(help: ArgumentHelp("Tokens in the KV cache of each of them.", valueName: "n"))
  var context = 1024

  func validate() throws {
    guard [prompt, batch, context].allSatisfy({ 1...10_000_000 ~= $0 }) else {
      throw ValidationError("--prompt, --batch and --context are from 1 to 10,000,000")
    }
  }

  var prefillTitle: String { "prefill of \(prompt) tokens" }
  var decodeTitle: String { "decode of \(batch) sequences with \(context) tokens each" }

  /// The prefill step of an engine whose windowed layers see `window` tokens.
  func prefill(window: Int) -> StepShape {
    var shape = StepShape(window: window)
    shape.addChunk(tokens: prompt, cached: 0, last: true)
    return shape
  }

  /// Its decode step.
  func decode(window: Int) -> StepShape { StepShape(decodes: batch, context: batch * context, window: window) }
}
