import Foundation

/// How much measurements of neighbouring shapes differ by what no smooth formula follows.
///
/// Two shapes are neighbours where they differ in one column alone and none of the group lies between them. What a row is
/// off by, as a logarithm, is compared with what its neighbours on both sides of a column are off by, in proportion to
/// the logarithms of their sizes; with one of them where there is no other, and with its repetitions. A formula that is
/// smooth in each column is off by the same between neighbours, so that the rest is scatter: of the measurement, or of
/// kernels that change from shape to shape. Divided by what the sum of independent scatters would be over one of them,
/// it is that of a row by itself. Complexity: O(n log n) for each column.
struct NeighbourScatter {
  /// The mean scatter of each row over its columns, as a share of its time; nil where it has no neighbour.
  let shares: [Double?]

  /// A neighbour further away than this factor tells nothing.
  private static let reach = 4.0

  /// The scatter of rows with these `fields`, one for each column, that are off by `residuals` (logarithms).
  init(fields: [[String]], residuals: [Double]) {
    var sums = Array(repeating: (total: 0.0, count: 0), count: fields.count)
    func add(_ row: Int, _ difference: Double, _ squares: Double) {
      sums[row].total += abs(difference) / (1 + squares).squareRoot()
      sums[row].count += 1
    }
    for (_, rows) in Dictionary(grouping: fields.indices, by: { fields[$0] }) where rows.count > 1 {
      let sum = rows.reduce(0) { $0 + residuals[$1] }
      for row in rows {
        let others = Double(rows.count - 1)
        add(row, residuals[row] - (sum - residuals[row]) / others, 1 / others)
      }
    }
    for column in fields.first?.indices ?? 0..<0 {
      let lines = Dictionary(grouping: fields.indices) { row in
        var rest = fields[row]
        rest[column] = ""
        return rest
      }
      for (_, line) in lines where line.count > 1 {
        let places = line.compactMap { row in Double(fields[row][column]).map { (row: row, place: log(max($0, 0.5))) } }
          .sorted { ($0.place, $0.row) < ($1.place, $1.row) }
        for (index, own) in places.enumerated() {
          func near(_ other: (row: Int, place: Double)) -> Bool { abs(other.place - own.place) <= log(Self.reach) }
          let lower = places[..<index].last { $0.place < own.place }.flatMap { near($0) ? $0 : nil }
          let upper = places[(index + 1)...].first { $0.place > own.place }.flatMap { near($0) ? $0 : nil }
          if let lower, let upper {
            let share = (own.place - lower.place) / (upper.place - lower.place)
            let between = residuals[lower.row] * (1 - share) + residuals[upper.row] * share
            add(own.row, residuals[own.row] - between, share * share + (1 - share) * (1 - share))
          } else if let other = lower ?? upper {
            add(own.row, residuals[own.row] - residuals[other.row], 1)
          }
        }
      }
    }
    shares = sums.map { $0.count == 0 ? nil : $0.total / Double($0.count) }
  }
}
