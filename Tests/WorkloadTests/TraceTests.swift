import Testing
import Units
@testable import Workload

@Suite struct TraceTests {
  let four = Trace(requests: [request(10, 1, 1), request(13, 2, 2), request(13, 3, 3), request(31, 4, 4)])

  @Test func rateScalingDividesEveryGap() throws {
    // Gaps 3, 0, 18 at twice the rate: 1.5 and 10.5 since the first, ties to even.
    #expect(try four.rateScaled(by: 2).requests.map(\.arrival.picoseconds) == [10, 12, 12, 20])
    #expect(try four.rateScaled(by: 0.5).requests.map(\.arrival.picoseconds) == [10, 16, 16, 52])
    #expect(try four.rateScaled(by: 1) == four)
    #expect(try Trace(requests: []).rateScaled(by: 2) == Trace(requests: []))
  }

  @Test func rateScalingRefusesWhatIsNoRate() {
    for factor in [0, -1, .nan, .infinity] as [Double] {
      #expect(throws: Trace.Fault.self) { try four.rateScaled(by: factor) }
    }
    #expect(throws: Trace.Fault.tooLong) { try four.rateScaled(by: 1e-30) }
  }

  @Test func windowsTakeTheirStartAndLeaveTheirEnd() {
    func moment(_ picoseconds: Int64) -> Instant { Instant(picoseconds: picoseconds) }
    #expect(four.window(moment(13)..<moment(31)).requests.map(\.promptTokens) == [2, 3])
    #expect(four.window(moment(0)..<moment(10)).requests.isEmpty)
    #expect(four.window(moment(0)..<Instant.never) == four)
    #expect(four.first(2).requests.map(\.promptTokens) == [1, 2])
    #expect(four.first(9) == four)
    #expect(four.first(-1).requests.isEmpty)
  }

  @Test func shiftKeepsGaps() {
    #expect(four.startingAtZero.requests.map(\.arrival.picoseconds) == [0, 3, 3, 21])
    #expect(Trace(requests: []).startingAtZero.requests.isEmpty)
  }
}
