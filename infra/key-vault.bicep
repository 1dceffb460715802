// Secrets of channels and ticket sources; the app reads them through Key Vault references.
import { deskTags } from 'types.bicep'

param name string
param location string
param tags deskTags
param privateOnly bool
param allowedIps string[]

@description('True brings back a vault of this name that `azd down` deleted: its name stays taken for 90 days.')
param recover bool

@description('Azure never takes it back from a vault that has it, so false leaves it as it is.')
param purgeProtection bool

param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2026-05-15' = {
  name: name
  location: location
  tags: tags
  properties: {
    createMode: recover ? 'recover' : 'default'
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: purgeProtection ? true : null
    softDeleteRetentionInDays: 90
    publicNetworkAccess: privateOnly && empty(allowedIps) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
      ipRules: [for ip in allowedIps: { value: ip }]
    }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'desk'
  scope: vault
  properties: { workspaceId: workspaceId, logs: [{ category: 'AuditEvent', enabled: true }] }
}

output id string = vault.id
