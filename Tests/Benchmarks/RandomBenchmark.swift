import Kernel

/// Random words, elementary functions and fingerprints.
func benchmarkRandom() {
  print("random numbers, M draws/s")
  let n = 4_000_000
  func line(_ name: String, _ body: (UInt64) -> UInt64) {
    print(name + String(repeating: " ", count: max(0, 34 - name.count)) + column(best(of: 5, operations: n, body)))
  }
  line("words of one stream") { repetition in
    var stream = RandomStream(seed: repetition, consumer: .test)
    var sum: UInt64 = 0
    for _ in 0..<n { sum ^= stream.next() }
    return sum
  }
  line("first words of many streams") { repetition in
    let family = RandomFamily(seed: repetition, consumer: .test)
    var sum: UInt64 = 0
    for i in 0..<n { sum ^= family.stream(UInt64(i)).word(0) }
    return sum
  }
  line("fingerprint, words") { repetition in
    var print = Fingerprint()
    for i in 0..<n { print.combine(UInt64(i) ^ repetition) }
    return print.value
  }
  line("Elementary.log") { repetition in
    var stream = repetition
    var sum = 0.0
    for _ in 0..<n {
      stream = stream &* 0x5851_f42d_4c95_7f2d &+ 1
      sum += Elementary.log(Double(stream >> 11) + 1)
    }
    return sum.bitPattern
  }
  line("Elementary.exp") { repetition in
    var stream = repetition
    var sum = 0.0
    for _ in 0..<n {
      stream = stream &* 0x5851_f42d_4c95_7f2d &+ 1
      sum += Elementary.exp(Double(stream >> 11) * -0x1p-46)
    }
    return sum.bitPattern
  }
}
