extension Sequence where Element: Hashable {
  /// The distinct elements and how often each occurs, in the order of first appearance.
  ///
  /// Complexity: O(n).
  func counted() -> [(element: Element, count: Int)] {
    var found: [(element: Element, count: Int)] = []
    var places: [Element: Int] = [:]
    for element in self {
      if let place = places[element] {
        found[place].count += 1
      } else {
        places[element] = found.count
        found.append((element, 1))
      }
    }
    return found
  }
}
