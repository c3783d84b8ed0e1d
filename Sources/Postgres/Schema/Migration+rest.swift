extension Migration {
  /// The same where a part of it is there already: over a database of this program a dump of an earlier release was
  /// restored, which took the history back and left what it did not know (docs/contract/adoption.md §2.5).
  var sqlForRest: String {
    let tables = sql.replacing(/create table (?!if)/) { _ in "create table if not exists " }
    let indexes = tables.replacing(/create (unique )?index (?!if)/) { match in
      "create \(match.1 ?? "")index if not exists "
    }
    return indexes.replacing(/\badd (?:column )?(?!column|constraint|if\b)([a-z_]+ [a-z])/) { match in
      "add column if not exists \(match.1)"
    }
  }
}
