// The desk's account: ledger, queues and the deployed package. No shared keys: identities only.
param name string
param location string
param tags object
param sku string
param lockLedger bool
param publicAccess bool

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
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
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    networkAcls: { bypass: 'None', defaultAction: publicAccess ? 'Allow' : 'Deny' }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: { deleteRetentionPolicy: { enabled: true, days: 7 } }

    resource packages 'containers' = {
      name: 'app-package'
      properties: { publicAccess: 'None' }
    }
  }

  resource queues 'queueServices' = {
    name: 'default'

    resource requests 'queues' = {
      name: 'restore-requests'
    }

    resource poison 'queues' = {
      name: 'restore-requests-poison'
    }
  }

  resource tables 'tableServices' = {
    name: 'default'

    resource restores 'tables' = {
      name: 'restores'
    }
  }
}

resource keep 'Microsoft.Authorization/locks@2020-05-01' = if (lockLedger) {
  name: 'keep-the-ledger'
  scope: account
  properties: { level: 'CanNotDelete', notes: 'The ledger of Restore Desk. It remembers what was submitted. Remove this lock before azd down.' }
}

output id string = account.id
output name string = account.name
output packageContainer string = account::blobs::packages.name
