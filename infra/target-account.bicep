// An account for restored files: dumps of production data, so private, and gone after some days. It holds nothing else.
import { deskTags } from 'types.bicep'

param name string

@description('Empty for none: an `account` target makes its own, one a restore.')
param container string

param days int
param location string
param tags deskTags
param workspaceId string

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: true // the service asks for it on targets of flexible servers, with the network's public access
    allowedCopyScope: 'AAD' // no copy into an account of another tenant
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // reachable, but by Entra identities with a role only: https://learn.microsoft.com/azure/backup/backup-azure-database-postgresql-flex-support-matrix
    publicNetworkAccess: 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    // no soft delete, no versions: what is deleted is to be gone
    properties: {
      deleteRetentionPolicy: { enabled: false }
      containerDeleteRetentionPolicy: { enabled: false }
      isVersioningEnabled: false
    }

    resource files 'containers' = if (!empty(container)) {
      name: empty(container) ? 'none' : container
      properties: { publicAccess: 'None' }
    }
  }

  // the last resort, for the containers that the desk makes too: they go by keepHours long before
  resource lifecycle 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            name: 'delete-restored-files'
            type: 'Lifecycle'
            enabled: true
            definition: {
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: days } } }
              filters: { blobTypes: ['blockBlob', 'appendBlob'] }
            }
          }
        ]
      }
    }
  }
}

resource read 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'desk'
  scope: account::blobs
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageRead', enabled: true }, { category: 'StorageDelete', enabled: true }]
  }
}
