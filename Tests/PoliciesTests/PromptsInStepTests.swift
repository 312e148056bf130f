import Cluster
import Policies
import Testing

@Suite struct PromptsInStepTests {
  private func view(running: Int, head: Int?) -> LaneView {
    var view = LaneView()
    (view.running, view.waiting, view.headTokens) = (running, head == nil ? 0 : 1, head ?? 0)
    (view.headFits, view.maxBatchTokens) = (head != nil, 2048)
    return view
  }

  @Test("Prompts and decodes share a step that has room for both")
  func shares() {
    var policy = PromptsInStep()
    #expect(policy.next(view(running: 48, head: 2000)) == .joint(tokens: 2048))
    #expect(policy.next(view(running: 0, head: 5000)) == .joint(tokens: 2048))
    #expect(policy.next(view(running: 48, head: nil)) == .decode(steps: .max))
    #expect(policy.next(view(running: 0, head: nil)) == .wait)
  }

  @Test("Decodes that find no room miss the step, but not more than so many in a row")
  func misses() {
    var policy = PromptsInStep(missedSteps: 2)
    #expect(policy.next(view(running: 49, head: 2000)) == .prefill(tokens: 2048))
    #expect(policy.next(view(running: 49, head: 5000)) == .prefill(tokens: 2048))
    #expect(policy.next(view(running: 49, head: 5000)) == .decode(steps: 1))
    #expect(policy.next(view(running: 49, head: 5000)) == .prefill(tokens: 2048))
    // A step with decodes in it begins the count anew.
    #expect(policy.next(view(running: 49, head: 100)) == .joint(tokens: 2048))
    #expect(policy.next(view(running: 49, head: 5000)) == .prefill(tokens: 2048))
    #expect(policy.next(view(running: 49, head: 5000)) == .prefill(tokens: 2048))
    #expect(policy.next(view(running: 49, head: 5000)) == .decode(steps: 1))
  }
}
