import Kernel
import Units

/// Draws the requests of a generator one after another.
struct RequestDrawing {
  /// Turns of a session have subjects beside each other.
  private static let turnBits = 12

  private let generator: Generator
  private let lengths: PairSampler
  private let turns: TurnSampler?
  private let think: TimeSampler?
  /// Requests that are wanted, followers among them.
  private let count: Int
  /// Where arrivals end, in picoseconds.
  private let end: Int64
  private var requests: [Request] = []
  private var contents: ContentBlocks?
  /// The turns after the first ones, session by session.
  private var later: [Turn] = []
  /// Sessions that the longest context ended.
  private var endedSessions = 0

  /// A turn of a session, waiting for its place after all first ones.
  private struct Turn {
    var request: Request
    /// The place of the session's first turn.
    var first: Int32
    /// Whether it is the second.
    var isSecond: Bool
    var delay: Interval
  }

  init(_ generator: Generator, seed: UInt64) throws(Generator.Fault) {
    self.generator = generator
    lengths = try PairSampler(generator.lengths, seed: seed)
    guard 0...Request.tokenLimit ~= generator.systemPrompt else {
      throw .badLength("system prompt", Double(generator.systemPrompt))
    }
    if let unit = generator.blockTokens {
      contents = ContentBlocks(unit: unit, systemTokens: Int(generator.systemPrompt))
    }
    switch generator.pattern {
    case .single: (turns, think) = (nil, nil)
    case .samples(let samples):
      guard 1...1024 ~= samples else { throw .badPattern("a prompt has 1 to 1024 samples, not \(samples)") }
      (turns, think) = (nil, nil)
    case .sessions(let sessions):
      turns = try TurnSampler(sessions.turns, seed: seed)
      think = try TimeSampler(sessions.think, seed: seed)
    }
    switch generator.extent {
    case .requests(let wanted):
      guard 1...TraceReader.rowLimit ~= wanted else { throw .badExtent }
      (count, end) = (wanted, .max)
    case .duration(let duration):
      guard duration > .zero else { throw .badExtent }
      (count, end) = (TraceReader.rowLimit, duration.picoseconds)
    }
  }

  /// Requests that one arrival brings, on average.
  private var requestsPerArrival: Double {
    if case .samples(let samples) = generator.pattern { return Double(samples) }
    return turns?.mean ?? 1
  }

  /// Draws what arrives at moments of its own.
  mutating func drawArrivals(_ process: ArrivalProcess, seed: UInt64) throws(Generator.Fault) {
    let each = requestsPerArrival
    let spread = each == 1 ? process : process.rate.map { process.at(Rate($0.value / each)) } ?? process
    var gaps = try GapSampler(spread, seed: seed)
    if end == .max, each == 1 { requests.reserveCapacity(count) }
    var index = 0
    while requests.count + later.count < count {
      guard let moment = gaps.next(index) else {
        guard end <= Request.latestArrival.picoseconds else { throw .tooLong }
        break
      }
      if moment >= end { break }
      try draw(index, at: Instant(picoseconds: moment))
      index += 1
    }
    if case .duration = generator.extent, requests.count + later.count >= count { throw .badExtent }
  }

  private mutating func draw(_ index: Int, at moment: Instant) throws(Generator.Fault) {
    switch generator.pattern {
    case .single:
      let (prompt, output) = lengths.lengths(index)
      try append(prompt, output, at: moment)
    case .samples(let samples):
      try drawSamples(min(samples, count - requests.count - later.count), of: samples, prompt: index, at: moment)
    case .sessions(let sessions):
      try drawSession(index, sessions, at: moment)
    }
  }

  private mutating func append(_ prompt: Int32, _ output: Int32, at moment: Instant) throws(Generator.Fault) {
    let request = try whole(Int(prompt), output, at: moment)
    requests.append(request)
    _ = try contents?.append(tokens: Int(request.promptTokens) + Int(output))
  }

  /// A request whose prompt is `asked` tokens after the system prompt.
  private func whole(_ asked: Int, _ output: Int32, at moment: Instant) throws(Generator.Fault) -> Request {
    let prompt = Int(generator.systemPrompt) + asked
    guard prompt <= Request.tokenLimit else { throw .badLength("prompt", Double(prompt)) }
    return Request(arrival: moment, promptTokens: Int32(prompt), outputTokens: output)
  }

