import Postgres
internal import ServiceKit

extension RestrictedPatientsModule {
  /// What taking over a database of the service replaced depends on (docs/contract/restricted-patients.md §5). Rows are
  /// shown by their addresses in the table, since their key is the prisoner.
  static let adoption = Adoption(
    table: "restricted_patients",
    columns: RestrictedPatient.record.table.adopted,
    invariants: [
      .init(
        "prisoners with several rows",
        cure: "Keep one of each: select * from restricted_patients where ctid in ('…').",
        sql: """
          select string_agg(ctid::text, ' ' order by ctid) from restricted_patients
          group by prisoner_number having count(*) > 1
          """
      ),
      .init(
        "tables without a unique index of the prisoner number alone",
        cure: "Make it the primary key: every addition relies on that.",
        sql: """
          select 'restricted_patients' where not exists (
            select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            where i.indrelid = 'restricted_patients'::regclass and i.indisunique and i.indisvalid
              and i.indnkeyatts = 1 and i.indpred is null and a.attname = 'prisoner_number')
          """
      ),
      .init(
        "rows without a prisoner number, a prison or a hospital",
        cure: "Correct them.",
        sql: """
          select ctid::text from restricted_patients
          where btrim(prisoner_number) = '' or btrim(from_location_id) = '' or btrim(supporting_prison_id) = ''
            or btrim(hospital_location_code) = ''
          """
      ),
      .init(
        "rows with a time that is not of the years 1 to 9999",
        cure: "Correct them: answers show the nearest time that they can.",
        sql: """
          select ctid::text from restricted_patients
          where exists (
            select from unnest(array[discharge_time, create_datetime, modify_datetime]) t
            where not (t >= '0001-01-01' and t < '10000-01-01'))
          """
      ),
    ]
  )
}
