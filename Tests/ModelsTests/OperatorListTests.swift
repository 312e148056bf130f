import Foundation
import Models
import Testing

/// Networks that are given as a list of operators.
@Suite struct OperatorListTests {
  private func read(_ operators: String) throws -> Transformer {
    try Transformer(config: Data(#"{"model_type": "operators", "operators": [\#(operators)]}"#.utf8))
  }

  private func faults(_ operators: String) -> [String] {
    do {
      _ = try read(operators)
      return []
    } catch let error as ConfigError { return error.faults.map(\.what) } catch { return ["\(error)"] }
  }

  /// 4.09 G multiply-adds for an image of 224 x 224 (torchvision 0.21, ResNet50_Weights.meta), and by hand the first
  /// layer: 112 x 112 x 64 x 7 x 7 x 3 = 118,013,952.
  @Test func resNet50MultipliesAndAddsAsPublished() throws {
    let model = try Catalogue.model("resnet-50")
    #expect(model.parameters == 25_557_032)
    #expect(model.operationsPerToken == 2 * 4_089_184_256)
    #expect(abs(Double(model.operationsPerToken) / 2 - 4.09e9) < 0.005e9)
    let first = try #require(model.operators.first)
    #expect(first.operations == 2 * 118_013_952 && first.weights == 7 * 7 * 3 * 64 + 2 * 64)
    #expect(first.inputs == 3 * 224 * 224 && first.outputs == 64 * 112 * 112)
    #expect(model.operators.reduce(0) { $0 + ($1.kind == .dense ? $1.count : 0) } == 54)
    #expect(model.cacheElementsPerToken == 0 && model.mixerSummary == "36 operators")
  }

  @Test func eachTypeHasItsWork() throws {
    let model = try read(
      #"""
      {"name": "depthwise", "type": "convolution", "in_channels": 32, "out_channels": 32, "kernel_size": 3,
       "stride": 2, "groups": 32, "height": 15, "width": 8, "bias": true},
      {"name": "project", "type": "linear", "in_features": 10, "out_features": 4, "rows": 3},
      {"name": "mine", "type": "dense", "operations": 1000, "weights": 10, "inputs": 5, "outputs": 6, "count": 7},
      {"name": "pool", "type": "elementwise", "inputs": 8, "outputs": 2}
      """#)
    // 8 x 4 outputs of 32 channels, 9 taps each.
    #expect(model.operators[0].operations == 2 * 9 * 32 * 32 && model.operators[0].weights == 9 * 32 + 32)
    #expect(model.operators[0].inputs == 32 * 15 * 8 && model.operators[0].outputs == 32 * 32)
    #expect(model.operators[1].operations == 2 * 3 * 40 && model.operators[1].weights == 44)
    #expect(model.operators[2].count == 7 && model.parameters == 9 * 32 + 32 + 44 + 70)
    #expect(model.operators[3].kind == .elementwise && model.operators[3].operations == 0)
  }

  @Test func faultsAreNamed() {
    #expect(faults("") == ["'operators' is missing"])
    #expect(faults("7") == ["'operators' holds 7"])
    #expect(faults(#"{"type": "linear"}"#) == ["an operator has no name"])
    #expect(faults(#"{"name": "a", "type": "pool", "size": 3}"#) == ["'operators.0.type' cannot be \"pool\""])
    #expect(
      faults(#"{"name": "a", "type": "linear", "in_features": 0, "out_features": 1, "out_feature": 3}"#) == [
        "'operators.0.in_features' cannot be 0",
        "'operators.0.out_feature' is not understood in a model of family 'operators'",
      ])
    #expect(
      faults(
        #"{"name": "a", "type": "convolution", "in_channels": 3, "out_channels": 4, "kernel_size": 1, "height": 9, "groups": 2}"#
      ) == ["2 groups do not divide 3 and 4 channels"])
    // Beyond 64 bits, were it not refused.
    let side = 1_048_576
    #expect(
      faults(
        #"{"name": "a", "type": "convolution", "in_channels": \#(side), "out_channels": \#(side), "kernel_size": 1024, "height": \#(side)}"#
      ).first?.hasPrefix("operator 'a' has ") == true)
  }
}
