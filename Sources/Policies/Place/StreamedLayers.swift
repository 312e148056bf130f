import Models

/// The layers of a model, and its ends where these are streamed too, in sections that take turns in the memory of a device.
struct StreamedLayers: Sendable {
  /// What of a model is computed as one.
  enum Part: Hashable, Sendable {
    case embedding
    /// A layer of a kind.
    case layer(Int)
    case head
  }

  /// Parts in a row that are copied as one.
  struct Section: Hashable, Sendable {
    var parts: [Part]
    var bytes: Double
  }

  /// A section that is computed, the one that is copied meanwhile (none with one that stays), and how often in a row.
  struct Row: Hashable, Sendable {
    var computed: Int
    var copied: Int?
    var count: Int
  }

  /// What never leaves the device.
  enum Pinned: Hashable, Sendable {
    /// Both ends and so many layers.
    case layers(Int)
    /// So many bytes: of both ends if all of these fit, then of layers in order, the last of them in part.
    case bytes(Double)
  }

  /// Sections that differ.
  private(set) var sections: [Section] = []
  private(set) var rows: [Row] = []
  /// The sections that are copied before the first step.
  private(set) var ahead: [Int] = []
  /// Sections ahead of the one that is computed, and the part of each that may be.
  let prefetch: Int
  let part: Double
  /// Bytes of the largest section that is copied.
  let largest: Double
  /// Bytes of what stays and of slots.
  let held: Double

  /// `landing` is the part of an end that stands beside it until it has arrived: a matrix of a layer finds room in the
  /// layer's slot, an end is one matrix.
  init(
    _ pieces: ModelPieces, prefetch wanted: Int, part: Double, section size: Int, pinned: Pinned, landing: Double = 0
  ) {
    func section(_ kinds: ArraySlice<Int>) -> Section {
      Section(parts: kinds.map { .layer($0) }, bytes: kinds.reduce(0) { $0 + pieces.kinds[$1].allWeights })
    }
    var (first, rest, endsStay) = (0, 0.0, true)
    switch pinned {
    case .layers(let count): first = count
    case .bytes(let bytes):
      endsStay = bytes >= pieces.ends
      rest = endsStay ? bytes - pieces.ends : 0
      while first < pieces.layers.count, pieces.kinds[pieces.layers[first]].allWeights <= rest {
        rest -= pieces.kinds[pieces.layers[first]].allWeights
        first += 1
      }
    }
    var stay = pieces.layers.indices.prefix(first).map { section(pieces.layers[$0...$0]) }
    var streamed = stride(from: first, to: pieces.layers.count, by: size).map {
      section(pieces.layers[$0..<min($0 + size, pieces.layers.count)])
    }
    if streamed.isEmpty { rest = 0 } else { streamed[0].bytes -= rest }
    // A table that is the head too is copied for either.
    let table = pieces.embeddingBytes > 0 ? pieces.embeddingBytes : pieces.last.weights
    let ends = [
      Section(parts: [.embedding], bytes: pieces.first.weights + table),
      Section(parts: [.head], bytes: pieces.last.weights),
    ]
    let count = streamed.count + (endsStay ? 0 : ends.count)
    if part == 1, count == 1 || wanted >= count - 1 {
      // Every section has a slot of its own: none ever leaves.
      stay += streamed
      (streamed, endsStay) = ([], true)
    }
    if !endsStay { streamed = [ends[0]] + streamed + [ends[1]] }
    prefetch = max(0, min(wanted, streamed.count - 1))
    self.part = part
    largest = streamed.map(\.bytes).max() ?? 0
    held =
      stay.reduce(rest + (endsStay ? pieces.ends : 0)) { $0 + $1.bytes }
      + max(
        largest * (Double(prefetch) * part + 1), endsStay ? 0 : max(ends[0].bytes, ends[1].bytes) * (1 + landing))
    if endsStay { add(ends[0], nil) }
    for section in stay { add(section, nil) }
    for (place, section) in streamed.enumerated() { add(section, streamed[(place + prefetch) % streamed.count]) }
    if endsStay { add(ends[1], nil) }
    ahead = streamed.prefix(prefetch).map { index(of: $0) }
  }

  private mutating func index(of section: Section) -> Int {
    if let index = sections.firstIndex(of: section) { return index }
    sections.append(section)
    return sections.count - 1
  }

  private mutating func add(_ computed: Section, _ copied: Section?) {
    let row = Row(computed: index(of: computed), copied: copied.map { index(of: $0) }, count: 1)
    if let last = rows.last, last.computed == row.computed, last.copied == row.copied {
      rows[rows.count - 1].count += 1
    } else {
      rows.append(row)
    }
  }
}
