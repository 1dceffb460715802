// A container for restored files: dumps of production data, so private, and gone after some days.
param accountName string
param container string
param days int
param location string
param tags object

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: true // the service asks for it on targets of flexible servers, with the network's public access
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // reachable, but by Entra identities with a role only: https://learn.microsoft.com/azure/backup/backup-azure-database-postgresql-flex-support-matrix
    publicNetworkAccess: 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    // no soft delete, no versions: what is deleted is to be gone
    properties: { deleteRetentionPolicy: { enabled: false }, isVersioningEnabled: false }

    resource files 'containers' = {
      name: container
      properties: { publicAccess: 'None' }
    }
  }

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
              filters: { blobTypes: ['blockBlob', 'appendBlob'], prefixMatch: ['${container}/'] }
            }
          }
        ]
      }
    }
  }
}

output containerId string = account::blobs::files.id
