/// What a table says of a path that a reader asked for.
struct FoundKey {
  /// The path with `*` for names and positions: "cluster.pools.*.replicas".
  var pattern: String
  /// What stands there.
  var shape: Shape
}

extension Shape {
  /// What stands at a path below this shape; nil where nothing may.
  ///
  /// Names may hold dots, so that everything after the name of a list of texts or times belongs to the name.
  func find(_ path: ArraySlice<String>, pattern: [String] = []) -> FoundKey? {
    guard let first = path.first else { return FoundKey(pattern: pattern.joined(separator: "."), shape: self) }
    let rest = path.dropFirst()
    switch self {
    case .section(let keys):
      guard let key = keys.first(where: { $0.name == first }) else { return nil }
      return key.shape.find(rest, pattern: pattern + [first])
    case .entries(_, let value):
      return value.find(value.isLeaf ? [] : rest, pattern: pattern + ["*"])
    case .list(let element):
      let isPosition = first.allSatisfy(\.isNumber)
      return element.find(isPosition ? rest : path, pattern: pattern + ["*"])
    case .oneOf(let options):
      guard let option = options.first(where: { $0.name == first }) else { return nil }
      return option.shape.find(rest, pattern: pattern + [first])
    case .either(let shapes):
      for shape in shapes {
        if let found = shape.find(path, pattern: pattern) { return found }
      }
      return nil
    case .axes, .open: return FoundKey(pattern: (pattern + ["*"]).joined(separator: "."), shape: .open)
    default: return nil
    }
  }

  /// The paths of all keys below this shape, with `*` for names and positions.
  func patterns(below prefix: [String] = []) -> [String] {
    switch self {
    case .section(let keys):
      keys.flatMap { key in
        [(prefix + [key.name]).joined(separator: ".")] + key.shape.patterns(below: prefix + [key.name])
      }
    case .entries(_, let value): value.patterns(below: prefix + ["*"])
    case .list(let element): element.patterns(below: prefix + ["*"])
    case .oneOf(let options): options.flatMap { $0.shape.patterns(below: prefix + [$0.name]) }
    case .either(let shapes): shapes.flatMap { $0.patterns(below: prefix) }
    default: []
    }
  }

  /// The keys of the mapping that may stand here.
  var keys: [Key]? {
    switch self {
    case .section(let keys): keys
    case .either(let shapes): shapes.lazy.compactMap(\.keys).first
    case .list(let element): element.keys
    default: nil
    }
  }

  private var isLeaf: Bool {
    switch self {
    case .section, .entries, .list, .oneOf, .axes, .open: false
    case .either(let shapes): shapes.allSatisfy(\.isLeaf)
    default: true
    }
  }
}

extension KeyTable {
  /// The keys of the mapping at a path; nil where the tables know none there.
  static func section(at path: String, in document: Document) -> [Key]? {
    let parts = path.split(separator: ".").map(String.init)
    return Shape.section(keys(document)).find(parts[...])?.shape.keys
  }

  /// How the mapping at a path may begin.
  static func example(at path: String, in document: Document) -> String {
    let keys = section(at: path, in: document)?.prefix(2).map { "\($0.name): ..." } ?? []
    return keys.isEmpty ? "key: value, ..." : keys.joined(separator: ", ")
  }

  /// The mappings that have a key, as paths with NAME for names and positions; variants, and what tenants repeat of the
  /// whole, are left out. The outermost come first.
  static func owners(of key: String, in document: Document) -> [String] {
    Shape.section(keys(document)).patterns().filter { $0 == key || $0.hasSuffix(".\(key)") }
      .filter { pattern in
        !["variants.", "workload.tenants.*.workload.", "workload.tenants.*.slo."].contains(where: pattern.hasPrefix)
      }
      .map { String($0.dropLast(key.count + 1)).replacing("*", with: "NAME") }
      .enumerated().sorted { a, b in
        let (first, second) = (a.element.count { $0 == "." }, b.element.count { $0 == "." })
        return first != second ? first < second : a.offset < b.offset
      }.map(\.element)
  }
}

extension KeyTable {
  /// The paths of settings that `--set` can change, those of pools for each of `pools`, in alphabetical order.
  public static func settable(pools: [String], policies: PolicyCatalogue = .standard) -> [String] {
    let names = pools.isEmpty ? ["NAME"] : pools
    let paths = Shape.section(changeable(policies)).patterns().flatMap { path in
      path.hasPrefix("cluster.pools.*")
        ? names.map { "cluster.pools.\($0)\(path.dropFirst("cluster.pools.*".count))" } : [path]
    }
    return Set(paths.filter { !$0.contains("*") }).sorted()
  }
}
