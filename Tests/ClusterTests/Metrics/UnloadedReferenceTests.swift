import Models
import Testing
import Units
import Workload
@testable import Cluster

@Suite struct UnloadedReferenceTests {
  @Test func countsPromptThenTheMiddleDecode() throws {
    let request = Request(arrival: .start, promptTokens: 90, outputTokens: 5)
    let latency = try metricsEngine().cost.unloadedReference(request)
    // 10 + 90 ms, then 4 steps of 10 + 1 ms.
    #expect(near(latency.ttft, 0.1) && near(latency.tpot, 0.011) && near(latency.e2e, 0.144))
  }
}
