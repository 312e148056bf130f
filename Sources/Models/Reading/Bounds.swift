/// Bounds of what a config.json may say: far beyond any model, and small enough for parameters to fit in 62 bits.
enum Bounds {
  static let layers = 1...4096
  static let hidden = 1...131_072
  static let heads = 1...16_384
  static let headDimension = 1...16_384
  static let width = 1...1_048_576
  static let vocabulary = 1...(1 << 30)
  static let experts = 1...1024
  static let context = 1...(1 << 30)
  static let rank = 1...131_072
  static let state = 1...16_384
  static let kernel = 1...1024
  static let flags = 0...1
}
