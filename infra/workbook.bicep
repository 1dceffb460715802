// The desk at a glance: workbook.json, in Application Insights under Workbooks.
import { deskTags } from 'types.bicep'

param location string
param tags deskTags
param insightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'restore-desk')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Restore Desk'
    category: 'workbook'
    sourceId: insightsId
    serializedData: loadTextContent('workbook.json')
  }
}
