/// What a request of a client may be made of.
public enum ClientField: String, CaseIterable, Sendable {
  /// Tokens of the prompt, where it is text only.
  case input = "input_tokens"
  /// Tokens of the prompt's text beside other media.
  case text = "text_tokens"
  /// Tokens of one image.
  case image = "image_tokens"
  /// Tokens of one piece of sound.
  case audio = "audio_tokens"
  /// Tokens of one film.
  case video = "video_tokens"
  /// Images.
  case images = "image_count"
  /// Pieces of sound.
  case audios = "audio_count"
  /// Films.
  case videos = "video_count"
  /// Tokens of the output, those of reasoning included.
  case output = "output_tokens"

  /// Media with the field that says how many a request has.
  static let media: [(each: ClientField, count: ClientField)] = [
    (.image, .images), (.audio, .audios), (.video, .videos),
  ]
}

/// How often each value occurred.
public struct LengthHistogram: Hashable, Sendable {
  /// The values in ascending order, each from 0 to `Request.tokenLimit`.
  public private(set) var values: [Int32] = []
  /// The share of each up to it, the last 1.
  public private(set) var shares: [Double] = []
  /// The mean.
  public private(set) var mean = 0.0

  /// The values with weights that need not add up to 1; nil where no weight is above 0.
  init?(_ weights: [Int32: Double]) {
    let total = weights.keys.sorted().reduce(0.0) { $0 + weights[$1, default: 0] }
    guard total > 0, total.isFinite else { return nil }
    var sum = 0.0
    for value in weights.keys.sorted() {
      let weight = weights[value, default: 0]
      guard weight > 0 else { continue }
      sum += weight
      mean += Double(value) * weight / total
      values.append(value)
      shares.append(sum / total)
    }
    shares[shares.count - 1] = 1
  }

  /// The least value that a share from 0 to 1 of the occurrences does not exceed. Complexity: O(log n).
  public func quantile(_ share: Double) -> Int32 {
    var (low, high) = (0, values.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if shares[middle] >= share { high = middle } else { low = middle + 1 }
    }
    return values[low]
  }

  /// Calls `body` with each value and its share.
  public func forEach(_ body: (Int32, Double) -> Void) {
    var below = 0.0
    for (value, share) in zip(values, shares) {
      body(value, share - below)
      below = share
    }
  }
}

/// The lengths of the requests of a service's clients by windows, as ServeGen publishes them.
///
/// One JSON object: the numbers of clients, in it the seconds at which windows begin, in it the names of `ClientField`
/// with texts of the form `{length: share, ...}`; other names are ignored. Source: github.com/alibaba/ServeGen,
/// data/*/*/chunk-*-dataset.json under the clients' numbers.
public struct ClientLengths: Hashable, Sendable {
  /// The lengths of one client from one moment on.
  public struct Window: Hashable, Sendable {
    /// Seconds from the beginning of the records.
    public var start: Int64
    /// What its requests were made of.
    public var fields: [ClientField: LengthHistogram] = [:]

    /// The mean tokens of a prompt: text, and of each medium as many as there are.
    public var meanPrompt: Double {
      ClientField.media.reduce((fields[.input] ?? fields[.text])?.mean ?? 0) { sum, medium in
        sum + (fields[medium.each]?.mean ?? 0) * (fields[medium.count]?.mean ?? 0)
      }
    }
    /// The mean tokens of an output.
    public var meanOutput: Double { fields[.output]?.mean ?? 0 }
  }

  /// The windows of each client in order; every one has prompts and outputs.
  public var clients: [Int32: [Window]] = [:]

  /// The lengths in `source`.
  /// - Throws: ``TraceFaults``; line 0 where the source cannot be opened or read.
  public init(_ source: ByteSource) throws(TraceFaults) {
    var reader = ClientLengthsReader()
    try source.read { bytes in
      reader.consume(bytes)
      return !reader.isDone
    }
    self = try reader.finish()
  }

  init() {}

  /// The window in force at a moment for a client: the last that has begun, or else its first; nil without one.
  func window(of client: Int32, at second: Int64) -> Window? {
    guard let windows = clients[client] else { return nil }
    return windows.last { $0.start <= second } ?? windows.first
  }

  /// How often each value of a field occurred, every window of every client counting the same; nil where none has it.
  public func all(_ field: ClientField) -> LengthHistogram? {
    var weights: [Int32: Double] = [:]
    for client in clients.keys.sorted() {
      for window in clients[client] ?? [] { window.fields[field]?.forEach { weights[$0, default: 0] += $1 } }
    }
    return LengthHistogram(weights)
  }
}
