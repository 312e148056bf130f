import Hardware
import Models
import Support
import Testing
import Units

/// Operators that are asked to cost nothing.
@Suite struct FreeOperatorTests {
  func engine(free: [String]) throws -> EngineCost {
    try EngineCost(
      Catalogue.model("llama-2-70b"), layout: EngineLayout(tensorParallel: 8), device: .ideal, free: free)
  }

  @Test func aFreeOperatorTakesItsOwnTimeOutOfAStepAndNoOther() throws {
    let all = try engine(free: [])
    let without = try engine(free: ["attention.decode"])
    let shape = StepShape(decodes: 16, context: 16 * 1200)
    let names = without.cost.operators(of: shape).map(\.name)
    #expect(!names.contains("attention.decode"))
    let attention = try #require(all.cost.operators(of: shape).first { $0.name == "attention.decode" })
    let saved = (all.cost.interval(of: shape) - without.cost.interval(of: shape)).seconds
    #expect(abs(saved - attention.seconds) < 2e-12)
  }

  @Test func anUnknownOperatorIsRefusedWithThoseThereAre() throws {
    let fault = try #require(throws: EngineFault.self) { try engine(free: ["attention.decod"]) }
    guard case .noOperator("attention.decod", let names) = fault else {
      Issue.record("\(fault)")
      return
    }
    #expect(names.contains("attention.decode"))
  }
}
