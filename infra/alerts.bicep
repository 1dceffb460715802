// When somebody must look. A dead app logs nothing, so the first alert is about silence.
import { deskTags } from 'types.bicep'

param location string
param tags deskTags
param insightsId string
param email string

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-desk'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'RestoreDesk'
    enabled: true
    emailReceivers: [{ name: 'desk', emailAddress: email, useCommonAlertSchema: true }]
  }
}

// `query` finds the rows; `few` alerts on fewer than one of them, the others on any.
var rules = [
  {
    name: 'no-sweep-finished'
    about: 'No sweep has finished for 15 minutes: nothing is polled, submitted or told. (Two minutes without one are usual after an instance died.) Runbook: "No sweep has finished".'
    severity: 0
    few: true
    query: 'traces | where message startswith "desk.sweep "'
  }
  {
    name: 'restore-lost'
    about: 'A restore is lost: nobody can tell whether Azure took it. It keeps its turn until a person resolves it. Runbook: "A restore is lost".'
    severity: 1
    few: false
    query: 'traces | where message startswith "desk.sweep " | extend d = parse_json(substring(message, 11)) | where toint(d.lost) > 0'
  }
  {
    name: 'restore-overdue'
    about: 'A restore runs far longer than restores do; Azure still calls it running. Runbook: "A restore is overdue".'
    severity: 2
    few: false
    query: 'traces | where message startswith "desk.sweep " | extend d = parse_json(substring(message, 11)) | where toint(d.overdue) > 0'
  }
  {
    name: 'outbox-late'
    about: 'A notice waits for longer than 15 minutes: somebody who must know does not. Runbook: "Notices fail".'
    severity: 2
    few: false
    query: 'traces | where message startswith "desk.sweep " | extend d = parse_json(substring(message, 11)) | where todouble(d.outbox_age) > 900'
  }
  {
    name: 'notice-given-up'
    about: 'A channel refused a notice for good, or for three days: look at its answer, then resend. Runbook: "Notices fail".'
    severity: 2
    few: false
    query: 'traces | where message startswith "desk.notice " | extend d = parse_json(substring(message, 12)) | where tostring(d.state) == "given up"'
  }
  {
    name: 'poison-queue'
    about: 'Messages are in the poison queue: one of them crashed the app five times. While the function take_poison is switched off they are gone after seven days. Runbook: "The poison queue is not empty".'
    severity: 1
    few: false
    query: 'traces | where message startswith "desk.poison " or (message startswith "desk.sweep " and toint(parse_json(substring(message, 11)).poison) > 0)'
  }
  {
    name: 'queue-late'
    about: 'A message that is due has waited in the queue for more than 10 minutes: the queue trigger does not run. Runbook: "A message waits in the queue".'
    severity: 2
    few: false
    query: 'traces | where message startswith "desk.sweep " | extend d = parse_json(substring(message, 11)) | where todouble(d.queue_age) > 600'
  }
  {
    name: 'token-failing'
    about: 'The desk\'s identity gets no token for Azure: nothing can be submitted or polled. Runbook: "The desk gets no token".'
    severity: 1
    few: false
    query: 'traces | where message startswith "desk.token "'
  }
  {
    name: 'sweep-faults'
    about: 'The sweep met rows that it could not move or read. Runbook: "A sweep met faults".'
    severity: 2
    few: false
    query: 'traces | where message startswith "desk.sweep " | extend d = parse_json(substring(message, 11)) | where toint(d.faults) > 0'
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: 'desk-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Restore Desk: ${replace(rule.name, '-', ' ')}'
      description: rule.about
      severity: rule.severity
      enabled: true
      scopes: [insightsId]
      skipQueryValidation: true // the tables are not there yet when the component is made with the rules
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: rule.name != 'notice-given-up' // an event; the others look at a state, so that "resolved" is true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: rule.few ? 'LessThan' : 'GreaterThan'
            threshold: rule.few ? 1 : 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(email) ? [] : [people.id] }
    }
  }
]
