/// A drawing of dots, two wide and four high in each character cell.
struct BrailleCanvas {
  /// Size in character cells.
  let columns: Int
  let rows: Int
  /// The dots of each cell as the braille block numbers them.
  private var cells: [UInt8]
  /// Which pen drew last in each cell.
  private var pens: [Int]

  init(columns: Int, rows: Int) {
    self.columns = max(1, columns)
    self.rows = max(1, rows)
    cells = [UInt8](repeating: 0, count: self.columns * self.rows)
    pens = [Int](repeating: 0, count: cells.count)
  }

  /// Size in dots.
  var width: Int { columns * 2 }
  var height: Int { rows * 4 }

  /// Sets a dot, counted from the left and from the bottom; dots outside are ignored.
  mutating func set(_ x: Int, _ y: Int, pen: Int) {
    guard (0..<width).contains(x), (0..<height).contains(y) else { return }
    let fromTop = height - 1 - y
    let cell = fromTop / 4 * columns + x / 2
    cells[cell] |= Self.dots[fromTop % 4][x % 2]
    pens[cell] = pen
  }

  /// Draws a straight line.
  mutating func line(from start: (x: Int, y: Int), to end: (x: Int, y: Int), pen: Int) {
    let steps = max(abs(end.x - start.x), abs(end.y - start.y), 1)
    for step in 0...steps {
      let share = Double(step) / Double(steps)
      let x = Double(start.x) + Double(end.x - start.x) * share
      let y = Double(start.y) + Double(end.y - start.y) * share
      set(Int(x.rounded()), Int(y.rounded()), pen: pen)
    }
  }

  /// The characters of a row from the top, each with the pen that drew it.
  func row(_ row: Int) -> [(character: Character, pen: Int)] {
    (row * columns..<(row + 1) * columns).map { cell in
      let scalar = Unicode.Scalar(0x2800 + UInt32(cells[cell])) ?? " "
      return (cells[cell] == 0 ? " " : Character(scalar), pens[cell])
    }
  }

  /// The bit of each dot, by its row from the top and its column.
  private static let dots: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
}
