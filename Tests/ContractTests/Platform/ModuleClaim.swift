/// What every module has around it, whatever it is about. A further claim that nobody checks does not compile.
enum ModuleClaim: String, CaseIterable {
  case health = "its host and the union have the components of its health"
  case information = "its host and the union name its service"
  case documents = "its host and the union describe its paths"
  case mounting = "it answers at its host, below its base path and in the union"
  case subjectAccess = "it is asked what it holds about a person"
  case queueAdmin = "its dead letters are shown to those who hold its role, and to nobody else"
  case metrics = "metrics have its outbox, its queues and its database"
  case settings = "its settings are in the report, and in no other module"
  case schema = "its schema was made at the start, and nothing of it is left to do"
  case doctor = "doctor looks at its database, its tokens and its queues"
  case jobs = "its instance has the jobs that it declares, and a batch does each"
  case alone = "a variable that only it has asks for it, and for no other"
}
