import Hardware
import Models
import Testing
import Units

/// The pieces that placement policies place.
@Suite struct PieceTests {
  /// Every piece of a model, the expert included.
  private func all(_ pieces: ModelPieces) -> [Piece] {
    [pieces.first, pieces.last, pieces.embedding, pieces.head]
      + pieces.kinds.flatMap { [$0.input, $0.attention, $0.output, $0.feedForward] + ($0.expert.map { [$0] } ?? []) }
  }

  /// To the last bit, whether the step only decodes and its batch is tabulated or not.
  @Test(arguments: ["llama-2-7b", "mixtral-8x7b", "gemma-2-9b"])
  func tabulatedPiecesCostTheSumOfTheirOperators(id: String) throws {
    let model = try Catalogue.model(id)
    let tabulated = all(try ModelPieces(model, formats: ModelFormats(), device: .busy, maxBatch: 64))
    let summed = all(try ModelPieces(model, formats: ModelFormats(), device: .busy, maxBatch: 0))
    var numbers = Numbers(state: 7)
    let shapes =
      (0...70).map { StepShape(decodes: $0, context: $0 * 3_001, window: model.window ?? 0) }
      + (0..<100).map { _ in numbers.shape() }
    for shape in shapes {
      for (one, other) in zip(tabulated, summed) { #expect(one.cost(shape) == other.cost(shape), "\(shape)") }
    }
    let batch = StepShape(decodes: 8, context: 8_000, window: model.window ?? 0)
    #expect(tabulated.contains { $0.cost(batch).seconds > 0 })
  }

  /// Forms and kernels have times of their own, of kernels other lines from context to context.
  @Test(arguments: ["llama-2-7b", "gemma-3-1b"])
  func formsAndKernelsCostTheSame(id: String) throws {
    let model = try Catalogue.model(id)
    var padded = Device.busy
    padded.forms.shapes = CompiledShapes(tokens: [64, 256], source: "test")
    for (device, kernels) in [(padded, nil), (.busy, try EngineKernels.plain())] as [(Device, EngineKernels?)] {
      func pieces(_ maxBatch: Int) throws -> [Piece] {
        all(try ModelPieces(model, formats: ModelFormats(), device: device, kernels: kernels, maxBatch: maxBatch))
      }
      let (tabulated, summed, plain) = (
        try pieces(64), try pieces(0), all(try ModelPieces(model, formats: ModelFormats(), device: .busy, maxBatch: 64))
      )
      var differs = false
      for batch in 0...70 {
        for context in [1, 130, 3_001] {
          let shape = StepShape(decodes: batch, context: batch * context, window: model.window ?? 0)
          for (index, piece) in tabulated.enumerated() {
            #expect(piece.cost(shape) == summed[index].cost(shape), "\(shape)")
            differs = differs || piece.cost(shape) != plain[index].cost(shape)
          }
        }
      }
      #expect(differs)
    }
  }

  @Test func routerAndSharedExpertsAreTheBlock() throws {
    let batch = StepShape(decodes: 8, context: 8_000)
    for id in ["deepseek-v2-lite", "mixtral-8x7b"] {
      let pieces = try ModelPieces(try Catalogue.model(id), formats: ModelFormats(), device: .busy)
      let kind = try #require(pieces.kinds.first { $0.experts != nil })
      let (router, shared) = (try #require(kind.router), kind.shared)
      #expect((shared == nil) == (id == "mixtral-8x7b"))
      let both = router.seconds(batch) + (shared?.seconds(batch) ?? 0)
      #expect(abs(both / kind.feedForward.seconds(batch) - 1) < 1e-12)
      #expect(router.weights + (shared?.weights ?? 0) == kind.feedForward.weights)
    }
    #expect(
      try ModelPieces(try Catalogue.model("llama-2-7b"), formats: ModelFormats(), device: .busy).kinds[0].router == nil)
  }
}
