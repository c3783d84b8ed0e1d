/// How many characters columns of `non_association` take.
enum ColumnLimit {
  static let prisonerNumber = 10
  static let code = 20
  static let user = 60
}
