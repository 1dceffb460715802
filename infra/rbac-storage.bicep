// Roles on the desk's own storage account: the desk, who sends requests, and who deploys.
import { builtIn, deployer, principalId } from 'types.bicep'

param desk principalId
param accountName string
param senders string[]
param person deployer

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: accountName

  resource queues 'queueServices' existing = {
    name: 'default'

    resource requests 'queues' existing = {
      name: 'restore-requests'
    }
  }
}

var ofDesk = [builtIn.StorageBlobDataOwner, builtIn.StorageQueueDataContributor, builtIn.StorageTableDataContributor]

resource deskRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in ofDesk: {
    name: guid(account.id, desk, role)
    scope: account
    properties: {
      principalId: desk
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource senderRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for sender in senders: {
    name: guid(account::queues::requests.id, sender, builtIn.StorageQueueDataMessageSender)
    scope: account::queues::requests
    properties: {
      principalId: sender
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        builtIn.StorageQueueDataMessageSender
      )
    }
  }
]

// `az storage message peek --auth-mode login`, as the runbook asks
resource personRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(person.principalId)) {
  name: guid(account.id, person.principalId, builtIn.StorageQueueDataReader)
  scope: account
  properties: {
    principalId: person.principalId
    principalType: person.principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn.StorageQueueDataReader)
  }
}
