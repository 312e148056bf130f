import Models

/// The layers of a model in sections that take turns in the memory of a device.
struct StreamedLayers: Sendable {
  /// Layers in a row that are copied as one.
  struct Section: Hashable, Sendable {
    var kinds: [Int]
    var bytes: Double
    var layers: Int { kinds.count }
  }

  /// A section that is computed, the one that is copied meanwhile (none with a pinned layer), and how often in a row.
  struct Row: Hashable, Sendable {
    var computed: Int
    var copied: Int?
    var count: Int
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
  /// Bytes of pinned layers and slots.
  let held: Double

  init(_ pieces: ModelPieces, prefetch wanted: Int, part: Double, section size: Int, pinned: Int) {
    func section(_ kinds: [Int]) -> Section {
      Section(kinds: kinds, bytes: kinds.reduce(0) { $0 + pieces.kinds[$1].allWeights })
    }
    let stay = pieces.layers.prefix(pinned).map { section([$0]) }
    let streamed = stride(from: pinned, to: pieces.layers.count, by: size).map {
      section(Array(pieces.layers[$0..<min($0 + size, pieces.layers.count)]))
    }
    prefetch = max(0, min(wanted, streamed.count - 1))
    self.part = part
    largest = streamed.map(\.bytes).max() ?? 0
    held =
      stay.reduce(0) { $0 + $1.bytes } + largest * (streamed.isEmpty ? 0 : Double(prefetch) * part + 1)
    for section in stay { add(section, nil) }
    for (place, section) in streamed.enumerated() { add(section, streamed[(place + prefetch) % streamed.count]) }
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