  private mutating func drawSamples(_ taken: Int, of samples: Int, prompt index: Int, at moment: Instant)
    throws(Generator.Fault)
  {
    let asked = Int(lengths.lengths(index).prompt)
    var known: [Int32] = []
    for sample in 0..<taken {
      let request = try whole(asked, lengths.output(index, sample: sample, of: samples), at: moment)
      requests.append(request)
      let tokens = Int(request.promptTokens) + Int(request.outputTokens)
      known = try contents?.append(tokens: tokens, sharing: known, shared: Int(request.promptTokens)) ?? []
    }
  }

  private mutating func drawSession(_ index: Int, _ sessions: Sessions, at moment: Instant) throws(Generator.Fault) {
    guard let turns, let think else { return }
    let first = Int32(requests.count)
    var context = 0
    let taken = min(turns.turns(index), count - requests.count - later.count)
    for turn in 0..<taken {
      let subject = index << Self.turnBits | turn
      let (asked, output) = lengths.lengths(subject)
      guard turn == 0 || Int(generator.systemPrompt) + context + Int(asked) + Int(output) <= sessions.maxContext else {
        endedSessions += 1
        return
      }
      let request = try whole(context + Int(asked), output, at: moment)
      context += Int(asked) + Int(output)
      if turn == 0 {
        requests.append(request)
      } else {
        later.append(
          Turn(request: request, first: first, isSecond: turn == 1, delay: think.time(UInt64(subject))))
      }
    }
  }

  /// Draws the requests of users who wait for their answers: as many users as there are requests at most.
  mutating func drawUsers(_ loop: ClosedLoop, seed: UInt64) throws(Generator.Fault) {
    guard 1...1_000_000 ~= loop.users else { throw .badPattern("there are 1 to 1,000,000 users, not \(loop.users)") }
    guard case .requests = generator.extent else {
      throw .badPattern("how long users take follows from how they are served")
    }
    guard generator.pattern == .single else { throw .badPattern("a user of a closed loop has one request at a time") }
    let think = try TimeSampler(loop.think, seed: seed)
    let users = min(loop.users, count)
    let starts = (0..<users).map { think.time(UInt64($0)) }.sorted()
    for index in 0..<count {
      let (prompt, output) = lengths.lengths(index)
      try append(prompt, output, at: .start + starts[min(index, users - 1)])
    }
    followers = Followers(
      independent: users, predecessors: (users..<max(users, count)).map { Int32($0 - users) },
      delays: (users..<max(users, count)).map { think.time(UInt64($0)) })
  }

  private var followers: Followers?

  /// The requests that were drawn.
  /// - Throws: ``Generator/Fault/tooManyBlocks``.
  consuming func trace() throws(Generator.Fault) -> Trace {
    if turns != nil { try appendLater() }
    var trace = Trace(requests: requests, blocks: contents?.blocks)
    if let followers, !followers.predecessors.isEmpty { trace.followers = followers }
    trace.tally.endedSessions = endedSessions
    return trace
  }

  /// Puts the later turns after all first ones, and tells what the turns of a session have in common.
  private mutating func appendLater() throws(Generator.Fault) {
    let independent = requests.count
    var known: [[Int32]] = []
    for request in requests {
      let tokens = Int(request.promptTokens) + Int(request.outputTokens)
      if let ids = try contents?.append(tokens: tokens) { known.append(ids) }
    }
    var kept = Followers(independent: independent)
    for turn in later {
      let index = requests.count
      let before = turn.isSecond ? Int(turn.first) : index - 1
      kept.predecessors.append(Int32(before))
      kept.delays.append(turn.delay)
      if !known.isEmpty {
        let said = Int(requests[before].promptTokens) + Int(requests[before].outputTokens)
        let tokens = Int(turn.request.promptTokens) + Int(turn.request.outputTokens)
        let first = Int(turn.first)
        known[first] = try contents?.append(tokens: tokens, sharing: known[first], shared: said) ?? []
      }
      requests.append(turn.request)
    }
    followers = kept
  }
}
