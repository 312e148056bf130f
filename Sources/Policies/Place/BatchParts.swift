import Cluster
import Models
import Timeline

extension StepShape {
  /// The step in `count` parts of about equal sums; fewer where it has fewer sequences.
  ///
  /// Complexity: O(count).
  func parts(_ count: Int) -> [StepShape] {
    let count = min(count, max(1, decodes, prefillChunks))
    guard count > 1 else { return [self] }
    return (0..<count).map { part(from: $0, to: $0 + 1, of: count) }
  }

  /// Prompt tokens whose keys and values earlier chunks have left.
  var cachedPrefillContext: Int { max(0, prefillContext - prefillTokens) }
}

/// Equal layers in a row, the last of which is followed by a layer of kind `next`.
struct LayerRow {
  /// The kind of the layers.
  var kind: Int
  /// The kind that is computed after each of them; nil after the last layer of the model.
  var next: Int?
  /// How many.
  var count: Int

  /// The layers of a model, each with the one after it.
  static func rows(_ pieces: ModelPieces) -> [LayerRow] {
    var rows: [LayerRow] = []
    for (index, kind) in pieces.layers.enumerated() {
      let next = index + 1 < pieces.layers.count ? pieces.layers[index + 1] : nil
      if let last = rows.last, last.kind == kind, last.next == next {
        rows[rows.count - 1].count += 1
      } else {
        rows.append(LayerRow(kind: kind, next: next, count: 1))
      }
    }
    return rows
  }
}

/// Parts of a batch that take turns through the layers, each an even share of a round behind the one before it.
///
/// In each slot of a round every part computes its next layer, but for those that sit out: `idle` slots between two of
/// their steps. A round has as many slots as a part needs for its layers and these.
struct Stagger {
  /// The kind of each layer.
  let layers: [Int]
  let parts: Int
  /// Slots of a round.
  let slots: Int

  init(layers: [Int], parts: Int, idle: Int) {
    self.layers = layers
    self.parts = parts
    slots = layers.count + idle
  }

  /// The layer that part `part` computes in slot `slot`; nil where it sits out.
  func layer(of part: Int, at slot: Int) -> Int? {
    let turn = (slot + slots - part * slots / parts) % slots
    return turn < layers.count ? turn : nil
  }

  /// How many slots from `slot` on are alike: the same kinds of layers, none the first or last of its part but in a slot
  /// of its own.
  func equals(from slot: Int) -> Int {
    var count = 1
    while slot + count < slots, (0..<parts).allSatisfy({ isAlike($0, slot, slot + count) }) { count += 1 }
    return count
  }

  private func isAlike(_ part: Int, _ one: Int, _ other: Int) -> Bool {
    guard let one = layer(of: part, at: one), let other = layer(of: part, at: other) else {
      return layer(of: part, at: one) == nil && layer(of: part, at: other) == nil
    }
    guard one > 0, other > 0, one + 1 < layers.count, other + 1 < layers.count else { return false }
    return layers[one] == layers[other] && layers[one + 1] == layers[other + 1]
  }
}
