/// How the central service for subject access requests lays the content out in its report
/// (docs/contract/restricted-patients.md §7.8): a mustache template in its own dialect. Its table has the contract's
/// nine rows; records that are no more come after it.
enum SubjectAccessTemplate {
  static let text = """
    <h1 class="title">Restricted Patients</h1>
    {{#.}}
    <table class="summary-list">
      <tr><td>Prisoner number</td><td>{{ prisonerNumber }}</td></tr>
      <tr><td>Discharge time</td><td>{{ formatDate dischargeTime }}</td></tr>
      <tr><td>Hospital location</td><td>{{ hospitalLocationDescription }}</td></tr>
      <tr><td>Supporting prison</td><td>{{ getPrisonName supportingPrisonId }}</td></tr>
      <tr><td>Comment</td><td>{{ optionalValue commentText }}</td></tr>
      <tr><td>Created date</td><td>{{ formatDate createdDate }}</td></tr>
      <tr><td>Created by</td><td>{{ getUserLastName createdUsername }}</td></tr>
      <tr><td>Modified date</td><td>{{ optionalValue (formatDate modifiedDate) }}</td></tr>
      <tr><td>Modified by</td><td>{{ optionalValue (getUserLastName modifiedUsername) }}</td></tr>
    </table>
    {{#if removedDate}}
    <p>Removed {{ formatDate removedDate }}</p>
    {{/if}}
    {{#each earlierRecords}}
    <p>Earlier record: {{ hospitalLocationDescription }} from {{ formatDate dischargeTime }} until removed {{ formatDate removedDate }},
      supported by {{ getPrisonName supportingPrisonId }}. {{ optionalValue commentText }}</p>
    {{/each}}
    {{/.}}
    {{^.}}
    <p>No data held</p>
    {{/.}}
    """
}
