/// The candidate closest to `word` in spelling, or nil where none is close.
///
/// Closeness is the number of letters inserted, removed, changed or exchanged with their neighbour (optimal string
/// alignment: Damerau, CACM 7(3), 1964), letter case aside: at most one for words up to 4 letters, a third of the
/// letters for longer ones. Of equally close candidates the one that differs least in case, then the first in
/// alphabetical order. Complexity: O(candidates * word^2); words above 64 letters have no suggestion.
public func nearestWord(to word: String, among candidates: [String]) -> String? {
  let letters = Array(word.unicodeScalars.prefix(65))
  guard !letters.isEmpty, letters.count <= 64 else { return nil }
  let lowered = Array(word.lowercased().unicodeScalars)
  var best: (distance: Int, exact: Int, name: String)?
  for candidate in candidates where candidate.unicodeScalars.count <= 64 {
    let distance = editDistance(lowered, Array(candidate.lowercased().unicodeScalars))
    guard distance <= max(1, letters.count / 3), distance < letters.count else { continue }
    let exact = editDistance(letters, Array(candidate.unicodeScalars))
    if let found = best, (found.distance, found.exact, found.name) <= (distance, exact, candidate) { continue }
    best = (distance, exact, candidate)
  }
  return best?.name
}

/// The candidates that `word` may stand for as a question, or `fallback` where there are none.
///
/// They are at most four that have every part of the word between its hyphens, letter case aside: "h100" for
/// "h100-pcie" and "h100-sxm", "llama-70b" for "llama-2-70b"; else the closest in spelling.
public func didYouMean(_ word: String, among candidates: [String], else fallback: String) -> String {
  let parts = word.utf8.count > 64 ? [] : word.lowercased().split(whereSeparator: { "-_ ".contains($0) })
  let fitting = candidates.filter { candidate in
    let known = candidate.lowercased().split(separator: "-")
    return parts.contains { $0.count > 1 } && parts.allSatisfy { known.contains($0) }
  }
  if !fitting.isEmpty { return "did you mean \(wordList(fitting.prefix(4).map { "'\($0)'" }))?" }
  return nearestWord(to: word, among: candidates).map { "did you mean '\($0)'?" } ?? fallback
}

/// Letters to insert, remove, change or exchange with a neighbour to turn `a` into `b`.
func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
  var older: [Int] = []
  var old = Array(0...b.count)
  for i in 1...a.count {
    var new = [i]
    for j in 1...b.count {
      var distance = min(old[j] + 1, new[j - 1] + 1, old[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { distance = min(distance, older[j - 2] + 1) }
      new.append(distance)
    }
    older = old
    old = new
  }
  return old[b.count]
}

/// A noun with its article: "a rate", "an energy".
public func withArticle(_ noun: String) -> String {
  (noun.first.map { "aeiou".contains($0) } ?? false ? "an " : "a ") + noun
}

/// Words in a row: "a", "a or b", "a, b or c"; at most twelve, then how many more.
public func wordList(_ words: [String], or conjunction: String = "or") -> String {
  guard words.count <= 12 else { return words.prefix(12).joined(separator: ", ") + " and \(words.count - 12) more" }
  guard words.count > 1, let last = words.last else { return words.first ?? "none" }
  return words.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
}
