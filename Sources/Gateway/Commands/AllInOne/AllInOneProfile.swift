/// A gateway for a laptop: with a private PostgreSQL, doubles of the services that exist only elsewhere, and samples.
enum AllInOneProfile {}
