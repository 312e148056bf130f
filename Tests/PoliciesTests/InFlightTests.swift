import Cluster
import Policies
import Testing

@Suite struct InFlightTests {
  private func view(running: Int, waiting: Int) -> LaneView {
    var view = LaneView()
    (view.running, view.waiting) = (running, waiting)
    (view.headTokens, view.headFits, view.maxBatchTokens) = (100, waiting > 0, 1000)
    return view
  }

  @Test("Prompts beside decodes wait for their steps, or until enough of them are there")
  func holds() {
    var policy = InFlight(holdSteps: 2, holdUntil: 0.9)
    // Nothing decodes: nothing to gain from waiting.
    #expect(policy.next(view(running: 0, waiting: 1)) == .joint(tokens: 1000))
    // 10 + 100 tokens of 1000: two steps, then it goes.
    #expect(policy.next(view(running: 10, waiting: 1)) == .decode(steps: 1))
    #expect(policy.next(view(running: 10, waiting: 1)) == .decode(steps: 1))
    #expect(policy.next(view(running: 10, waiting: 1)) == .joint(tokens: 1000))
    // The count begins anew; 10 + 900 tokens are nine tenths.
    #expect(policy.next(view(running: 10, waiting: 1)) == .decode(steps: 1))
    #expect(policy.next(view(running: 10, waiting: 9)) == .joint(tokens: 1000))
    #expect(policy.next(view(running: 10, waiting: 0)) == .decode(steps: .max))
  }

  @Test("Without them a prompt that fits goes at once")
  func goes() {
    var policy = InFlight()
    #expect(policy.next(view(running: 10, waiting: 1)) == .joint(tokens: 1000))
    #expect(policy.next(view(running: 950, waiting: 1)) == .decode(steps: .max))
  }
}
