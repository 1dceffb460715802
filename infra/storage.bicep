// The desk's account: ledger, queues and the deployed package. No shared keys: identities only.
// The package lies in it too: whoever may write the package runs as the desk, and the desk owns the ledger, so that a
// second account would guard nothing.
import { deskTags } from 'types.bicep'

param name string
param location string
param tags deskTags
param sku string
param lockLedger bool
param privateOnly bool

@description('IPv4 addresses or ranges that get in beside the private endpoints: yours, to deploy and to set secrets.')
param allowedIps string[]

param workspaceId string

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateOnly && empty(allowedIps) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
      ipRules: [for ip in allowedIps: { value: ip, action: 'Allow' }]
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: { deleteRetentionPolicy: { enabled: true, days: 7 } }
  }
}

resource keep 'Microsoft.Authorization/locks@2020-05-01' = if (lockLedger) {
  name: 'keep-the-ledger'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'The ledger of Restore Desk. It remembers what was submitted. Remove this lock before azd down.'
  }
}

resource deleted 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'desk'
  scope: account::blobs
  properties: { workspaceId: workspaceId, logs: [{ category: 'StorageDelete', enabled: true }] }
}

output id string = account.id
