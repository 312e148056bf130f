/// Takes the lines of a file.
protocol LineSink {
  /// Whether further lines do not matter.
  var isDone: Bool { get }
  /// The next line without its LF.
  mutating func take(_ line: UnsafeBufferPointer<UInt8>)
  /// The next line has more than `limit` bytes.
  mutating func takeTooLong(limit: Int)
}

/// Cuts bytes into lines as they come, holding no more than one line.
struct LineReader<Sink: LineSink> {
  var sink: Sink
  /// The beginning of a line whose end has not come yet.
  private var partial: [UInt8] = []

  /// Longest line in bytes.
  let limit: Int

  init(_ sink: Sink, limit: Int) {
    self.sink = sink
    self.limit = limit
  }

  /// Cuts the next bytes of the file.
  mutating func consume(_ bytes: UnsafeBufferPointer<UInt8>) {
    var start = 0
    while start < bytes.count, !sink.isDone {
      var end = start
      while end < bytes.count, bytes[end] != 0x0a { end += 1 }
      let piece = UnsafeBufferPointer(rebasing: bytes[start..<end])
      guard partial.count + piece.count <= limit else { return sink.takeTooLong(limit: limit) }
      if end == bytes.count {
        partial += piece
      } else if partial.isEmpty {
        sink.take(piece)
      } else {
        partial += piece
        takePartial()
      }
      start = end + 1
    }
  }

  /// Hands on a last line that no LF ends.
  mutating func finish() {
    if !partial.isEmpty, !sink.isDone { takePartial() }
  }

  private mutating func takePartial() {
    let whole = partial
    partial.removeAll(keepingCapacity: true)
    whole.withUnsafeBufferPointer { sink.take($0) }
  }
}
