import Cluster
import Models
import Testing

@testable import Policies

/// The parts in which the sequences of a step pass the layers.
@Suite("Parts of a step")
struct StepPartsTests {
  @Test("In order a part ends where the next sequence has no room")
  func inOrder() {
    // Parts of 4 tokens: 2 + 1, 3, 9 by itself although it is longer than a part, 1 + 1.
    #expect(StepParts(tokens: [2, 1, 3, 9, 1, 1], most: 4).inOrder() == [[0, 1], [2], [3], [4, 5]])
    #expect(StepParts(tokens: [], most: 4).inOrder().isEmpty)
  }

  @Test("The longest queue of an expert is emptied first, and what has no room begins the next part")
  func byExpert() {
    // Tokens 0 to 8 wait for the experts 2 0 1 0 0 1 0 0 2: queues of 5 for expert 0, and of 2 for each other.
    // The first part of 4 takes four of expert 0's. Then all queues are 1, 2, 2: expert 1's two and expert 2's two make
    // the second part, expert 0's last one the third.
    let wanted: [Int32] = [2, 0, 1, 0, 0, 1, 0, 0, 2]
    let parts = StepParts(tokens: Array(repeating: 1, count: 9), most: 4).byExpert(wanted, experts: 3)
    #expect(parts == [[1, 3, 4, 6], [2, 5, 0, 8], [7]])
    // A prompt of 6 tokens is longer than a part and passes by itself; its queue is the longest.
    let prompt = StepParts(tokens: [1, 6, 1], most: 4).byExpert([0, 1, 1], experts: 2)
    #expect(prompt == [[1], [0, 2]])
  }

  @Test("A prompt wants the expert that most of its tokens go to")
  func wanted() throws {
    let shape = try #require(
      ExpertShape(roles: [.decoder, .decoder], experts: 3, perToken: 1, parameters: 1))
    var text = "request,token,layer,expert\n"
    for (token, expert) in [1, 2, 2].enumerated() { text += "0,\(token),0,\(expert)\n0,\(token),1,0\n" }
    text += "1,0,0,1\n1,0,1,0\n"
    var router = ExpertRouter(try RecordedRouting(text.utf8, shape))
    var routing = StepRouting(shape)
    let tokens = (0..<3).map { RoutedToken(request: 0, position: $0, prompt: 3) }
    router.route(tokens + [RoutedToken(request: 1, position: 0, prompt: 1)], into: &routing)
    let sequences = [
      StepSequence(request: 0, position: 0, tokens: 3, isPrompt: true),
      StepSequence(request: 1, position: 0, tokens: 1, isPrompt: true),
    ]
    #expect(routing.wanted(sequences) == [2, 1])
  }

  @Test("The sums of parts are those of the step")
  func shapes() {
    var step = StepShape(decodes: 2, context: 31 + 8)
    step.addChunk(tokens: 5, cached: 0, last: true)
    step.addChunk(tokens: 4, cached: 12, last: false)
    let sequences = [
      StepSequence(request: 0, position: 0, tokens: 5, isPrompt: true),
      StepSequence(request: 1, position: 12, tokens: 4, isPrompt: true),
      StepSequence(request: 2, position: 30, tokens: 1, isPrompt: false),
      StepSequence(request: 3, position: 7, tokens: 1, isPrompt: false),
    ]
    var ending = step.firstTokens
    var sum = StepShape(sequences[..<1], of: step, ending: &ending)
    sum.add(StepShape(sequences[1..<3], of: step, ending: &ending))
    sum.add(StepShape(sequences[3...], of: step, ending: &ending))
    #expect(sum == step)
  }

  @Test("What is looked ahead is what comes where all go on")
  func lookahead() throws {
    let shape = try #require(
      ExpertShape(roles: [.decoder, .decoder, .decoder], experts: 12, perToken: 2, parameters: 1))
    var routed = RoutedSteps(ExpertRouter(shape, seed: 3), lookahead: 5)
    var told: [[[Int32]]] = []
    for position in 0..<40 as Range<Int32> {
      // Request 7 joins late.
      let sequences = (position < 20 ? [3, 4] : [3, 4, 7]).map {
        StepSequence(request: $0, position: position, tokens: 1, isPrompt: position == 0)
      }
      routed.begin(sequences)
      let now = (0..<3).map { Array(routed.routing.experts($0)) }
      if position > 0, position != 20 { #expect(told[0] == now) }
      if position > 4, !(20..<25).contains(position) { #expect(told.count == 5) }
      let future = routed.future(of: [], then: sequences)
      #expect(future.map(\.layer) == Array(repeating: [0, 1, 2], count: 5).flatMap(\.self))
      told = (0..<5).map { step in (0..<3).map { Array(future[3 * step + $0].experts) } }
    }
  }
}
