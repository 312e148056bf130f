/// Names of modules in which each `*` stands for any text.
enum Glob {
  /// Whether `glob` matches `name`, or that of a module it is within; each step is taken off `steps`, and none match without.
  ///
  /// Complexity: O(length of the glob x that of the name).
  static func matches(_ glob: [UInt8], _ name: [UInt8], _ steps: inout Int) -> Bool {
    let star = UInt8(ascii: "*")
    var (next, place) = (0, 0)
    // Where to go on from when the text of the last star has to be longer.
    var last: (next: Int, place: Int)?
    while place < name.count, steps > 0 {
      steps -= 1
      if next == glob.count, name[place] == UInt8(ascii: ".") { return true }
      if next < glob.count, glob[next] == star {
        last = (next + 1, place)
        next += 1
      } else if next < glob.count, glob[next] == name[place] {
        next += 1
        place += 1
      } else if let back = last {
        last = (back.next, back.place + 1)
        (next, place) = (back.next, back.place + 1)
      } else {
        return false
      }
    }
    return place == name.count && glob[next...].allSatisfy { $0 == star }
  }
}
