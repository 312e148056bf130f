import Units

/// Lays one element over another: what the upper one says holds, the rest stays.
///
/// Mappings are merged key by key; anything else replaces. A key with nothing (`~`) takes the key away. Where a mapping
/// names one of several things (a policy, a way to make a workload), the upper one's choice replaces the lower one's
/// settings unless both choose the same.
enum Merging {
  /// `upper` over `lower`; `path` leads to both from the root of the scenario.
  static func merge(_ lower: Element, _ upper: Element, path: [String] = []) -> Element {
    let lower = spelledOut(lower, path)
    guard case .mapping(let below) = lower.content, case .mapping(let above) = upper.content else { return upper }
    if replaces(below, above, path) { return upper }
    var entries = below
    for entry in above {
      let index = entries.firstIndex { $0.key == entry.key }
      if entry.value.content == .null {
        if let index { entries.remove(at: index) }
      } else if let index {
        let value = merge(entries[index].value, entry.value, path: path + [entry.key])
        entries[index] = Entry(key: entry.key, keyPlace: entry.keyPlace, value: value)
      } else {
        entries.append(entry)
      }
    }
    return Element(.mapping(entries), at: upper.place)
  }

  /// The long form of what has a short one: `model: NAME` is `model: {name: NAME}`, and a pool's `device: NAME` is
  /// `device: {like: NAME}`.
  static func spelledOut(_ element: Element, _ path: [String]) -> Element {
    guard let key = longKey(path), element.text != nil else { return element }
    let entry = Entry(key: key, keyPlace: element.place, value: element)
    return Element(.mapping([entry]), at: element.place)
  }

  private static func longKey(_ path: [String]) -> String? {
    if path == ["model"] { return "name" }
    return isOfPool(path) && path.last == "device" ? "like" : nil
  }

  /// Whether a path leads to a setting of a pool, or of all that say no other.
  private static func isOfPool(_ path: [String]) -> Bool {
    path.count == 4 && path.starts(with: ["cluster", "pools"])
      || path.count == 3 && path.starts(with: ["cluster", "defaults"])
  }

  /// Keys of which a mapping at a path has one at most.
  private static func alternatives(_ path: [String]) -> Set<String>? {
    switch path {
    case ["model"]: ["name", "config"]
    case _ where path.first == "workload" && path.last == "workload": ["trace", "generator"]
    default: nil
    }
  }

  /// Whether the mapping at a path names one thing by its only key.
  private static func isChoice(_ path: [String]) -> Bool {
    switch path.last {
    case "route", "batch": path.count == 2 && path[0] == "policy" || isOfPool(path)
    case "preemption": isOfPool(path)
    case "generator", "prompt", "output", "turns", "think": path.first == "workload"
    default: false
    }
  }

  private static func replaces(_ below: [Entry], _ above: [Entry], _ path: [String]) -> Bool {
    if isChoice(path) { return below.map(\.key) != above.map(\.key) }
    if isOfPool(path), path.last == "place" {
      // A policy by its name, or what stands where, which adds up.
      let (lower, upper) = (Set(below.map(\.key)), Set(above.map(\.key)))
      return lower != upper && !lower.union(upper).isSubset(of: PlacementSection.parts)
    }
    if path.first == "workload", path.last == "lengths" {
      func kind(_ entries: [Entry]) -> String? { entries.map(\.key).first { $0 == "resample" || $0 == "pairs" } }
      return kind(below) != kind(above)
    }
    guard let alternatives = alternatives(path) else { return false }
    let lower = Set(below.map(\.key)).intersection(alternatives)
    let upper = Set(above.map(\.key)).intersection(alternatives)
    return !upper.isEmpty && lower != upper
  }
}
