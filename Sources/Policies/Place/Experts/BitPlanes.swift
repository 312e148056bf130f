/// The planes of experts' bits that a memory of so many bytes holds: of every expert none, the first, or some from the
/// first on.
struct BitPlanes: Sendable {
  /// Bytes of each plane of an expert, the first the low bits.
  let bytes: [Double]
  /// Bytes that all of them may take.
  let budget: Double
  /// Bytes that they take, and the most that they took.
  private(set) var heldBytes = 0.0
  private(set) var peakBytes = 0.0
  private let layers: Int
  private let experts: Int
  /// By layer and expert: planes that are held, and tokens of the last step.
  private var planes: [UInt8]
  private var heat: [Int32]
  /// By layer: experts that hold so many planes, from 0 on.
  private var counts: [[Int]]

  init(bytes: [Double], budget: Double, layers: Int, experts: Int) {
    (self.bytes, self.budget, self.layers, self.experts) = (bytes, budget, layers, experts)
    planes = Array(repeating: 0, count: layers * experts)
    heat = Array(repeating: 0, count: planes.count)
    counts = Array(repeating: [experts] + Array(repeating: 0, count: bytes.count), count: layers)
  }

  /// Planes that are held of an expert.
  func held(_ layer: Int, _ expert: Int32) -> Int { Int(planes[layer * experts + Int(expert)]) }

  /// Takes note of an expert's tokens in the step.
  mutating func note(_ layer: Int, _ expert: Int, tokens: Int) {
    heat[layer * experts + expert] = Int32(truncatingIfNeeded: tokens)
  }

  /// Adds the next plane of an expert of the layer under way, for which others leave: high bits first, of these the
  /// layer's whose turn comes last, of these the expert's with the fewest tokens, of equals the highest number. What
  /// `needed` says of the experts of this layer stays.
  mutating func add(_ layer: Int, _ expert: Int32, needed: [Int]) {
    let place = layer * experts + Int(expert)
    let size = bytes[Int(planes[place])]
    while heldBytes + size > budget, drop(layer, needed) {}
    set(layer, Int(expert), Int(planes[place]) + 1)
  }

  /// Frees one plane; false where none may leave.
  private mutating func drop(_ layer: Int, _ needed: [Int]) -> Bool {
    for level in stride(from: bytes.count, to: 0, by: -1) {
      // This layer's turn has just come: it comes again last; then that of the one before.
      for back in 0..<layers {
        let other = (layer + layers - back) % layers
        guard counts[other][level] > 0 else { continue }
        var coldest: Int?
        for expert in 0..<experts where Int(planes[other * experts + expert]) == level {
          if other == layer, needed[expert] >= level { continue }
          if let best = coldest, heat[other * experts + best] < heat[other * experts + expert] { continue }
          coldest = expert
        }
        if let coldest {
          set(other, coldest, level - 1)
          return true
        }
      }
    }
    return false
  }

  private mutating func set(_ layer: Int, _ expert: Int, _ level: Int) {
    let place = layer * experts + expert
    let before = Int(planes[place])
    counts[layer][before] -= 1
    counts[layer][level] += 1
    planes[place] = UInt8(truncatingIfNeeded: level)
    heldBytes += level > before ? bytes[before] : -bytes[level]
    peakBytes = max(peakBytes, heldBytes)
  }
}
