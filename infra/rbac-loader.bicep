// The loader takes loads from one queue and puts verdicts on another.
import { builtIn, principalId } from 'types.bicep'

param loader principalId
param accountName string

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: accountName

  resource queues 'queueServices' existing = {
    name: 'default'

    resource loads 'queues' existing = {
      name: 'restore-loads'
    }

    resource verdicts 'queues' existing = {
      name: 'restore-verdicts'
    }
  }
}

// keeping a load hidden while it is worked on is a write, which no smaller role has
resource loadsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::queues::loads.id, loader, builtIn.StorageQueueDataContributor)
  scope: account::queues::loads
  properties: {
    principalId: loader
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtIn.StorageQueueDataContributor
    )
  }
}

resource verdictsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::queues::verdicts.id, loader, builtIn.StorageQueueDataMessageSender)
  scope: account::queues::verdicts
  properties: {
    principalId: loader
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtIn.StorageQueueDataMessageSender
    )
  }
}
