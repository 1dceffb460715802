// Every role of the deployment, by name: who gets it, on what, and which call needs it (tests/test_infra_roles.py).
param principalId string
param storageName string
param keyVaultName string
param insightsName string
param senders array
param vaults array
param crossRegionRestore bool
param containers array
param secrets array
param servers array
param newContainerAccount string
param newContainer string

var roles = {
  // the desk, on what is its own
  StorageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // the host: its keys, the timer's lock and status, the package
  StorageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // the triggers receive and delete, the desk sends wakes
  StorageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // the ledger
  KeyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault references
  MonitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb' // Application Insights by Entra token
  // the desk, on each vault: both, for backupJobs/read is in none of the Backup roles
  BackupOperator: '00c29273-979b-4161-815c-10b084fb9324'
  Reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
  // senders, on the request queue alone
  StorageQueueDataMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  // the vaults' own identities, on where restores go
  StorageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName

  resource queues 'queueServices' existing = {
    name: 'default'

    resource requests 'queues' existing = {
      name: 'restore-requests'
    }
  }
}

resource keyVault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: keyVaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

var onStorage = [roles.StorageBlobDataOwner, roles.StorageQueueDataContributor, roles.StorageTableDataContributor]

resource storageRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in onStorage: {
    name: guid(storage.id, principalId, role)
    scope: storage
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource keyVaultRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(keyVault.id, principalId, roles.KeyVaultSecretsUser)
  scope: keyVault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.KeyVaultSecretsUser)
  }
}

resource insightsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, roles.MonitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.MonitoringMetricsPublisher)
  }
}

resource senderRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for sender in senders: {
    name: guid(storage::queues::requests.id, sender, roles.StorageQueueDataMessageSender)
    scope: storage::queues::requests
    properties: {
      principalId: sender
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.StorageQueueDataMessageSender)
    }
  }
]

module vaultRoles 'rbac-vault.bicep' = [
  for (vault, i) in vaults: {
    name: 'desk-on-vault-${i}'
    scope: resourceGroup(split(vault, '/')[2], split(vault, '/')[4])
    params: {
      principalId: principalId
      vaultName: split(vault, '/')[8]
      roleIds: [roles.BackupOperator, roles.Reader]
      groupRoleIds: crossRegionRestore ? [roles.BackupOperator] : []
    }
  }
]

var made = empty(newContainer)
  ? []
  : [resourceId('Microsoft.Storage/storageAccounts/blobServices/containers', newContainerAccount, 'default', newContainer)]

module targetRoles 'rbac-targets.bicep' = [
  for (vault, i) in vaults: {
    name: 'vault-on-targets-${i}'
    params: {
      vaultId: vault
      containers: concat(containers, made)
      secrets: secrets
      servers: servers
      containerRoleId: roles.StorageBlobDataContributor
      secretRoleId: roles.KeyVaultSecretsUser
      serverRoleId: roles.Reader
    }
  }
]
