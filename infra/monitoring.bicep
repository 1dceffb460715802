// Where the app's words go: Log Analytics, and Application Insights that takes none without an Entra token.
import { deskTags } from 'types.bicep'

param name string
param location string
param tags deskTags

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: 'log-${name}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 90 // the log is the audit: lengthen it, or export it, where 90 days are too few
    features: { enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${name}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

output insightsId string = insights.id
output connectionString string = insights.properties.ConnectionString
output workspaceId string = workspace.id
